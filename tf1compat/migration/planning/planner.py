"""Making the plan: rules first, then evidence for the rest, and a line for everything."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tf1compat.checkpoint import Checkpoint, Entry, open_checkpoint
from tf1compat.errors import Problem
from tf1compat.keras3 import ModelIndex, Weight, index_model
from tf1compat.migration.layouts.layout import Spec
from tf1compat.migration.matching import Item, Matching, Tie, match_items
from tf1compat.migration.planning._flows import source_flow, target_flow
from tf1compat.migration.planning._gates import mistaken_gates
from tf1compat.migration.planning._kinds import EQUALS, RANDOM_STATE, SAME
from tf1compat.migration.planning._problems import misfit, unexplained, unfilled
from tf1compat.migration.planning._ruling import Ruling, rule_fills
from tf1compat.migration.planning.joining import joining_layout
from tf1compat.migration.planning.lines import Ambiguity, Drop, Fill, Keep
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.planning.specs import source_specs, target_specs
from tf1compat.names import Rule, RuleSet, load_rules
from tf1compat.names.reasons import Reason
from tf1compat.names.training import training_reason

__all__ = ["plan_migration"]

_NEAREST = 50  # open targets whose nearest names are looked up; the search is not free


def plan_migration(
    checkpoint: Checkpoint | str | os.PathLike[str],
    model: object,
    rules: RuleSet | Iterable[Rule] | str | os.PathLike[str] = (),
) -> Plan:
    """Returns the plan that accounts for every variable of a checkpoint and weight of a model.

    Rules decide first. Optimizer slots, moving-average shadows and step counters that no rule asks
    for are dropped with that reason. The rest is matched by roles, shapes, scopes, numbering, names
    and data flow (of the model, and of the v1 graph where a ``.meta`` file is there); what these
    support equally is listed as ambiguous, never guessed.

    Args:
      checkpoint: an open checkpoint, or where one is.
      model: a built Keras model, or its :class:`~tf1compat.keras3.ModelIndex`.
      rules: rules in order, or the path of a rules file.

    Raises:
      RuleError: if a rule matches nothing or two collide.
      LayoutError: if a rule's layout doesn't fit; the message names rule, shapes and what fits.
      ModelError: if the model isn't built.
      CheckpointError: if the checkpoint can't be read.
    """
    if not isinstance(checkpoint, Checkpoint):
        checkpoint = open_checkpoint(checkpoint)
    index = index_model(model)
    sources, targets = source_specs(checkpoint), target_specs(index)
    ruling = rule_fills(_rule_set(rules), sources, targets, mistakable=_mistakable(index))
    drops = (*ruling.drops, *_training_drops(checkpoint, ruling))
    keeps = (*ruling.keeps, *_state_keeps(index, ruling))
    open_s = _without(
        sources, [s for f in ruling.fills for s in f.sources], (d.source for d in drops)
    )
    open_t = _without(targets, (f.target for f in ruling.fills), (keep.target for keep in keeps))
    matching = _match(checkpoint, index, open_s, open_t, ruling.fills)
    fills, misfits = _fills(matching, checkpoint, index, sources, targets)
    ties = [_ambiguity(tie) for tie in matching.ties]
    left_s = _without(
        open_s, [s for f in fills for s in f.sources], (s for t in ties for s in t.sources)
    )
    left_t = _without(open_t, (f.target for f in fills), (t for tie in ties for t in tie.targets))
    place = {path: number for number, path in enumerate(targets)}
    return Plan(
        checkpoint=checkpoint.prefix,
        model=index.model.name,
        sources=sources,
        targets=targets,
        fills=tuple(sorted((*ruling.fills, *fills), key=lambda fill: place[fill.target])),
        drops=drops,
        keeps=keeps,
        ambiguities=tuple(ties),
        unexplained=tuple(_unexplained(left_s, checkpoint, sources, misfits)),
        unfilled=tuple(_unfilled(left_t, index, left_s, sources, misfits)),
    )


def _rule_set(rules: RuleSet | Iterable[Rule] | str | os.PathLike[str]) -> RuleSet:
    if isinstance(rules, (str, os.PathLike)):
        return load_rules(rules)
    return rules if isinstance(rules, RuleSet) else RuleSet(rules)


def _mistakable(index: ModelIndex) -> dict[str, str]:
    """Returns, by path, the path of another weight whose layer Keras calls by the path's name."""
    found = {}
    for path, weight in index.items():
        parent, _, _ = weight.layer_path.rpartition("/")
        leaf = path.removeprefix(f"{weight.layer_path}/")
        called = "/".join(filter(None, (parent, weight.layer_name, leaf)))
        if called != path and called in index:
            found[called] = path
    return found


def _used(lines: Iterable[Fill | Ambiguity]) -> set[str]:
    return {source for line in lines for source in line.sources}


def _without(names: Iterable[str], *accounted: Iterable[str]) -> list[str]:
    gone = {name for some in accounted for name in some}
    return [name for name in names if name not in gone]


def _training_drops(checkpoint: Checkpoint, ruling: Ruling) -> Iterator[Drop]:
    """Yields the drops of what belongs to training and that no rule spoke of."""
    ruled = _used(ruling.fills) | {drop.source for drop in ruling.drops}
    for source, entry in checkpoint.items():
        reason = training_reason(entry.name) if source not in ruled else None
        if reason is not None:
            yield Drop(source, reason)


def _state_keeps(index: ModelIndex, ruling: Ruling) -> Iterator[Keep]:
    """Yields the keeps of what no checkpoint holds: states of random generators."""
    ruled = {keep.target for keep in ruling.keeps} | {fill.target for fill in ruling.fills}
    for path, weight in index.items():
        if weight.kind == "state" and path not in ruled:
            yield Keep(path, RANDOM_STATE.because())


def _match(
    checkpoint: Checkpoint,
    index: ModelIndex,
    sources: Sequence[str],
    targets: Sequence[str],
    ruled: Iterable[Fill],
) -> Matching:
    """Matches what is left; what rules pair one to one is evidence for it."""
    given = {fill.sources[0]: fill.target for fill in ruled if len(fill.sources) == 1}
    return match_items(
        [_source_item(checkpoint[name]) for name in (*sources, *given)],
        [_target_item(index[path]) for path in (*targets, *given.values())],
        source_flow=source_flow(checkpoint),
        target_flow=target_flow(index),
        given=given,
    )


def _source_item(entry: Entry) -> Item:
    name = entry.name
    return Item(entry.key, name.scope, name.role, entry.shape)


def _target_item(weight: Weight) -> Item:
    return Item(weight.path, weight.layer_path, weight.role, tuple(weight.shape))


def _fills(
    matching: Matching,
    checkpoint: Checkpoint,
    index: ModelIndex,
    sources: Mapping[str, Spec],
    targets: Mapping[str, Spec],
) -> tuple[list[Fill], dict[str, Problem]]:
    """Returns a fill for each match, and a problem for both ends of one that no layout joins."""
    fills: list[Fill] = []
    problems: dict[str, Problem] = {}
    for source, (target, evidence) in matching.pairs.items():
        layout = joining_layout(sources[source], targets[target])
        mistaken = mistaken_gates(checkpoint, index, target, source)
        if mistaken is not None:
            problems[target] = mistaken
        elif layout is not None:
            fills.append(Fill(target, (source,), str(layout), evidence))
        else:
            problems.update(misfit(source, target, given=sources[source], wanted=targets[target]))
    return fills, problems


def _ambiguity(tie: Tie) -> Ambiguity:
    common: tuple[Reason, ...] = tie.evidence or (SAME.because(),)
    counts = EQUALS.because(sources=len(tie.sources), targets=len(tie.targets))
    return Ambiguity(tie.sources, tie.targets, counts, common)


def _unexplained(
    left: Iterable[str],
    checkpoint: Checkpoint,
    sources: Mapping[str, Spec],
    misfits: Mapping[str, Problem],
) -> Iterator[Problem]:
    for name in left:
        role = checkpoint[name].name.role
        yield misfits.get(name) or unexplained(name, role, sources[name])


def _unfilled(
    left: Sequence[str],
    index: ModelIndex,
    free: Sequence[str],
    sources: Mapping[str, Spec],
    misfits: Mapping[str, Problem],
) -> Iterator[Problem]:
    for number, path in enumerate(left):
        weight = index[path]
        spec = Spec(tuple(weight.shape), weight.dtype)
        looked_at = free if number < _NEAREST else ()
        yield misfits.get(path) or unfilled(path, weight.role, spec, looked_at, sources)
