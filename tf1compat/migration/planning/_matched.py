"""What rules leave, matched by evidence and filled by what variables mean."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tf1compat.checkpoint import Checkpoint, Meta
from tf1compat.errors import Problem
from tf1compat.files.telling import tell_step
from tf1compat.keras3 import ModelIndex
from tf1compat.migration.layouts.chain import chain
from tf1compat.migration.layouts.layout import Spec
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.matching import Item, Matching, Tie, match_items
from tf1compat.migration.meaning import Assumptions, Part
from tf1compat.migration.planning._both_uses import BothUses, moved_by, uses_of_both
from tf1compat.migration.planning._equals import equal_to_filled, of_equals
from tf1compat.migration.planning._flows import target_flow, target_joins
from tf1compat.migration.planning._meanings import Meanings, read_meanings
from tf1compat.migration.planning._opaque_twins import opaque_twins
from tf1compat.migration.planning._pixels import Images, pixels_moved
from tf1compat.migration.planning._products import kernel_layout
from tf1compat.migration.planning._ruling import Ruling
from tf1compat.migration.planning._sides import Sides
from tf1compat.migration.planning._token_rows import token_rows
from tf1compat.migration.planning.joining import joining_layout
from tf1compat.migration.planning.lines import Ambiguity, Drop, Fill
from tf1compat.migration.planning.problems import misfit
from tf1compat.migration.planning.specs import source_spec, target_spec
from tf1compat.names.reasons import Reason

__all__ = ["Rest", "match_rest"]


@dataclasses.dataclass(frozen=True)
class Rest:
    """What evidence decided.

    Attributes:
      fills: a fill for each pair.
      ties: variables and weights that nothing tells apart.
      problems: by the name of a variable or weight, what keeps it from being filled.
      drops: variables that are equal to others, which are taken.
    """

    fills: list[Fill]
    ties: list[Ambiguity]
    problems: dict[str, Problem]
    drops: list[Drop] = dataclasses.field(default_factory=list)

    @property
    def sources(self) -> list[str]:
        """The variables that are accounted for."""
        tied = [source for tie in self.ties for source in tie.sources]
        dropped = [drop.source for drop in self.drops]
        return [s for fill in self.fills for s in fill.sources] + tied + dropped

    @property
    def targets(self) -> list[str]:
        """The weights that are accounted for."""
        return self.filled + [t for tie in self.ties for t in tie.targets]

    @property
    def filled(self) -> list[str]:
        """The weights that are filled."""
        return [fill.target for fill in self.fills]


def match_rest(
    checkpoint: Checkpoint,
    index: ModelIndex,
    sources: Sequence[str],
    targets: Sequence[str],
    *,
    ruling: Ruling,
    assume: Assumptions,
    graph: Meta | None,
) -> Rest:
    """Matches the variables and weights that are left, and fills what is matched."""
    tell_step("what variables mean")
    entries = {name: checkpoint[name] for name in sources}
    open_ = {path: ruling.sides.targets[path] for path in targets}
    uses = graph.uses if graph else None
    flow = target_flow(index)
    meanings = read_meanings(entries, uses, assumptions=assume, targets=open_, target_flow=flow)
    of_both = meanings.uses(uses.by_variable) if uses else None
    both = uses_of_both(of_both, index, Images.of(index), targets=targets)
    match = _Match(checkpoint, index, graph, meanings, assume, both, flow)
    matching = match.of(sources, targets, ruling)
    fills, problems = match.fills(matching)
    odd = {one.name: one for one in match.at_odds(matching, sources, targets, ruling.sides)}
    settled = match.equals(matching.ties)
    done = [tie for tie, _, _ in settled]
    rest = Rest(
        [*fills, *(fill for _, fill, _ in settled)],
        [meanings.ambiguity(tie, entries) for tie in matching.ties if tie not in done],
        odd | dict(meanings.problems()) | problems,
        [drop for _, _, drops in settled for drop in drops],
    )
    used, filled = {*rest.sources, *rest.problems}, set(rest.filled)
    left = [name for name in sources if name not in used]
    open_targets = [target_spec(index[path]) for path in targets if path not in filled]
    more = equal_to_filled(left, rest.fills, open_targets, checkpoint)
    twins = opaque_twins(meanings.questions, meanings.parts, rest.fills, checkpoint)
    return dataclasses.replace(rest, drops=[*rest.drops, *more, *twins])


def _ruled(ruling: Ruling) -> tuple[list[Item], dict[str, str]]:
    """Returns what rules fill from one source, and by its path the target that each fills.

    What fills several targets is there for each: only all of them say where its scope goes.
    """
    fills = [fill for fill in ruling.fills if len(fill.sources) == 1]
    times = Counter(fill.sources[0] for fill in fills)
    items, given = [], {}
    for number, fill in enumerate(fills):
        item = ruling.sides.sources[fill.sources[0]]
        if times[item.path] > 1:
            item = dataclasses.replace(item, path=f"{item.path}:{number}")
        items.append(item)
        given[item.path] = fill.target
    return items, given


@dataclasses.dataclass(frozen=True)
class _Match:
    """Matches what rules leave, and fills what is matched."""

    checkpoint: Checkpoint
    index: ModelIndex
    graph: Meta | None
    meanings: Meanings
    assume: Assumptions
    both: BothUses
    target_flow: Mapping[str, Sequence[str]] | None

    def of(self, sources: Sequence[str], targets: Sequence[str], ruling: Ruling) -> Matching:
        """Matches sources and targets; what rules pair one to one is evidence for it."""
        sides = ruling.sides
        ruled, given = _ruled(ruling)
        wanted = [sides.targets[path] for path in (*targets, *given.values())]
        open_ = [sides.sources[name] for name in self.meanings.left(sources)]
        read = self.meanings.items(sources)
        # Of other parts, a variable that goes by their path may be used in another way.
        used = [item for item in read if self.meanings.parts[item.path].use]
        told, wanted = self.both.items([*open_, *ruled, *used], wanted)
        return match_items(
            [*told, *(item for item in read if item not in used)],
            wanted,
            source_flow=self.meanings.flow(self.graph.flow if self.graph else None),
            target_flow=self.target_flow,
            source_joins=self.meanings.joins(self.graph.joins if self.graph else ()),
            target_joins=target_joins(self.index),
            given=given,
        )

    def at_odds(
        self, matching: Matching, sources: Sequence[str], targets: Sequence[str], sides: Sides
    ) -> Iterator[Problem]:
        """Yields what keeps weights that nothing was matched with from variables of their shape."""
        taken = {target for target, _ in matching.pairs.values()}
        left_s = [n for n in self.meanings.left(sources) if n not in matching.pairs]
        left_t = [path for path in targets if path not in taken]
        items = [sides.sources[n] for n in left_s], [sides.targets[path] for path in left_t]
        yield from self.both.at_odds(*self.both.items(*items))

    def fills(self, matching: Matching) -> tuple[list[Fill], dict[str, Problem]]:
        """Returns a fill for each pair, and problems for both ends of what no layout joins."""
        whole = self.meanings.whole(
            {path: self.index[target].layer_path for path, (target, _) in matching.pairs.items()}
        )
        fills: list[Fill] = []
        problems: dict[str, Problem] = {}
        for path, (target, evidence) in matching.pairs.items():
            part = self.meanings.parts.get(path)
            if part is not None and path not in whole:
                continue
            found = self._pair(path, target, part, evidence=tuple(evidence))
            if isinstance(found, Fill):
                fills.append(found)
            else:
                problems.update(found)
        return fills, problems

    def equals(self, ties: Sequence[Tie]) -> list[tuple[Tie, Fill, list[Drop]]]:
        """Returns the ties that are settled since all their sources are equal."""

        def pair(source: str, target: str) -> Fill | None:
            found = self._pair(source, target, None, evidence=())
            return found if isinstance(found, Fill) else None

        read = self.meanings.parts
        plain = [tie for tie in ties if not any(source in read for source in tie.sources)]
        return list(of_equals(plain, self.checkpoint, pair))

    def _pair(
        self, path: str, target: str, part: Part | None, *, evidence: tuple[Reason, ...]
    ) -> Fill | dict[str, Problem]:
        wanted = target_spec(self.index[target])
        agreed = None
        if part is not None:
            given = Spec(part.shape, self.checkpoint[part.sources[0]].dtype_name)
            agreed = self.both.agreement(path, target, part.shape) if part.use else None
            moved, used = moved_by(agreed, path, target)
            made, sources = parse_layout(part.layout), part.sources
            first, because = chain(made, moved), (part.because, *used)
            given = Spec(moved.spec(given).shape, given.dtype)
        else:
            entry = self.checkpoint[path]
            uses = self.graph.uses if self.graph else None
            agreed = self.both.agreement(path, target, entry.shape)
            mistaken = self.both.other_gates(self.checkpoint, path, target, agreed)
            mistaken = mistaken or self.both.unread_square(path, target, entry.shape)
            if mistaken is not None:
                return {target: mistaken}
            moved, used = moved_by(agreed, path, target)
            rows = token_rows(path, target, self.both.token_tables) or pixels_moved(
                entry, self.both.images, target, uses=uses, assumptions=self.assume
            )
            if isinstance(rows, Problem):
                return {target: dataclasses.replace(rows, name=target, origin=path), path: rows}
            first, because, sources = chain(moved, rows[0]), (*used, *rows[1]), (path,)
            given = first.spec(source_spec(entry))
        rest = (
            joining_layout(given, wanted)  # both uses are known: the axes are in order by now
            if agreed is not None
            else kernel_layout(self.index, target, given, wanted)
        )
        if rest is None:
            return dict(misfit(path, target, given=given, wanted=wanted))
        # One tuple for all that have it: thousands of lines are held beside the model.
        because = (*because, *evidence) if because else evidence
        return Fill(target, sources, str(chain(first, rest)), because)
