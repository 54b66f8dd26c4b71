"""What 1.x's LSTM cells may have beyond a kernel and a bias: peepholes and a projection."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping

from tf1compat.checkpoint import Entry
from tf1compat.migration.meaning.base import Part, Source
from tf1compat.names.reasons import Reason

__all__ = ["Extension", "extension", "is_peeping"]

# The releases before 1.0 wrote upper case, and the projection beside the kernel; their block cells
# called the peepholes by the memory.
_PEEPHOLES = {
    "input": ("w_i_diag", "W_I_diag", "wci"),
    "forget": ("w_f_diag", "W_F_diag", "wcf"),
    "output": ("w_o_diag", "W_O_diag", "wco"),
}
_PROJECTIONS = ("projection/kernel", "projection/weights", "W_P_0")
_PLAIN = "an LSTM of its sizes"


@dataclasses.dataclass(frozen=True)
class Extension:
    """Variables beside a cell's kernel and bias; none of a plain LSTM.

    Attributes:
      peepholes: vectors by which the memory feeds gates, by the gate.
      projection: the kernel that makes the output smaller.
    """

    peepholes: Mapping[str, Entry]
    projection: Entry | None

    @property
    def keys(self) -> tuple[str, ...]:
        """Their names."""
        found = [*self.peepholes.values(), *([self.projection] if self.projection else [])]
        return tuple(entry.key for entry in found)

    def state_size(self, units: int) -> int:
        """Returns the size of what the cell gives to its next step."""
        shape = self.projection.shape if self.projection else ()
        return shape[1] if len(shape) == 2 else units

    def fits(self, units: int) -> bool:
        """Tells whether they are what 1.x's cells of `units` have: all peepholes or none."""
        shapes = {entry.shape for entry in self.peepholes.values()}
        projected = self.projection is None or (
            len(self.projection.shape) == 2 and self.projection.shape[0] == units
        )
        return len(self.peepholes) in (0, len(_PEEPHOLES)) and shapes <= {(units,)} and projected

    @property
    def asks(self) -> str:
        """What is asked where they don't fit."""
        return (
            "1.x's LSTM cells have three peepholes, of the sizes of their gates, or none, and a "
            f"projection of their size; of this one there are {', '.join(self.keys)}: say by rules "
            "what goes where"
        )

    def layer(self, units: int) -> str:
        """Returns what layer it takes, in words."""
        options = ["use_peepholes=True"] if self.peepholes else []
        if self.projection:
            options.append(f"projection_units={self.state_size(units)}")
        if not options:
            return _PLAIN
        return (
            f"an RNN of tf1compat.keras3.FullLSTMCell({', '.join([str(units), *options])}), with "
            "the clips of the cell if it had any"
        )

    def parts(self, scope: str, units: int, because: Reason) -> Iterator[Part]:
        """Yields what they are in a ``FullLSTMCell``."""
        found = [(f"{g}_peephole", "peephole", one) for g, one in self.peepholes.items()]
        if self.projection:
            found.append(("projection_kernel", "kernel", self.projection))
        for name, role, one in found:
            path, layer = f"{scope}/{name}", self.layer(units)
            yield Part(path, scope, role, one.shape, (one.key,), "identity", layer, because)


def extension(source: Source, scope: str) -> Extension:
    """Returns what is beside the kernel in a cell's scope."""
    held = {entry.name.full: entry for entry in source.entries.values()}

    def first(places: tuple[str, ...]) -> Entry | None:
        return next((held[at] for p in places if (at := f"{scope}/{p}") in held), None)

    peepholes = {gate: one for gate, p in _PEEPHOLES.items() if (one := first(p)) is not None}
    return Extension(peepholes, first(_PROJECTIONS))


def is_peeping(leaves: Collection[str]) -> bool:
    """Tells whether a scope holds the three peepholes beside kernel and bias, and nothing else."""
    found = [{*names}.intersection(leaves) for names in _PEEPHOLES.values()]
    older = {name for name in _PROJECTIONS if "/" not in name}
    return all(found) and set().union(*found) >= {*leaves} - older
