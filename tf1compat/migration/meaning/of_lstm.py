"""LSTM cells of 1.x: one kernel over inputs and state, gates i, j, f, o, a constant added to f."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.meta.uses import LstmGates
from tf1compat.checkpoint.meta.using import CANDIDATE, FORGET, INPUT, OUTPUT
from tf1compat.migration.meaning.base import Part, Question, Reading, Source, by_scope
from tf1compat.names.reasons import Kind

__all__ = ["Lstm"]

_BY_GRAPH = Kind("lstm_graph", "the graph splits {kernel} into the gates of an LSTM")
_BY_NAME = Kind("lstm_name", "{kernel} has the gates of 1.15's cells of that name")

# What 1.x's cells call their scope; the graph isn't asked where it tells.
_CELL = re.compile(
    r"(?:basic_lstm|lstm|lstm_block|lstm_block_fused|cudnn_compatible_lstm)_cell(?:_\d+)?"
    r"|BasicLSTMCell|LSTMCell|LSTMBlockCell|LSTMBlockFusedCell|lstm_fused_cell"
)
_NO_CONSTANT = "cudnn_compatible_lstm_cell"  # its forget_bias is 0
_KERNELS = ("kernel", "weights", "Matrix", "W", "W_0")
_BIASES = ("bias", "biases", "Bias", "b", "B")
_OTHERS = ("w_f_diag", "w_i_diag", "w_o_diag", "projection")
_LAYER = "an LSTM of its sizes"
_KERAS = (INPUT, FORGET, CANDIDATE, OUTPUT)
_ASKS = (
    "an LSTM cell of 1.x adds forget_bias to its forget gate, and no file says how much without "
    "the graph; BasicLSTMCell and LSTMCell add 1.0 unless they are told otherwise: say "
    "forget_bias=1.0"
)

_MORE = (
    "an LSTM cell of 1.x with peepholes or a projection is no LSTM of Keras', which has neither: "
    "write a cell of your own, and say by rules what goes where"
)


class Lstm(Reading):
    """BasicLSTMCell, LSTMCell, LSTMBlockCell, LSTMBlockFusedCell, CudnnCompatibleLSTMCell."""

    name = "lstm"
    kinds = (_BY_GRAPH, _BY_NAME)

    def read(self, source: Source) -> Iterator[Part | Question]:
        known = source.uses.lstm if source.uses is not None else {}
        for name, gates in known.items():
            if name in source.entries:
                more = _more(source, source.entries[name].name.scope)
                if more:
                    yield Question((name, *more), _MORE)
                else:
                    yield from _parts(source, gates, _BY_GRAPH)
        for scope, held in by_scope(source.entries).items():
            found = _named(scope, held)
            if found is None or found[0].key in known:
                continue
            kernel, bias = found
            more = _more(source, scope)
            if more:
                yield Question((kernel.key, *([bias.key] if bias else []), *more), _MORE)
                continue
            added = 0.0 if _NO_CONSTANT in scope else source.assumptions.forget_bias
            if added is None:
                yield Question((kernel.key, *([bias.key] if bias else [])), _ASKS)
            else:
                named = LstmGates(kernel.key, bias.key if bias else "", added)
                yield from _parts(source, named, _BY_NAME)


def _named(scope: str, held: dict[str, Entry]) -> tuple[Entry, Entry | None] | None:
    """Returns kernel and bias of a scope that is called as a cell; None for any other.

    ``BasicLSTMCell/Linear/Matrix`` is what the first releases wrote.
    """
    levels = scope.split("/")
    if levels[-1] == "Linear":
        levels.pop()
    if not levels or not _CELL.fullmatch(levels[-1]):
        return None
    kernel = next((held[leaf] for leaf in _KERNELS if leaf in held), None)
    bias = next((held[leaf] for leaf in _BIASES if leaf in held), None)
    return (kernel, bias) if kernel is not None and _is_kernel(kernel) else None


def _more(source: Source, scope: str) -> list[str]:
    """Returns the peepholes of a cell, and the projection of its output that it goes on with.

    1.x made ``w_f_diag`` beside the kernel, and ``projection/kernel`` in a scope of its own.
    """
    places = tuple(f"{scope}/{other}" for other in _OTHERS)
    return [
        key
        for key, entry in source.entries.items()
        if entry.name.full.startswith(tuple(f"{place}/" for place in places))
        or entry.name.full in places
    ]


def _is_kernel(kernel: Entry) -> bool:
    return (
        len(kernel.shape) == 2
        and kernel.shape[1] % 4 == 0
        and kernel.shape[0] > kernel.shape[1] // 4
    )


def _parts(source: Source, gates: LstmGates, kind: Kind) -> Iterator[Part]:
    kernel = source.entries[gates.kernel]
    if not _is_kernel(kernel):
        return
    scope, because = kernel.name.scope, kind.because(kernel=kernel.key)
    blocks = f"blocks({', '.join(str(gates.order.index(gate)) for gate in _KERAS)})"
    rows, columns = kernel.shape
    # 1.x multiplies [inputs, state] by one kernel: the inputs' rows come first.
    inputs = rows - columns // 4
    for role, start, stop in (("kernel", 0, inputs), ("recurrent_kernel", inputs, rows)):
        yield Part(
            f"{scope}/{role}",
            scope,
            role,
            (stop - start, columns),
            (kernel.key,),
            f"split(0, {start}, {stop}) | {blocks}",
            _LAYER,
            because,
        )
    if gates.bias in source.entries:
        # 1.x adds it at each step and stores it nowhere; in Keras it is part of the bias.
        added = f" | forget_bias({gates.forget_bias})" if gates.forget_bias else ""
        layout, shape = f"{blocks}{added}", (columns,)
        yield Part(f"{scope}/bias", scope, "bias", shape, (gates.bias,), layout, _LAYER, because)
