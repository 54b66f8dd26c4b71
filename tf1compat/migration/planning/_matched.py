"""What rules leave, matched by evidence and filled by what variables mean."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from tf1compat.checkpoint import Checkpoint, Meta
from tf1compat.errors import Problem
from tf1compat.keras3 import ModelIndex
from tf1compat.keras3.index.flattened import flattened_images
from tf1compat.migration.layouts.chain import chain
from tf1compat.migration.layouts.layout import Spec
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.matching import Matching, Tie, match_items
from tf1compat.migration.meaning import Assumptions, Part
from tf1compat.migration.planning._equals import equal_to_filled, of_equals
from tf1compat.migration.planning._flows import source_graph, target_flow
from tf1compat.migration.planning._gates import mistaken_gates
from tf1compat.migration.planning._meanings import Meanings, read_meanings
from tf1compat.migration.planning._pixels import pixel_rows
from tf1compat.migration.planning._problems import misfit
from tf1compat.migration.planning._products import kernel_layout, mistaken_product
from tf1compat.migration.planning._ruling import Ruling
from tf1compat.migration.planning.lines import Drop, Fill
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
    ties: list[Tie]
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
) -> Rest:
    """Matches the variables and weights that are left, and fills what is matched."""
    graph = source_graph(checkpoint)
    entries = {name: checkpoint[name] for name in sources}
    open_ = {path: ruling.sides.targets[path] for path in targets}
    uses = graph.uses if graph else None
    meanings = read_meanings(entries, uses, assumptions=assume, targets=open_)
    match = _Match(checkpoint, index, graph, meanings, assume)
    matching = match.of(sources, targets, ruling)
    fills, problems = match.fills(matching)
    settled = match.equals(matching.ties)
    done = [tie for tie, _, _ in settled]
    rest = Rest(
        [*fills, *(fill for _, fill, _ in settled)],
        meanings.ties(tie for tie in matching.ties if tie not in done),
        dict(meanings.problems()) | problems,
        [drop for _, _, drops in settled for drop in drops],
    )
    used, filled = {*rest.sources, *rest.problems}, set(rest.filled)
    left = [name for name in sources if name not in used]
    open_targets = [target_spec(index[path]) for path in targets if path not in filled]
    more = equal_to_filled(left, rest.fills, open_targets, checkpoint)
    return dataclasses.replace(rest, drops=[*rest.drops, *more])


@dataclasses.dataclass(frozen=True)
class _Match:
    """Matches what rules leave, and fills what is matched."""

    checkpoint: Checkpoint
    index: ModelIndex
    graph: Meta | None
    meanings: Meanings
    assume: Assumptions

    def of(self, sources: Sequence[str], targets: Sequence[str], ruling: Ruling) -> Matching:
        """Matches sources and targets; what rules pair one to one is evidence for it."""
        given = {fill.sources[0]: fill.target for fill in ruling.fills if len(fill.sources) == 1}
        sides = ruling.sides
        names = (*self.meanings.left(sources), *given)
        return match_items(
            [*(sides.sources[n] for n in names), *self.meanings.items(sources)],
            [sides.targets[path] for path in (*targets, *given.values())],
            source_flow=self.meanings.flow(self.graph.flow if self.graph else None),
            target_flow=target_flow(self.index),
            given=given,
        )

    def fills(self, matching: Matching) -> tuple[list[Fill], dict[str, Problem]]:
        """Returns a fill for each pair, and problems for both ends of what no layout joins."""
        images = flattened_images(self.index)
        whole = self.meanings.whole(matching.pairs)
        fills: list[Fill] = []
        problems: dict[str, Problem] = {}
        for path, (target, evidence) in matching.pairs.items():
            part = self.meanings.parts.get(path)
            if part is not None and path not in whole:
                continue
            found = self._pair(path, target, part, images, evidence=tuple(evidence))
            if isinstance(found, Fill):
                fills.append(found)
            else:
                problems.update(found)
        return fills, problems

    def equals(self, ties: Sequence[Tie]) -> list[tuple[Tie, Fill, list[Drop]]]:
        """Returns the ties that are settled since all their sources are equal."""
        images = flattened_images(self.index)

        def pair(source: str, target: str) -> Fill | None:
            found = self._pair(source, target, None, images, evidence=())
            return found if isinstance(found, Fill) else None

        read = self.meanings.parts
        plain = [tie for tie in ties if not any(source in read for source in tie.sources)]
        return list(of_equals(plain, self.checkpoint, pair))

    def _pair(
        self,
        path: str,
        target: str,
        part: Part | None,
        images: Mapping[str, tuple[int, ...]],
        *,
        evidence: tuple[Reason, ...],
    ) -> Fill | dict[str, Problem]:
        wanted = target_spec(self.index[target])
        if part is not None:
            given = Spec(part.shape, self.checkpoint[part.sources[0]].dtype_name)
            first, sources = parse_layout(part.layout), part.sources
            because: tuple[Reason, ...] = (part.because,)
        else:
            entry = self.checkpoint[path]
            uses = self.graph.uses if self.graph else None
            mistaken = mistaken_gates(self.checkpoint, self.index, target, path)
            mistaken = mistaken or mistaken_product(self.index, target, path, uses=uses)
            if mistaken is not None:
                return {target: mistaken}
            image = images.get(self.index[target].layer_path)
            rows = pixel_rows(entry, image, uses, self.assume)
            if isinstance(rows, Problem):
                return {target: dataclasses.replace(rows, name=target, origin=path), path: rows}
            given = source_spec(entry)
            (first, because), sources = rows, (path,)
        rest = kernel_layout(self.index, target, given, wanted)
        if rest is None:
            return dict(misfit(path, target, given=given, wanted=wanted))
        # One tuple for all that have it: thousands of lines are held beside the model.
        because = (*because, *evidence) if because else evidence
        return Fill(target, sources, str(chain(first, rest)), because)
