"""Parameters of contrib's Cudnn layers in one buffer, as CuDNN has them in single precision.

Every matrix of every layer comes before every bias: layer by layer, forward before backward, those
on inputs before those on the state, and gate by gate, each row by row as units by columns.
"""

from __future__ import annotations

import collections
import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence

from tf1compat.checkpoint import Entry
from tf1compat.migration.matching import Item
from tf1compat.migration.meaning.base import Part, Question, Reading, Source
from tf1compat.names.reasons import Kind, Reason

__all__ = ["Opaque"]

_BY_SIZE = Kind(
    "cudnn_buffer", "{buffer} has the {size} parameters of {stack} as CuDNN lays them out"
)

# What layers call it, and what code around the ops did, such as the PTB tutorial.
_LEAVES = ("opaque_kernel", "opaque_params", "cudnn_params", "lstm_params", "gru_params")
_LAYERS = {
    1: "a SimpleRNN of its sizes",
    3: "a GRU(reset_after=True) of its sizes: CuDNN applies the reset gate after the product, and "
    "with reset_after=False no layout makes that equal",
    4: "an LSTM of its sizes",
}
_KINDS = {1: "SimpleRNN", 3: "GRU", 4: "LSTM"}
# From r, u, candidate to Keras' z, r, h; an LSTM's i, f, c, o are Keras'.
_ORDERS = {3: " | blocks(1, 0, 2)"}
_WAY = re.compile(r"(?:^|[/_])(?:forward|backward|fw|bw)(?:[/_]|$)")  # Keras' and 1.x's words
_MANY = 64  # layers


class Opaque(Reading):
    """Buffers that are just as long as a stack of the model's recurrent layers needs.

    Units, columns and directions are the model's; where stacks of several kinds would be as long,
    the user has to say which it is.
    """

    name = "cudnn_buffer"
    kinds = (_BY_SIZE,)

    def read(self, source: Source) -> Iterator[Part | Question]:
        buffers = [e for e in source.entries.values() if _is_buffer(e)]
        layers = list(_recurrent(source.targets.values())) if buffers else []
        for buffer in buffers:
            fitting = _fitting(buffer.shape[0], layers)
            if len(fitting) == 1:
                yield from _parts(buffer, fitting[0])
            else:
                yield Question((buffer.key,), _asks(buffer, fitting))


@dataclasses.dataclass(frozen=True)
class _Stack:
    """What a buffer may hold.

    Attributes:
      gates: of each layer: 4 for an LSTM, 3 for a GRU, 1 for a plain one.
      units: of each layer.
      columns: of the first layer's inputs.
      layers: how many, both directions counted once.
      directions: 1 or 2.
    """

    gates: int
    units: int
    columns: int
    layers: int
    directions: int

    @property
    def inputs(self) -> list[int]:
        """The columns of each layer's inputs, a direction after the other."""
        later = [self.directions * self.units] * (self.layers - 1)
        return [size for size in (self.columns, *later) for _ in range(self.directions)]

    @property
    def size(self) -> int:
        """How many parameters it has."""
        rows = self.gates * self.units
        return sum(rows * (size + self.units + 2) for size in self.inputs)

    def __str__(self) -> str:
        both = " in both directions" if self.directions > 1 else ""
        many = f"{self.layers} {_KINDS[self.gates]} layer{'s' if self.layers > 1 else ''}"
        return f"{many} of {self.units} units on {self.columns} columns{both}"


@dataclasses.dataclass(frozen=True)
class _Layer:
    """A recurrent layer, or one direction of it.

    Attributes:
      gates: 4 for an LSTM, 3 for a GRU, 1 for a plain one.
      units: of it.
      columns: of its inputs.
      directions: 2 for one direction of two, as of ``Bidirectional``; 0 where that isn't asked.
    """

    gates: int
    units: int
    columns: int
    directions: int


def _is_buffer(entry: Entry) -> bool:
    return entry.name.leaf in _LEAVES and len(entry.shape) == 1


def _recurrent(items: Iterable[Item]) -> Iterator[_Layer]:
    """Yields what could have been CuDNN's of the layers that are to be filled."""
    held: dict[str, dict[str, tuple[int, ...]]] = collections.defaultdict(dict)
    for item in items:
        held[item.module][item.role] = item.shape
    for module, shapes in held.items():
        kernel, recurrent = shapes.get("kernel", ()), shapes.get("recurrent_kernel", ())
        if len(kernel) != 2 or len(recurrent) != 2 or "bias" not in shapes or not recurrent[0]:
            continue
        gates, rest = divmod(recurrent[1], recurrent[0])
        if gates in _LAYERS and not rest and kernel[1] == recurrent[1]:
            directions = 2 if _WAY.search(module) else 1
            yield _Layer(gates, recurrent[0], kernel[0], directions)


def _fitting(size: int, layers: Sequence[_Layer]) -> list[_Stack]:
    """Returns the stacks of a size: those whose layers say their direction, else any."""
    either = [dataclasses.replace(layer, directions=0) for layer in layers]
    found = ([one for one in _stacks(some) if one.size == size] for some in (layers, either))
    return next(filter(None, found), [])


def _stacks(layers: Iterable[_Layer]) -> Iterator[_Stack]:
    """Yields every stack that the model has the layers for."""
    there = collections.Counter(layers)
    for first, count in there.items():
        for directions in (first.directions,) if first.directions else (1, 2):
            later = dataclasses.replace(first, columns=directions * first.units)
            more = there[later] // directions + (later != first)
            for number in range(1, min(more, _MANY) + 1 if count >= directions else 1):
                yield _Stack(first.gates, first.units, first.columns, number, directions)


def _parts(buffer: Entry, stack: _Stack) -> Iterator[Part]:
    """Yields the weights under the names that the layer's saveable would have given them."""
    because = _BY_SIZE.because(buffer=buffer.key, size=stack.size, stack=str(stack))
    rows, order = stack.gates * stack.units, _ORDERS.get(stack.gates, "")
    names = list(_scopes(buffer.name.scope, stack))
    start = 0
    for name, columns in zip(names, stack.inputs, strict=True):
        for role, size in (("kernel", columns), ("recurrent_kernel", stack.units)):
            stop = start + rows * size
            layout = f"split(0, {start}, {stop}) | reshape({rows}, {size}) | transpose(1, 0){order}"
            yield _part(buffer, stack, name, role, (size, rows), layout, because)
            start = stop
    made = f"reshape(2, {rows}){order}" if stack.gates == 3 else "sum_halves"
    shape = (2, rows) if stack.gates == 3 else (rows,)
    for name in names:
        layout = f"split(0, {start}, {start + 2 * rows}) | {made}"
        yield _part(buffer, stack, name, "bias", shape, layout, because)
        start += 2 * rows


def _part(
    buffer: Entry,
    stack: _Stack,
    module: str,
    role: str,
    shape: tuple[int, ...],
    layout: str,
    because: Reason,
) -> Part:
    layer = _LAYERS[stack.gates]
    return Part(f"{module}/{role}", module, role, shape, (buffer.key,), layout, layer, because)


def _scopes(scope: str, stack: _Stack) -> Iterator[str]:
    for layer in range(stack.layers):
        for way in ("",) if stack.directions == 1 else ("fw", "bw"):
            yield "/".join(filter(None, (scope, f"cell_{layer}", way)))


def _asks(buffer: Entry, fitting: list[_Stack]) -> str:
    size = buffer.shape[0]
    rule = "say by rules which part goes where, as split(0, 0, 48) | reshape(16, 3) | "
    rule += "transpose(1, 0) for a kernel of 3 columns"
    if fitting:
        found = ", or ".join(map(str, fitting))
        return f"CuDNN's parameters in one buffer, {size} of them: {found} would be as many; {rule}"
    return (
        f"CuDNN's parameters in one buffer, and no stack of the model's recurrent layers has {size}"
        " of them: build the layers as they were, one LSTM or GRU (Bidirectional, where it goes "
        f"both ways) for each that it had; or {rule}"
    )
