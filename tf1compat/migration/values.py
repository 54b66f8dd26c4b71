"""Values by plan: what a target weight gets, and what its value says about the sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.comparing import same_bits, unequal_elements
from tf1compat.errors import LayoutError, PlanError, Problem
from tf1compat.migration.layouts.answers import applied, made_of, pieces
from tf1compat.migration.layouts.layout import Index, Spec
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.planning.lines import Fill
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.planning.specs import source_spec, source_specs
from tf1compat.names.spec_text import spec_text

__all__ = ["check_fits_checkpoint", "differences", "value_for"]


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


def differences(fill: Fill, value: np.ndarray, checkpoint: Mapping[str, Entry]) -> list[str]:
    """Returns, for each source whose bits `value` doesn't give back, what differs; [] if none.

    The value goes back through the layout's inverse, and is compared bit for bit, so that NaN
    equals NaN and -0.0 doesn't equal 0.0. Under a layout that rounds, such as a narrowing cast,
    there is no way back; then the source is laid out once more and compared with the target.
    """
    layout = parse_layout(fill.layout)
    entries = [checkpoint[name] for name in fill.sources]
    specs = [source_spec(entry) for entry in entries]
    expected = made_of(layout, specs)
    if (value.shape, value.dtype.name) != (expected.shape, expected.dtype):
        return [f"expected {expected}, found {spec_text(value.dtype.name, value.shape)}"]
    try:
        given_back = pieces(layout, value, specs)
    except LayoutError as error:
        return [str(error)]
    found = []
    for name, entry, piece in zip(fill.sources, entries, given_back, strict=True):
        source = _read_part(entry, piece.index)
        given = same_bits(source, piece.value)
        if not given and layout.rounds:
            given = same_bits(value, value_for(fill, checkpoint, initial=lambda: value))
        if not given:
            found.append(f"{name}: {_difference(source, piece.value)}")
    return found


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
    check_same_side("checkpoint", plan.sources, source_specs(checkpoint))


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
