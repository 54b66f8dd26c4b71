"""Sources with the very same values as others: one of them is enough."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from tf1compat.checkpoint import Checkpoint, Entry, Meta
from tf1compat.checkpoint.comparing import same_bits
from tf1compat.errors import CheckpointError
from tf1compat.migration.layouts.layout import Spec
from tf1compat.migration.matching import Tie
from tf1compat.migration.planning._kinds import EQUAL, ONE_OF_EQUALS
from tf1compat.migration.planning.lines import Drop, Fill
from tf1compat.migration.planning.specs import source_spec

__all__ = ["equal_to_filled", "of_equals", "saved_twice"]


def equal_to_filled(
    left: Iterable[str], fills: Sequence[Fill], open_specs: Iterable[Spec], checkpoint: Checkpoint
) -> Iterator[Drop]:
    """Yields a drop of each source that is equal, bit for bit, to one that fills a target.

    Values that are all the same prove nothing: every bias begins as zeros. And where a target of
    its size is open, it may belong there.

    Args:
      left: sources that go nowhere.
      fills: what is filled.
      open_specs: targets that nothing fills.
      checkpoint: the open checkpoint.
    """
    sizes = {int(np.prod(spec.shape)) for spec in open_specs}
    taken: dict[Spec, dict[str, Entry]] = defaultdict(dict)
    for fill in fills:
        if len(fill.sources) == 1:
            one = checkpoint[fill.sources[0]]
            taken[source_spec(one)][one.key] = one
    for name in left:
        entry = checkpoint[name]
        if int(np.prod(entry.shape)) in sizes:
            continue
        alike = taken.get(source_spec(entry), {})
        original = _equal_of(entry, list(alike.values()))
        if original is not None:
            yield Drop(name, EQUAL.because(original=original.key))


def saved_twice(free: Iterable[str], checkpoint: Checkpoint, graph: Meta | None) -> Iterator[Drop]:
    """Yields a drop of each source that is equal to one of the same saved name, and isn't used.

    Keras' ``export`` saves each variable under two paths, of which its functions use one.

    Args:
      free: sources that no rule speaks of.
      checkpoint: the open checkpoint.
      graph: a SavedModel's graph of functions; of any other nothing is yielded.
    """
    if graph is None or not graph.renamed:
        return
    used = {one.name for one in graph.variables if one.consumer_op_types}
    saved = checkpoint.saved_names
    originals: dict[tuple[str, Spec], list[str]] = defaultdict(list)
    for name in checkpoint:
        if name in used and name in saved:
            originals[saved[name], source_spec(checkpoint[name])].append(name)
    for name in free:
        if name in used or name not in saved:
            continue
        alike = originals.get((saved[name], source_spec(checkpoint[name])), [])
        value = _read(checkpoint[name]) if len(alike) == 1 else None
        if value is not None and _is(checkpoint[alike[0]], value):
            yield Drop(name, EQUAL.because(original=alike[0]))


def _equal_of(entry: Entry, alike: Sequence[Entry]) -> Entry | None:
    value = _read(entry) if alike else None
    if value is None or not value.size or bool((value == value.reshape(-1)[0]).all()):
        return None
    return next((one for one in alike if _is(one, value)), None)


def _read(entry: Entry) -> np.ndarray | None:
    """Returns a value; None where it is damaged, which is said where it is to be carried over."""
    try:
        return entry.read()
    except CheckpointError:
        return None


def _is(entry: Entry, value: np.ndarray) -> bool:
    found = _read(entry)
    return found is not None and same_bits(found, value)


def of_equals(
    ties: Iterable[Tie], checkpoint: Checkpoint, pair: Callable[[str, str], Fill | None]
) -> Iterator[tuple[Tie, Fill, list[Drop]]]:
    """Yields the ties of several equal sources for one target, with what settles each.

    Whichever is taken, the target gets the same.

    Args:
      ties: ties of variables that are matched as they stand.
      checkpoint: the open checkpoint.
      pair: returns the fill of a target from a source; None where more than shape is to be known.
    """
    for tie in ties:
        if len(tie.targets) != 1 or len(tie.sources) < 2:
            continue
        first, *others = (checkpoint[name] for name in tie.sources)
        fill = pair(first.key, tie.targets[0])
        if fill is None or any(source_spec(one) != source_spec(first) for one in others):
            continue
        value = _read(first)
        if value is not None and all(_is(one, value) for one in others):
            because = (ONE_OF_EQUALS.because(count=len(tie.sources)), *fill.because)
            drops = [Drop(one.key, EQUAL.because(original=first.key)) for one in others]
            yield tie, dataclasses.replace(fill, because=because), drops
