"""What readings make of variables, and what becomes of it once weights are matched."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.meta.branch_joins import Join
from tf1compat.checkpoint.meta.graph_uses import Uses
from tf1compat.checkpoint.meta.using import Use
from tf1compat.errors import Problem
from tf1compat.migration.matching import Item, Tie
from tf1compat.migration.meaning import READINGS, Assumptions, Part, Question, Source
from tf1compat.migration.planning._asked_readings import read_by
from tf1compat.migration.planning._kinds import EQUALS, SAME
from tf1compat.migration.planning.lines import Ambiguity, Way
from tf1compat.migration.planning.problems import OpenQuestion

__all__ = ["Meanings", "read_meanings"]


@dataclasses.dataclass(frozen=True)
class Meanings:
    """Variables that are read otherwise than as they stand.

    Attributes:
      parts: what they would be as weights, by the path that is matched.
      questions: what has to be asked before a variable can be read, by its name.
    """

    parts: Mapping[str, Part]
    questions: Mapping[str, str]

    def items(self, names: Iterable[str]) -> list[Item]:
        """Returns what is matched instead of `names`: the parts, for those that are read."""
        wanted = set(names)
        return [
            Item(path, part.module, part.role, part.shape)
            for path, part in self.parts.items()
            if wanted.issuperset(part.sources)
        ]

    def left(self, names: Iterable[str]) -> list[str]:
        """Returns those of `names` that are matched as they stand."""
        read = {source for part in self.parts.values() for source in part.sources}
        return [name for name in names if name not in read and name not in self.questions]

    def flow(self, feeds: Mapping[str, Sequence[str]] | None) -> Mapping[str, Sequence[str]] | None:
        """Returns the flow between variables with the parts in the place of what they are of."""
        if feeds is None:
            return None
        parts_of = self._parts_of
        found: dict[str, dict[str, None]] = {}
        for name, feeding in feeds.items():
            producers = [p for one in feeding for p in parts_of.get(one, [one])]
            for path in parts_of.get(name, [name]):
                own = parts_of.get(name, [])
                found.setdefault(path, {}).update((p, None) for p in producers if p not in own)
        return {path: tuple(feeding) for path, feeding in found.items()}

    def joins(self, joins: Iterable[Join]) -> tuple[Join, ...]:
        """Returns joins of variables with the parts in the place of what they are of."""
        parts_of = self._parts_of
        return tuple(
            join._replace(
                parts=tuple(
                    frozenset(path for name in part for path in parts_of.get(name, [name]))
                    for part in join.parts
                )
            )
            for join in joins
        )

    @functools.cached_property
    def _parts_of(self) -> Mapping[str, Sequence[str]]:
        """The parts of each variable that is read."""
        found: dict[str, list[str]] = {}
        for path, part in self.parts.items():
            for source in (part.use,) if part.use else part.sources:
                found.setdefault(source, []).append(path)
        return found

    def uses(self, by_variable: Mapping[str, Sequence[Use]]) -> Mapping[str, Sequence[Use]]:
        """Returns uses by variable, and by the paths of parts of which the graph knows any."""
        known = {path: by_variable.get(part.use, ()) for path, part in self.parts.items()}
        return {**by_variable, **{path: uses for path, uses in known.items() if uses}}

    def whole(self, layers: Mapping[str, str]) -> set[str]:
        """Returns the parts of what is paired as a whole: all of a cell, and all of a variable.

        All of a cell is in one layer: a projection that a layer behind it makes isn't what the cell
        goes on with.

        Args:
          layers: what is paired, with the path of the layer that it is paired with a weight of.
        """
        modules: dict[str, set[str]] = {}
        for path, layer in layers.items():
            if path in self.parts:
                modules.setdefault(self.parts[path].module, set()).add(layer)
        kept = {
            path
            for path in layers
            if path in self.parts and len(modules[self.parts[path].module]) == 1
        }
        while True:
            others = [part for path, part in self.parts.items() if path not in kept]
            open_ = {source for part in others for source in part.sources}
            cells = [(part.module, part.because) for part in others]
            halves = {
                path
                for path in kept
                if open_.intersection(self.parts[path].sources)
                or (self.parts[path].module, self.parts[path].because) in cells
            }
            if not halves:
                return kept
            kept -= halves

    def ambiguity(self, tie: Tie, entries: Mapping[str, Entry]) -> Ambiguity:
        """Returns what a tie is of variables, and as what each of them could fill a target."""
        read = any(path in self.parts for path in tie.sources)
        ways = tuple(self._way(path, entries) for path in tie.sources) if read else ()
        names = [source for way in ways for source in way.sources] or tie.sources
        counts = EQUALS.because(sources=len(tie.sources), targets=len(tie.targets))
        common = tie.evidence or (SAME.because(),)
        return Ambiguity(tuple(dict.fromkeys(names)), tie.targets, counts, common, ways)

    def _way(self, path: str, entries: Mapping[str, Entry]) -> Way:
        part = self.parts.get(path)
        if part is None:
            return Way(path, entries[path].name.role, (path,))
        return Way(path, part.role, part.sources, part.layout, (part.because,))

    def problems(self) -> Iterator[tuple[str, Problem]]:
        """Yields for each variable what is asked, or what layer it would need."""
        for name, asks in self.questions.items():
            yield name, OpenQuestion.of(name, asks)
        for part in self.parts.values():
            for name in part.sources:
                yield (
                    name,
                    Problem(
                        name,
                        part.layer,
                        "none that all its parts fit",
                        remedy=f"{part.because}; build that layer, or give it a rule",
                    ),
                )


def read_meanings(
    entries: Mapping[str, Entry],
    uses: Uses | None,
    *,
    assumptions: Assumptions,
    targets: Mapping[str, Item],
    target_flow: Mapping[str, Sequence[str]] | None = None,
) -> Meanings:
    """Returns what readings make of variables; what one has read, no other is asked."""
    parts: dict[str, Part] = {}
    questions: dict[str, str] = {}
    source = Source(dict(entries), uses, assumptions, targets, target_flow)
    for reading in READINGS.values():
        read: set[str] = set()
        for found in read_by(reading, source):
            if isinstance(found, Question):
                questions.update(dict.fromkeys(found.sources, found.asks))
            else:
                parts[found.path] = found
            read.update(found.sources)
        if read:  # else what the source knows of its scopes is still true
            left = {name: entry for name, entry in source.entries.items() if name not in read}
            source = dataclasses.replace(source, entries=left)
    return Meanings(parts, questions)
