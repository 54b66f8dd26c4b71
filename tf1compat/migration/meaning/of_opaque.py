"""Parameters of contrib's Cudnn layers in one buffer, as CuDNN has them in single precision."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.meta.graph_uses import OpaqueRecurrent
from tf1compat.migration.meaning._opaque_layers import stacks_of_size
from tf1compat.migration.meaning.base import Part, Question, Reading, Source
from tf1compat.migration.meaning.opaque_stack import GRU_GATES, LSTM_GATES, OpaqueStack
from tf1compat.names.reasons import Kind

__all__ = ["Opaque", "canonical_scopes"]

_BY_SIZE = Kind(
    "cudnn_buffer", "{buffer} has the {size} parameters of {stack} as CuDNN lays them out"
)
_BY_GRAPH = Kind(
    "cudnn_buffer_graph", "the graph runs CuDNN's {mode} with {buffer}: {stack} as it lays them out"
)

# What layers call it, and what code around the ops did, such as the PTB tutorial.
_LEAVES = ("opaque_kernel", "opaque_params", "cudnn_params", "lstm_params", "gru_params")
_GATES = {"lstm": LSTM_GATES, "gru": GRU_GATES, "rnn_tanh": 1, "rnn_relu": 1}
_BESIDE = (
    "CuDNN's parameters in one buffer, and in canonical form beside it, but not with the same "
    "numbers: drop one of both by a rule"
)


class Opaque(Reading):
    """Buffers that the graph runs CuDNN with, or just as long as the model's own stack needs.

    Where several stacks of the model's would be as long, the user has to say which it is. A Saver
    without a list saves the canonical form, too; then that is taken.
    """

    name = "cudnn_buffer"
    kinds = (_BY_SIZE, _BY_GRAPH)

    def read(self, source: Source) -> Iterator[Part | Question]:
        known = source.uses.opaque if source.uses is not None else {}
        for name, entry in source.entries.items():
            if len(entry.shape) == 1 and (name in known or entry.name.leaf in _LEAVES):
                if any(canonical_scopes(entry, source.entries.values())):
                    yield Question((name,), _BESIDE)
                else:
                    yield from _read(entry, known.get(name), source)


def canonical_scopes(buffer: Entry, entries: Iterable[Entry]) -> Iterator[str]:
    """Yields the scopes of the cells, one a direction, that a buffer's saveable has written."""
    within = f"{buffer.name.scope}/" if buffer.name.scope else ""
    cells = re.compile(
        re.escape(within) + r"(?:rnn/multi_rnn_cell/cell_\d+"
        r"|stack_bidirectional_rnn/cell_\d+/bidirectional_rnn/[fb]w)"
        r"/(?:cudnn_compatible_(?:lstm|gru)|basic_rnn)_cell(?=/)"
    )
    found = (cells.match(entry.name.full) for entry in entries)
    yield from dict.fromkeys(match[0] for match in found if match)


def _read(entry: Entry, told: OpaqueRecurrent | None, source: Source) -> Iterator[Part | Question]:
    if told is not None and (told.projected or told.input_mode == "skip_input"):
        yield Question((entry.key,), _other(told))
        return
    size = entry.shape[0]
    found = stacks_of_size(size, source.targets, source.target_flow)
    if told is not None:
        found = [stack for stack in found if _is(stack, told)]
        if told.sizes and told.mode in _GATES:  # whatever the model has
            layers, units, inputs = told.sizes
            one = OpaqueStack(_GATES[told.mode], told.directions, layers, units, inputs)
            found = [one] if one.size == size else []
    if len(found) != 1:
        yield Question((entry.key,), _asks(size, found))
        return
    stack = str(found[0])
    because = _BY_SIZE.because(buffer=entry.key, size=size, stack=stack)
    if told is not None:
        because = _BY_GRAPH.because(mode=told.mode, buffer=entry.key, stack=stack)
    yield from found[0].parts(entry.key, entry.name.scope, because)


def _is(stack: OpaqueStack, told: OpaqueRecurrent) -> bool:
    return (stack.gates, stack.directions) == (_GATES.get(told.mode), told.directions)


def _other(told: OpaqueRecurrent) -> str:
    what = "a projection" if told.projected else "no matrices for the inputs of its first layer"
    return f"CuDNN's {told.mode} with {what} is no layer of Keras': drop it by a rule"


def _asks(size: int, fitting: list[OpaqueStack]) -> str:
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
