"""Making the plan: rules first, then evidence for the rest, and a line for everything."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tf1compat.checkpoint import Checkpoint, Meta, open_checkpoint
from tf1compat.errors import Problem
from tf1compat.keras3 import ModelIndex, index_model
from tf1compat.migration.layouts.layout import Spec
from tf1compat.migration.matching import Item
from tf1compat.migration.meaning import NOTHING, Assumptions
from tf1compat.migration.planning._averaged import with_averages
from tf1compat.migration.planning._both_uses import RuledPairs
from tf1compat.migration.planning._equals import saved_twice
from tf1compat.migration.planning._flows import source_graph, training_scalars
from tf1compat.migration.planning._kinds import RANDOM_STATE
from tf1compat.migration.planning._matched import match_rest
from tf1compat.migration.planning._norms_apart import norms_apart
from tf1compat.migration.planning._ruling import Ruling, rule_fills
from tf1compat.migration.planning._sides import Sides, sides_of
from tf1compat.migration.planning._spellings import spelled_alike
from tf1compat.migration.planning._unread import range_drops, renorm_drops
from tf1compat.migration.planning.lines import Ambiguity, Drop, Fill, Keep
from tf1compat.migration.planning.optimizer_plan import with_training
from tf1compat.migration.planning.part_scope import EVERYTHING, PartScope
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.planning.problems import orphaned, unexplained, unfilled
from tf1compat.migration.planning.specs import source_specs, target_spec, target_specs
from tf1compat.names import Rule, RuleSet, load_rules
from tf1compat.names.orphans import orphans
from tf1compat.names.training_state import training_reason
from tf1compat.stopping import SIGNALS, stoppable

__all__ = ["plan_migration"]

_NEAREST = 50  # open targets whose nearest names are looked up; the search is not free


@stoppable(SIGNALS[:1])  # once for all that is asked within
def plan_migration(
    checkpoint: Checkpoint | str | os.PathLike[str],
    model: object,
    rules: RuleSet | Iterable[Rule] | str | os.PathLike[str] = (),
    *,
    assume: Assumptions = NOTHING,
    averages: str = "ignore",
    part: PartScope | str = EVERYTHING,
    optimizer: str = "prefer",
) -> Plan:
    """Returns the plan that accounts for every variable of a checkpoint and weight of a model.

    Rules decide first. Optimizer slots, moving-average shadows and step counters that no rule asks
    for are dropped with that reason. The rest is matched by roles, shapes, scopes, numbering, names
    and data flow (of the model, and of the v1 graph where a ``.meta`` file is there); what these
    support equally is listed as ambiguous, never guessed. Where equal shape isn't equal layout
    (gates of recurrent cells, rows of sharded tables and of flattened images), the layout follows
    from how the v1 graph uses a variable, or from the names that 1.x's cells have.

    Args:
      checkpoint: an open checkpoint, or where one is.
      model: a built Keras model, or its :class:`~tf1compat.keras3.ModelIndex`.
      rules: rules in order, or the path of a rules file.
      assume: what no file tells: the constant of forget gates, how tables were sharded, in which
        data format images were flattened, whether the compiled optimizer's settings are those of
        the v1 program. What can't be told without is asked for.
      averages: what becomes of moving averages: ``"ignore"`` leaves them behind, ``"use"`` takes
        them in place of their variables, as ``Saver(ema.variables_to_restore())`` does, and asks
        for one of each trained variable, ``"prefer"`` takes what there is.
      part: a scope of the checkpoint and a part of the model, ``"bert:encoder"``: what no rule
        speaks of outside of them is left behind, and keeps its values.
      optimizer: what becomes of slots, steps and the learning rate where the model is compiled:
        ``"prefer"`` has its optimizer go on with what there is (and builds it, if it isn't built),
        ``"use"`` asks for all that it keeps and for what 1.15 computed, ``"ignore"`` leaves them
        behind.

    Raises:
      RuleError: if a rule matches nothing or two collide.
      LayoutError: if a rule's layout doesn't fit; the message names rule, shapes and what fits.
      ModelError: if the model isn't built.
      CheckpointError: if the checkpoint can't be read.
      UsageError: if averages are to be used and there are none, or slots, and the model isn't
        compiled.
      UnknownNameError: if a side has nothing in the part.
    """
    scope, index = PartScope.of(part), index_model(model)
    if not isinstance(checkpoint, Checkpoint):
        checkpoint = open_checkpoint(checkpoint)
    scope.require(checkpoint, index)
    sources, targets = source_specs(checkpoint), target_specs(index)
    alike = spelled_alike(_rule_set(rules), checkpoint)
    graph = source_graph(checkpoint)
    pairs = RuledPairs(checkpoint, index, graph, assume)
    meant = _Meant(checkpoint, index, sides_of(checkpoint, index), graph, assume)
    ruling = _ruling(alike, index, sources, targets, pairs=pairs, meant=meant)
    norms = dict(norms_apart(checkpoint, ruling, graph))
    drops = (*_but(ruling.drops, norms), *_training_drops(checkpoint, ruling, graph))
    ruled = _used(ruling.fills) | {drop.source for drop in drops}
    drops = (*drops, *_needless(_without(sources, ruled), checkpoint, index, graph=graph))
    keeps = (*ruling.keeps, *_state_keeps(index, ruling))
    open_s = _without(sources, _used(ruling.fills), (drop.source for drop in drops))
    open_t = _without(targets, (f.target for f in ruling.fills), (keep.target for keep in keeps))
    outside_s, outside_t = scope.outside(open_s, open_t, index)
    open_s = _without(open_s, (drop.source for drop in outside_s))
    open_t = _without(open_t, (keep.target for keep in outside_t))
    strays = _strays(checkpoint, ruling) | norms
    free = _without(open_s, strays)
    rest = match_rest(checkpoint, index, free, open_t, ruling=ruling, assume=assume, graph=graph)
    problems = rest.problems | strays
    left_s, left_t = _without(open_s, rest.sources), _without(open_t, rest.targets)
    place = {path: number for number, path in enumerate(targets)}
    plan = Plan(
        checkpoint=checkpoint.prefix,
        model=index.model.name,
        sources=sources,
        targets=targets,
        fills=tuple(sorted((*ruling.fills, *rest.fills), key=lambda fill: place[fill.target])),
        drops=(*drops, *outside_s, *rest.drops),
        keeps=(*keeps, *outside_t),
        ambiguities=tuple(rest.ties),
        unexplained=tuple(_unexplained(left_s, ruling.sides.sources, sources, problems)),
        unfilled=tuple(_unfilled(left_t, index, _without(left_s, strays), sources, problems)),
    )
    plan = with_averages(plan, checkpoint, index, averages=averages)
    return _with_training(plan, checkpoint, index, policy=optimizer, assume=assume)


def _with_training(
    plan: Plan, checkpoint: Checkpoint, index: ModelIndex, *, policy: str, assume: Assumptions
) -> Plan:
    graph = checkpoint.graph_path
    return with_training(plan, checkpoint, index, graph=graph, policy=policy, assume=assume)


def _ruling(
    rules: RuleSet,
    index: ModelIndex,
    sources: Mapping[str, Spec],
    targets: Mapping[str, Spec],
    *,
    pairs: RuledPairs,
    meant: _Meant,
) -> Ruling:
    return rule_fills(
        rules,
        sources,
        targets,
        sides=meant.sides,
        mistakable=_mistakable(index),
        gated=pairs.problem,
        laid_out=pairs.layout,
        astray=pairs.astray,
        meant=meant,
    )


@dataclasses.dataclass(frozen=True)
class _Meant:
    """Fills whole layers by what their variables mean, as if these were all there is."""

    checkpoint: Checkpoint
    index: ModelIndex
    sides: Sides
    graph: Meta | None
    assume: Assumptions

    def __call__(
        self, sources: Sequence[str], targets: Sequence[str]
    ) -> tuple[Sequence[Fill], Sequence[Problem]]:
        rest = match_rest(
            self.checkpoint,
            self.index,
            sources,
            targets,
            ruling=Ruling(sides=self.sides),
            assume=self.assume,
            graph=self.graph,
        )
        left = _without([*sources, *targets], rest.sources, rest.targets)
        problems = [rest.problems[name] for name in left if name in rest.problems]
        return ([], problems) if left or rest.ties else (rest.fills, [])


def _needless(
    free: Sequence[str], checkpoint: Checkpoint, index: ModelIndex, *, graph: Meta | None
) -> Iterator[Drop]:
    """Yields the drops of what the model asks for nothing of."""
    yield from saved_twice(free, checkpoint, graph)
    yield from renorm_drops(free, checkpoint, index)
    yield from range_drops(free, checkpoint, index, graph=graph)


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


def _but(drops: Iterable[Drop], asked: Mapping[str, Problem]) -> Iterator[Drop]:
    return (drop for drop in drops if drop.source not in asked)


def _strays(checkpoint: Checkpoint, ruling: Ruling) -> dict[str, Problem]:
    """Returns the problems of companions of nothing that no rule says to be something else."""
    found = orphans(entry.name for entry in checkpoint.values())
    declared = ruling.sides.declared
    return {name: orphaned(name, what) for name, what in found.items() if name not in declared}


def _training_drops(checkpoint: Checkpoint, ruling: Ruling, graph: Meta | None) -> Iterator[Drop]:
    """Yields the drops of what belongs to training and that no rule spoke of."""
    ruled = _used(ruling.fills) | {drop.source for drop in ruling.drops}
    scalars = training_scalars(graph) if graph else {}
    for source, entry in checkpoint.items():
        if source in ruled:
            continue
        reason = training_reason(entry.name)
        if reason is not None and source in ruling.sides.training:
            yield Drop(source, reason)
        elif reason is None and source in scalars:
            yield Drop(source, scalars[source])


def _state_keeps(index: ModelIndex, ruling: Ruling) -> Iterator[Keep]:
    """Yields the keeps of what no checkpoint holds: states of random generators."""
    ruled = {keep.target for keep in ruling.keeps} | {fill.target for fill in ruling.fills}
    for path, weight in index.items():
        if weight.kind == "state" and path not in ruled:
            yield Keep(path, RANDOM_STATE.because())


def _unexplained(
    left: Iterable[str],
    items: Mapping[str, Item],
    sources: Mapping[str, Spec],
    misfits: Mapping[str, Problem],
) -> Iterator[Problem]:
    for name in left:
        yield misfits.get(name) or unexplained(name, items[name].role, sources[name])


def _unfilled(
    left: Sequence[str],
    index: ModelIndex,
    free: Sequence[str],
    sources: Mapping[str, Spec],
    misfits: Mapping[str, Problem],
) -> Iterator[Problem]:
    for number, path in enumerate(left):
        weight = index[path]
        spec = target_spec(weight)
        looked_at = free if number < _NEAREST else ()
        yield misfits.get(path) or unfilled(path, weight.role, spec, looked_at, sources)
