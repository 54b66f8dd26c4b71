"""LSTM cells of 1.x: one kernel over inputs and state, gates i, j, f, o, a constant added to f."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.meta.graph_uses import LstmGates
from tf1compat.checkpoint.meta.using import (
    LSTM_OF_KERAS,
)
from tf1compat.migration.meaning._cell_names import BIASES, KERNELS, first_of
from tf1compat.migration.meaning._extended_lstm import Extension, extension, is_peeping
from tf1compat.migration.meaning._forget_bias import ASKS, told_by_kernel
from tf1compat.migration.meaning._sized_cells import ASKS_OF_A_CELL, lstm_sized, lstm_sizes
from tf1compat.migration.meaning.base import Part, Question, Reading, Source
from tf1compat.names.reasons import Kind

__all__ = ["Lstm"]

_BY_GRAPH = Kind("lstm_graph", "the graph splits {kernel} into the gates of an LSTM")
_BY_NAME = Kind("lstm_name", "{kernel} has the gates of 1.15's cells of that name")
_BY_SIZE = Kind("lstm_size", "{kernel} has the sizes of an LSTM cell of 1.15, as forget_bias says")

# What 1.x's cells call their scope; the graph isn't asked where it tells.
_CELL = re.compile(
    r"(?:basic_lstm|lstm|lstm_block|lstm_block_fused|cudnn_compatible_lstm)_cell(?:_\d+)?"
    r"|lstm_block_wrapper(?:_\d+)?|BasicLSTMCell|LSTMCell|LSTMBlockCell|LSTMBlockFusedCell"
    r"|lstm_fused_cell(?:_\d+)?"
)
# With layer_norm=False, and so a bias, it is a plain LSTM.
_NORMED = re.compile(r"layer_norm_basic_lstm_cell(?:_\d+)?|LayerNormBasicLSTMCell")
_NO_CONSTANT = "cudnn_compatible_lstm_cell"  # its forget_bias is 0


class Lstm(Reading):
    """BasicLSTMCell, LSTMCell, LSTMBlockCell, LSTMBlockFusedCell, CudnnCompatibleLSTMCell.

    Onto ``LSTM``; with peepholes or a projection onto a ``FullLSTMCell`` of this package.
    """

    name = "lstm"
    kinds = (_BY_GRAPH, _BY_NAME, _BY_SIZE)

    def read(self, source: Source) -> Iterator[Part | Question]:
        known = source.uses.lstm if source.uses is not None else {}
        for name, gates in known.items():
            if name in source.entries:
                yield from _cell(source, gates, _BY_GRAPH)
        sizes = set() if source.uses else {*lstm_sizes(source)}
        for scope, held in source.by_scope.items():
            named = _named(scope, held)
            found = named or lstm_sized(source, scope, held, sizes)
            if found is None or found[0].key in known:
                continue
            kernel, bias = (entry.key if entry else "" for entry in found)
            added = _added(source, scope, kernel)
            if added is None:
                more = extension(source, scope).keys
                asks = ASKS if named else ASKS_OF_A_CELL
                yield Question((*filter(None, (kernel, bias)), *more), asks)
            else:
                kind = _BY_NAME if named else _BY_SIZE
                yield from _cell(source, LstmGates(kernel, bias, added), kind)


def _named(scope: str, held: Mapping[str, Entry]) -> tuple[Entry, Entry | None] | None:
    """Returns kernel and bias of a scope that is called as a cell; None for any other.

    One with peepholes may be called anything: nothing else of 1.x has them and no other vectors.
    ``BasicLSTMCell/Linear/Matrix`` is what the first releases wrote.
    """
    levels = scope.split("/")
    if levels[-1] == "Linear":
        levels.pop()
    kernel, bias = first_of(held, KERNELS), first_of(held, BIASES)
    # Keras 2 calls its own cell lstm_cell too, and keeps the state's kernel apart.
    if kernel is None or not levels or "recurrent_kernel" in held:
        return None
    is_cell = (
        _CELL.fullmatch(levels[-1])
        or (bias is not None and _NORMED.fullmatch(levels[-1]))
        or (bias is not None and is_peeping({*held} - {kernel.name.leaf, bias.name.leaf}))
    )
    return (kernel, bias) if is_cell else None


def _added(source: Source, scope: str, kernel: str) -> float | None:
    """Returns what is added to the forget gate; None where nothing tells it."""
    if _NO_CONSTANT in scope:
        return 0.0
    found = told_by_kernel(source, kernel)
    if found is None and source.uses is not None:
        peephole = extension(source, scope).peepholes.get("forget")
        found = source.uses.gate_constants.get(peephole.key) if peephole else None
    return source.assumptions.forget_bias if found is None else found


def _cell(source: Source, gates: LstmGates, kind: Kind) -> Iterator[Part | Question]:
    kernel = source.entries[gates.kernel]
    more = extension(source, kernel.name.scope)
    rows, columns = kernel.shape if len(kernel.shape) == 2 else (0, 1)
    if columns % 4 or rows <= more.state_size(columns // 4):
        return
    if not more.fits(columns // 4):
        bias = [gates.bias] if gates.bias in source.entries else []
        yield Question((kernel.key, *bias, *more.keys), more.asks)
        return
    yield from _parts(source, gates, more, kind)
    because = kind.because(kernel=kernel.key)
    yield from more.parts(kernel.name.scope, columns // 4, because)


def _parts(source: Source, gates: LstmGates, more: Extension, kind: Kind) -> Iterator[Part]:
    kernel = source.entries[gates.kernel]
    scope, because = kernel.name.scope, kind.because(kernel=kernel.key)
    blocks = f"blocks({', '.join(str(gates.order.index(gate)) for gate in LSTM_OF_KERAS)})"
    rows, columns = kernel.shape
    layer = more.layer(columns // 4)
    # 1.x multiplies [inputs, state] by one kernel: the inputs' rows come first.
    inputs = rows - more.state_size(columns // 4)
    for role, start, stop in (("kernel", 0, inputs), ("recurrent_kernel", inputs, rows)):
        yield Part(
            f"{scope}/{role}",
            scope,
            role,
            (stop - start, columns),
            (kernel.key,),
            f"split(0, {start}, {stop}) | {blocks}",
            layer,
            because,
        )
    if gates.bias in source.entries:
        # 1.x adds it at each step and stores it nowhere; in Keras it is part of the bias.
        added = f" | forget_bias({gates.forget_bias})" if gates.forget_bias else ""
        layout, shape = f"{blocks}{added}", (columns,)
        yield Part(f"{scope}/bias", scope, "bias", shape, (gates.bias,), layout, layer, because)
