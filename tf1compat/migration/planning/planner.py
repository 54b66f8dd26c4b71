"""Making the plan: rules first, then evidence for the rest, and a line for everything."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from tf1compat.checkpoint import Checkpoint, Entry, open_checkpoint
from tf1compat.errors import Problem
from tf1compat.keras3 import ModelIndex, Weight, index_model
from tf1compat.migration.layouts.casts import cast_between
from tf1compat.migration.layouts.joins import chain
from tf1compat.migration.layouts.layout import Layout, Spec
from tf1compat.migration.matching import Item, Matching, Tie, match_items
from tf1compat.migration.matching.shapes import layout_between
from tf1compat.migration.planning._flows import source_flow, target_flow
from tf1compat.migration.planning._ruling import Ruling, rule_fills
from tf1compat.migration.planning.plan import Ambiguity, Drop, Fill, Keep, Plan
from tf1compat.migration.planning.specs import source_specs, target_specs
from tf1compat.names import Rule, RuleSet, VariableName, load_rules, nearest_names

__all__ = ["plan_migration"]

_NEAREST = 50  # open targets whose nearest names are looked up; the search is not free


def plan_migration(
    checkpoint: Checkpoint | str | os.PathLike[str],
    model: Any,
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
    return _Planner(checkpoint, index, sources, targets, ruling).plan()


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


class _Planner:
    """One run of planning: what is decided so far, and what is left."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        index: ModelIndex,
        sources: Mapping[str, Spec],
        targets: Mapping[str, Spec],
        ruling: Ruling,
    ) -> None:
        self._checkpoint = checkpoint
        self._index = index
        self._sources = sources
        self._targets = targets
        self._ruling = ruling
        self._fills = list(ruling.fills)
        self._drops = [*ruling.drops, *self._companions()]
        done_s = {s for f in self._fills for s in f.sources} | {d.source for d in self._drops}
        self._keeps = [*ruling.keeps, *self._states()]
        done_t = {f.target for f in self._fills} | {k.target for k in self._keeps}
        self._left_s = [name for name in sources if name not in done_s]
        self._left_t = [path for path in targets if path not in done_t]

    def plan(self) -> Plan:
        """Returns the whole plan."""
        matching = self._match()
        problems = self._fill(matching)
        ties = [self._ambiguity(tie) for tie in matching.ties]
        tied_s = {name for tie in ties for name in tie.sources}
        tied_t = {path for tie in ties for path in tie.targets}
        filled = {fill.target for fill in self._fills}
        used = {name for fill in self._fills for name in fill.sources}
        left_s = [n for n in self._left_s if n not in tied_s and n not in used]
        left_t = [p for p in self._left_t if p not in tied_t and p not in filled]
        order = {path: place for place, path in enumerate(self._targets)}
        return Plan(
            checkpoint=self._checkpoint.prefix,
            model=self._index.model.name,
            sources=self._sources,
            targets=self._targets,
            fills=tuple(sorted(self._fills, key=lambda fill: order[fill.target])),
            drops=tuple(self._drops),
            keeps=tuple(self._keeps),
            ambiguities=tuple(ties),
            unexplained=tuple(problems.get(n) or self._unexplained(n) for n in left_s),
            unfilled=tuple(
                problems.get(p) or self._unfilled(p, left_s if i < _NEAREST else ())
                for i, p in enumerate(left_t)
            ),
        )

    def _companions(self) -> list[Drop]:
        """Returns the drops of what belongs to training and that no rule spoke of."""
        ruled = {s for fill in self._ruling.fills for s in fill.sources}
        ruled |= {drop.source for drop in self._ruling.drops}
        return [
            Drop(name, reason)
            for name, entry in self._checkpoint.items()
            if name not in ruled and (reason := _training_only(entry.name))
        ]

    def _states(self) -> list[Keep]:
        """Returns the keeps of what no checkpoint holds: states of random generators."""
        ruled = {keep.target for keep in self._ruling.keeps}
        ruled |= {fill.target for fill in self._ruling.fills}
        return [
            Keep(path, "state of a random generator")
            for path, weight in self._index.items()
            if weight.kind == "state" and path not in ruled
        ]

    def _match(self) -> Matching:
        """Matches what is left; what rules pair one to one is evidence for it."""
        given = {f.sources[0]: f.target for f in self._ruling.fills if len(f.sources) == 1}
        if len(set(given.values())) != len(given):
            given = {}
        return match_items(
            [_source_item(self._checkpoint[name]) for name in (*self._left_s, *given)],
            [_target_item(self._index[path]) for path in (*self._left_t, *given.values())],
            source_flow=source_flow(self._checkpoint),
            target_flow=target_flow(self._index),
            given=given,
        )

    def _fill(self, matching: Matching) -> dict[str, Problem]:
        """Adds a fill for each match; returns a problem for both ends of one that can't be."""
        problems = {}
        for source, (target, evidence) in matching.pairs.items():
            layout = _layout(self._sources[source], self._targets[target])
            if layout is not None:
                self._fills.append(Fill(target, (source,), str(layout), "; ".join(evidence)))
                continue
            wanted, given = self._targets[target], self._sources[source]
            remedy = f"give {target} a rule with layout='cast({wanted.dtype})' if that is meant"
            problems[target] = Problem(
                target, f"a source of {wanted}", f"{source} of {given}", "", remedy
            )
            problems[source] = Problem(
                source, f"a target of {given}", f"{target} of {wanted}", "", remedy
            )
        return problems

    def _ambiguity(self, tie: Tie) -> Ambiguity:
        known = "; ".join(tie.evidence) or "same roles and shapes"
        counts = f"{len(tie.sources)} sources, {len(tie.targets)} targets"
        return Ambiguity(
            tie.sources,
            tie.targets,
            f"{known} ({counts}); neither names nor numbering, scopes or data flow tell which",
        )

    def _unexplained(self, name: str) -> Problem:
        spec, role = self._sources[name], self._checkpoint[name].name.role
        return Problem(
            name,
            f"a target for {role} {spec}, or a reason to drop it",
            "neither",
            remedy="send it somewhere, or drop it, by a rule",
        )

    def _unfilled(self, path: str, free: Iterable[str]) -> Problem:
        spec, weight = self._targets[path], self._index[path]
        transposed = [n for n in free if self._sources[n].shape == spec.shape[::-1]]
        alike = [n for n in free if len(self._sources[n].shape) == len(spec.shape)]
        near = nearest_names(path, transposed or alike)
        listed = ", ".join(f"{name} {self._sources[name]}" for name in near)
        found = f"none that fits; nearest of what is left: {listed}" if near else "none"
        remedy = "fill it, or keep its initial value, by a rule"
        if transposed and len(spec.shape) == 2:
            remedy = f"{near[0]} fits transposed: a rule with layout='transpose(1, 0)' says so"
        return Problem(path, f"a source of {weight.role} {spec}", found, remedy=remedy)


def _training_only(name: VariableName) -> str:
    """Returns why a variable is no weight of the model, or "" if it is one."""
    if name.kind == "slot":
        return f"slot {name.slot} of {name.slot_of}"
    if name.kind == "shadow":
        return f"moving average of {name.shadow_of}"
    if name.kind in ("global_step", "optimizer_state"):
        return name.kind.replace("_", " ")
    return ""


def _source_item(entry: Entry) -> Item:
    name = entry.name
    return Item(entry.key, name.scope, name.role, entry.shape)


def _target_item(weight: Weight) -> Item:
    return Item(weight.path, weight.layer_path, weight.role, tuple(weight.shape))


def _layout(source: Spec, target: Spec) -> Layout | None:
    """Returns the layout from one to the other, a lossless cast included, or None."""
    layout = layout_between(source.shape, target.shape)
    cast = cast_between(source.dtype, target.dtype)
    if layout is None or cast is None:
        return None
    return chain(layout, *cast)
