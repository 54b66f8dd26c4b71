"""CudnnGRU of contrib by the names of its saveable: gates r and u, the candidate in two halves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tf1compat.checkpoint import Entry
from tf1compat.migration.meaning.base import Part, Question, Reading, Source
from tf1compat.names.reasons import Kind

__all__ = ["CudnnGru"]

_BY_NAME = Kind("cudnn_gru_name", "{scope} holds what 1.15's CudnnGRU and its cell save")
_GATES = "/gates"
_HALVES = ("candidate/input_projection", "candidate/hidden_projection")
_LAYER = (
    "a GRU(reset_after=True) of its sizes, Keras' default: CuDNN applies the reset gate after the "
    "product, and with reset_after=False no layout makes that equal"
)
_ORDER = "blocks(1, 0, 2)"  # from r, u, candidate to Keras' z, r, h


class CudnnGru(Reading):
    """CudnnGRU and CudnnCompatibleGRUCell; their Keras equal is ``GRU(reset_after=True)``."""

    name = "cudnn_gru"
    kinds = (_BY_NAME,)

    def read(self, source: Source) -> Iterator[Part | Question]:
        held = source.by_scope
        for scope, gates in held.items():
            cell = scope.removesuffix(_GATES)
            sides = [gates, *(held.get(f"{cell}/{half}", {}) for half in _HALVES)]
            if cell != scope and all({"kernel", "bias"} <= side.keys() for side in sides):
                yield from _parts(cell, *sides)


def _parts(
    cell: str,
    gates: Mapping[str, Entry],
    inputs: Mapping[str, Entry],
    state: Mapping[str, Entry],
) -> Iterator[Part]:
    sides = (gates, inputs, state)
    units, columns = sum(state["bias"].shape), sum(inputs["kernel"].shape[:1])
    shapes = [side["kernel"].shape for side in sides]
    if shapes != [(columns + units, 2 * units), (columns, units), (units, units)]:
        return
    because = _BY_NAME.because(scope=cell)
    for role, half, rows, taken in (
        ("kernel", inputs, columns, f"split(0, 0, {columns})"),
        ("recurrent_kernel", state, units, f"last(0, {units})"),
    ):
        yield Part(
            f"{cell}/{role}",
            cell,
            role,
            (rows, 3 * units),
            (gates["kernel"].key, half["kernel"].key),
            f"{taken} | concatenate(1) | {_ORDER}",
            _LAYER,
            because,
        )
    biases = tuple(side["bias"].key for side in sides)
    yield Part(f"{cell}/bias", cell, "bias", (2, 3 * units), biases, "gru_biases", _LAYER, because)
