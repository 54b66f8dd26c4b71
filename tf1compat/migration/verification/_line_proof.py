"""Which lines of a plan running both sides proves.

A copy that equals its source bit for bit may still be the wrong copy. So the v1 graph and the Keras
model are run side by side, first with the checkpoint's values, then with every source changed at
random and every target filled anew from its changed sources. Where the outputs agree both times,
each line whose change would have shown in the outputs is *proved*: had it had another source or
another layout, they would differ. How much a change shows is told by the gradient of the outputs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from tf1compat.errors import UsageError
from tf1compat.files.telling import tell_step
from tf1compat.keras3.models.as_function import Sensitivity
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.verification._both_sides import BothSides, Run
from tf1compat.migration.verification._changes import changed, step
from tf1compat.migration.verification.outputs import OutputDifference
from tf1compat.migration.verification.proof import Proof, Status

__all__ = ["prove_lines"]

_SEED = 1155
_ROUNDING = 1e-7  # of the largest output, in float32
_TOGETHER = "the outputs differ when weights change together, and not one by one"
_SURE = 10  # times what was seen that a wrong value would have shown


def prove_lines(both: BothSides, *, tolerance: float) -> Proof:
    """Runs both sides and returns which lines of the plan that proves.

    Args:
      both: the two sides, with a complete plan.
      tolerance: largest difference of an output, relative to its largest expected value.
    """
    plain = both.sources()
    at_rest = both.at_rest().differences
    lines = dict.fromkeys((fill.target for fill in both.plan.fills), Status.COPIED)
    notes = both.reference.notes
    if not _agree(at_rest, tolerance):
        differences = both.run(changed(plain)).differences
        return Proof(lines, at_rest, differences, tolerance, notes)
    moved, norms, sized = _moved(both, plain)
    proof = Proof(lines, at_rest, moved.differences, tolerance, (*notes, *sized))
    if proof.agrees:
        found = _reached(both, plain, proof, moved, norms)
        reasons = dict(_in_part(both, norms, found))
        found |= dict.fromkeys(reasons, Status.NOT_REACHED)
        fixed = dict(_fixed(both))
        found |= dict.fromkeys(fixed, Status.COPIED)
        reasons |= fixed
        proof = dataclasses.replace(proof, reasons=reasons)
    elif both.resized and _agree(both.run(changed(plain)).differences, tolerance):
        found = {}
        proof = dataclasses.replace(proof, notes=(*proof.notes, _of_sizes(both)))
    else:
        found = _wrong(both, plain, tolerance)
        if not found:
            proof = dataclasses.replace(proof, notes=(*proof.notes, _TOGETHER))
    return dataclasses.replace(proof, lines={**lines, **found})


def _moved(
    both: BothSides, plain: Mapping[str, np.ndarray]
) -> tuple[Run, Mapping[str, Sensitivity], Sequence[str]]:
    """Runs both sides with changed sources, and with inputs of other sizes where there may be.

    Returns:
      the run, how much the outputs depend on each weight, and what is to be said of it.
    """

    def run(sides: BothSides) -> tuple[Run, Mapping[str, Sensitivity]]:
        rng = np.random.default_rng(_SEED)
        return sides.run_back(changed(plain), lambda shape: rng.normal(size=shape))

    if both.resized is None:
        return (*run(both), ())
    try:
        return (*run(both.resized), ())
    except UsageError:  # a table of positions may end before
        return (*run(both), ("no other sizes of inputs could be tried",))


def _of_sizes(both: BothSides) -> str:
    sides = [both, both.resized or both]
    first, then = (
        ", ".join(f"{name} {list(array.shape)}" for name, array in one.inputs.items() if array.ndim)
        for one in sides
    )
    return f"the outputs agree for inputs of the sizes {first}, and differ for {then}"


def _agree(differences: Iterable[OutputDifference], tolerance: float) -> bool:
    return all(one.within(tolerance) for one in differences)


def _reached(
    both: BothSides,
    plain: Mapping[str, np.ndarray],
    proof: Proof,
    moved: Run,
    norms: Mapping[str, Sensitivity],
) -> dict[str, Status]:
    """Returns for each line whether another value would have shown in the outputs.

    It would if that had moved them by much more than the largest difference that was seen, or than
    rounding does. A shift of N elements projects to about its L2 norm, and its largest element is
    that by sqrt(N) or more.
    """
    seen = max(one.max_abs for one in (*proof.outputs, *proof.changed))
    floats = [y for y in moved.outputs if y.dtype.kind in "fV"]
    largest = max((float(np.abs(y).max(initial=0)) for y in floats), default=0.0)
    noise = max(seen, _ROUNDING * largest) * np.sqrt(sum(y.size for y in moved.outputs))
    other = changed(plain)
    steps = {name: step(plain[name], other[name]) for name in plain}
    found = {}
    for fill in both.plan.fills:
        largest_step = max(steps.get(source, 0.0) for source in fill.sources)
        shown = norms[fill.target].norm * largest_step if fill.target in norms else 0.0
        found[fill.target] = Status.PROVED if shown > _SURE * noise else Status.NOT_REACHED
    return found


def _in_part(
    both: BothSides, norms: Mapping[str, Sensitivity], lines: Mapping[str, Status]
) -> Iterator[tuple[str, str]]:
    """Yields proved weights whose rows go by themselves and of which not all were reached, and why.

    Of a table only the rows that ids name are looked at: had the others gone astray, nothing would
    have shown.
    """
    for fill in both.plan.fills:
        found = norms.get(fill.target) if lines[fill.target] is Status.PROVED else None
        if found and found.reached < found.rows and parse_layout(fill.layout).by_row:
            yield fill.target, f"{found.rows - found.reached} of its {found.rows} rows are not"


def _fixed(both: BothSides) -> Iterator[tuple[str, str]]:
    """Yields weights whose sources the graph can't be run with other values of, and why."""
    for fill in both.plan.fills:
        if any(both.checkpoint[source].is_fixed for source in fill.sources):
            yield fill.target, "a constant within a function of the graph, which can't be changed"


def _wrong(both: BothSides, plain: Mapping[str, np.ndarray], tolerance: float) -> dict[str, Status]:
    """Returns which lines make the outputs differ once their sources are changed, by halving.

    None where only several changes at once do: no line is known to be wrong, but outputs differ.
    """
    found: set[str] = set()
    waiting = [list(plain)]
    while waiting:
        names = waiting.pop()
        told = sum(map(len, waiting)) + len(names)
        tell_step("sources known to be right or wrong", len(plain) - told, len(plain))
        if _agree(both.run(changed(plain, set(names))).differences, tolerance):
            continue
        if len(names) == 1:
            found.update(names)
        else:
            waiting += [names[: len(names) // 2], names[len(names) // 2 :]]
    wrong = [fill.target for fill in both.plan.fills if not found.isdisjoint(fill.sources)]
    return dict.fromkeys(wrong, Status.DIFFERS)
