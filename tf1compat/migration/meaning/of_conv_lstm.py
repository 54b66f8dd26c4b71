"""contrib's convolutional LSTMs: one kernel over the channels of inputs and state."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.meta.using import (
    LSTM_OF_1_15,
    LSTM_OF_KERAS,
)
from tf1compat.migration.meaning._cell_names import BIASES, KERNELS, first_of
from tf1compat.migration.meaning._forget_bias import ASKS, told_by_kernel
from tf1compat.migration.meaning.base import Part, Question, Reading, Source
from tf1compat.names.reasons import Kind

__all__ = ["ConvLstm"]

_BY_NAME = Kind("conv_lstm_name", "{kernel} has the gates of contrib's convolutional LSTMs")
_CELL = re.compile(r"conv(?:_[123]d)?_lstm_cell(?:_\d+)?|ConvLSTMCell")
_NO_BIAS = (
    "the cell has no bias, and what it adds to its forget gate needs one in Keras: say by rules "
    "what goes where, and put the constant into the bias of the layer"
)


class ConvLstm(Reading):
    """Conv1DLSTMCell, Conv2DLSTMCell, Conv3DLSTMCell onto ``ConvLSTM1D`` and so on."""

    name = "conv_lstm"
    kinds = (_BY_NAME,)

    def read(self, source: Source) -> Iterator[Part | Question]:
        for scope, held in source.by_scope.items():
            kernel, bias = first_of(held, KERNELS), first_of(held, BIASES)
            if kernel is None or not _is_kernel(kernel):
                continue
            order = _order(source, kernel.key)
            if order is None and not _CELL.fullmatch(scope.rpartition("/")[2]):
                continue
            found = told_by_kernel(source, kernel.key)
            added = source.assumptions.forget_bias if found is None else found
            names = (kernel.key, *([bias.key] if bias else []))
            if added is None:
                yield Question(names, ASKS)
            elif added and bias is None:
                yield Question(names, _NO_BIAS)
            else:
                yield from _parts(kernel, bias, added, order or LSTM_OF_1_15)


def _is_kernel(kernel: Entry) -> bool:
    shape = kernel.shape
    return len(shape) in (3, 4, 5) and shape[-1] % 4 == 0 and shape[-2] > shape[-1] // 4


def _order(source: Source, kernel: str) -> tuple[str, ...] | None:
    """Returns the gates of a convolution's kernel as the graph has them; None where it has none."""
    uses = source.uses.by_variable.get(kernel, ()) if source.uses is not None else ()
    found = {u.gates for u in uses if u.kind == "convolution" and {*u.gates} == {*LSTM_OF_1_15}}
    return found.pop() if len(found) == 1 else None


def _parts(
    kernel: Entry, bias: Entry | None, added: float, order: tuple[str, ...]
) -> Iterator[Part]:
    *spaces, depth, columns = kernel.shape
    scope = kernel.name.scope
    blocks = f"blocks({', '.join(str(order.index(gate)) for gate in LSTM_OF_KERAS)})"
    because, axis, inputs = _BY_NAME.because(kernel=kernel.key), len(spaces), depth - columns // 4
    layer = (
        f"a ConvLSTM{len(spaces)}D of its sizes, with padding='same' and "
        "recurrent_activation='sigmoid'"
    )
    # The inputs' channels come before the state's.
    for role, start, stop in (("kernel", 0, inputs), ("recurrent_kernel", inputs, depth)):
        yield Part(
            f"{scope}/{role}",
            scope,
            role,
            (*spaces, stop - start, columns),
            (kernel.key,),
            f"split({axis}, {start}, {stop}) | {blocks}",
            layer,
            because,
        )
    if bias is not None:
        layout = f"{blocks} | forget_bias({added})" if added else blocks
        names, path = (bias.key,), f"{scope}/bias"
        yield Part(path, scope, "bias", (columns,), names, layout, layer, because)
