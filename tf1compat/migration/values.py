"""Values by plan: what a target weight gets, and what its value says about the sources."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.comparing import same_bits, unequal_elements
from tf1compat.errors import LayoutError, PlanError, Problem
from tf1compat.files.dtypes import numpy_dtype
from tf1compat.migration.layouts.answers import (
    added_by,
    applied,
    made_of,
    part_of,
    pieces,
    rounding_of,
)
from tf1compat.migration.layouts.layout import Index, Layout, Spec
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.planning.lines import Fill
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.planning.specs import source_spec, source_specs
from tf1compat.names.spec_text import spec_text

__all__ = ["Comparison", "check_fits_checkpoint", "check_same_side", "compared", "value_for"]


def value_for(
    fill: Fill,
    checkpoint: Mapping[str, Entry],
    *,
    known: Mapping[str, np.ndarray] = MappingProxyType({}),
    initial: Callable[[], np.ndarray],
) -> np.ndarray:
    """Returns the target's value: its sources, read and checked unless `known`, laid out.

    `initial` returns the value that the target has, for a layout that keeps rows of it.

    Raises:
      CorruptCheckpointError: if a source's bytes don't match their checksum.
    """
    sources = [known[name] if name in known else checkpoint[name].read() for name in fill.sources]
    layout = parse_layout(fill.layout)
    return applied(layout, [*sources, initial()] if layout.merges else sources)


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What a value says about its sources.

    Attributes:
      differences: for each source that it isn't made of, what differs; empty if none.
      exact: whether the layout's inverse gives the bits of all sources back.
    """

    differences: tuple[str, ...]
    exact: bool


def compared(fill: Fill, value: np.ndarray, checkpoint: Mapping[str, Entry]) -> Comparison:
    """Compares a target's value with its sources, through the layout's inverse.

    Bit for bit, so that NaN equals NaN and -0.0 doesn't equal 0.0. Under a layout that rounds, such
    as a narrowing cast, what comes back may be off by as much as it says; under one that sums
    or computes, nothing comes back. Then the sources are laid out anew as well, and must give the
    same bits; what is computed, numbers as near as its layout says.
    """
    layout = parse_layout(fill.layout)
    entries = [checkpoint[name] for name in fill.sources]
    specs = [source_spec(entry) for entry in entries]
    expected = made_of(layout, specs)
    if (value.shape, value.dtype.name) != (expected.shape, expected.dtype):
        other = f"expected {expected}, found {spec_text(value.dtype.name, value.shape)}"
        return Comparison((other,), exact=False)
    if layout.computes:
        return _computed(fill, value, checkpoint, rounding_of(layout, specs))
    try:
        given_back = pieces(layout, value, specs)
        rounding, added = rounding_of(layout, specs), added_by(layout)
    except LayoutError as error:
        return Comparison((str(error),), exact=False)
    found: list[str] = []
    exact = True
    for name, entry, piece in zip(fill.sources, entries, given_back, strict=True):
        source = _read_part(entry, piece.index)
        if not same_bits(source, piece.value):
            exact = False
            gap = rounding * max(_largest(source), added) if rounding else 0.0
            if not layout.sums and not _is_near(source, piece.value, gap):
                found.append(f"{name}: {_difference(source, piece.value)}")
    taken = sum(piece.value.size for piece in given_back)
    more = value.size > taken and not layout.merges  # than what comes back tells of
    if (more or not exact) and not found:
        again = value_for(fill, checkpoint, initial=lambda: value)
        if not same_bits(again, value):
            found.append(f"{', '.join(fill.sources)}, laid out anew: {_difference(again, value)}")
    if layout.sums and not found:
        found += _unsummed(layout, specs)
    if layout.merges and not found:
        found += _unmerged(layout, [entry.read() for entry in entries], value, taken)
    return Comparison(tuple(found), exact)


def _computed(
    fill: Fill, value: np.ndarray, checkpoint: Mapping[str, Entry], rounding: float
) -> Comparison:
    """Compares a value that is computed of its sources with what they make now.

    As near as it says: another machine may add in another order.
    """
    again = value_for(fill, checkpoint, initial=lambda: value)
    if same_bits(again, value) or _is_near(again, value, rounding * _largest(again)):
        return Comparison((), exact=False)
    sources = ", ".join(fill.sources)
    return Comparison((f"{sources}, laid out anew: {_difference(again, value)}",), exact=False)


def _unsummed(layout: Layout, sources: Sequence[Spec]) -> Iterator[str]:
    """Yields what shows that a layout that sums loses numbers: what it makes has another total.

    Of small whole numbers, which every dtype adds exactly.
    """
    rng = np.random.default_rng(0)
    values = [
        rng.integers(1, 4, source.shape).astype(numpy_dtype(source.dtype)) for source in sources
    ]
    taken = [
        value[np.ix_(*map(list, part_of(layout, source)))] if value.ndim else value
        for value, source in zip(values, sources, strict=True)
    ]
    total = sum(float(value.sum(dtype=np.float64)) for value in taken)
    made = float(applied(layout, values).sum(dtype=np.float64))
    if made != total:
        yield f"layout {layout}: what adds up to {total:g} adds up to {made:g} when it is laid out"


def _unmerged(
    layout: Layout, sources: Sequence[np.ndarray], value: np.ndarray, taken: int
) -> Iterator[str]:
    """Yields what shows that a layout doesn't keep all that isn't of its sources.

    Laid out over two values that differ everywhere, what differs is what is kept: as many elements
    as the sources leave, each as it was.
    """
    under = (np.arange(value.size) % 49).reshape(value.shape).astype(value.dtype)
    other = ~under if under.dtype == bool else under + np.asarray(50, under.dtype)
    first, second = (applied(layout, [*sources, one]) for one in (under, other))
    differs, _ = unequal_elements(first, second)
    as_they_were = differs & (first == under) & (second == other)
    left, kept = value.size - taken, int(as_they_were.sum())
    if kept != left or int(differs.sum()) != left:
        yield f"layout {layout}: expected {left} initial values to be kept, found {kept} that are"


def _is_near(source: np.ndarray, given_back: np.ndarray, gap: float) -> bool:
    """Tells whether what comes back is a source but for differences up to `gap`."""
    if not gap or source.shape != given_back.shape:
        return False
    _, gaps = unequal_elements(source, given_back)
    return bool(np.all(gaps <= gap))


def _largest(values: np.ndarray) -> float:
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if finite.size else 0.0


def _read_part(entry: Entry, index: Index) -> np.ndarray:
    """Returns a part of a variable; of rows by number, all of it is read."""
    slices = [one for one in index if isinstance(one, slice)]
    if len(slices) == len(index):
        return entry.read(tuple(slices) or None)
    return entry.read()[tuple(list(one) if isinstance(one, tuple) else one for one in index)]


def check_fits_checkpoint(plan: Plan, checkpoint: Mapping[str, Entry]) -> None:
    """Does nothing where `checkpoint` is the one that `plan` was made for.

    Raises:
      PlanError: naming every variable that is missing, new, or of another shape or dtype.
    """
    planned = {
        checkpoint[name].key if name in checkpoint else name: spec
        for name, spec in plan.sources.items()  # by names that found them when it was made
    }
    check_same_side("checkpoint", planned, source_specs(checkpoint))


def check_same_side(side: str, planned: Mapping[str, Spec], found: Mapping[str, Spec]) -> None:
    """Does nothing where names, shapes and dtypes are those of the plan.

    Raises:
      PlanError: naming every difference.
    """
    problems = [
        Problem(name, str(planned.get(name, "nothing")), str(found.get(name, "nothing")))
        for name in dict.fromkeys([*planned, *found])
        if planned.get(name) != found.get(name)
    ]
    if problems:
        raise PlanError.from_problems(
            f"this plan was made for another {side}; make it anew. What differs:", problems
        )


def _difference(expected: np.ndarray, found: np.ndarray) -> str:
    if expected.dtype.kind in "OSU" or expected.shape != found.shape:
        return "values differ"
    unequal, gaps = unequal_elements(expected, found)
    if not gaps.size:
        return "equal numbers with different bits (signed zeros or NaN payloads)"
    where = tuple(int(i) for i in np.argwhere(unequal)[0])
    return (
        f"{gaps.size} of {expected.size} elements differ, by up to {float(gaps.max()):.3g}, "
        f"the first at {where}"
    )
