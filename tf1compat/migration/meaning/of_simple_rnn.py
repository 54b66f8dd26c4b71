"""Plain recurrent cells of 1.x: one kernel over inputs and state."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tf1compat.migration.meaning.base import Part, Question, Reading, Source, by_scope
from tf1compat.names.reasons import Kind

__all__ = ["SimpleRnn"]

_BY_NAME = Kind("rnn_name", "{kernel} has the rows of inputs and of the state, as BasicRNNCell's")
_LAYER = "a SimpleRNN of its sizes"
_CELL = re.compile(r"basic_rnn_cell(?:_\d+)?|BasicRNNCell")


class SimpleRnn(Reading):
    """BasicRNNCell onto ``SimpleRNN``."""

    name = "simple_rnn"
    kinds = (_BY_NAME,)

    def read(self, source: Source) -> Iterator[Part | Question]:
        for scope, held in by_scope(source.entries).items():
            kernel, bias = held.get("kernel"), held.get("bias")
            if kernel is None or bias is None or not _CELL.fullmatch(scope.rpartition("/")[2]):
                continue
            rows, units = kernel.shape
            # One kernel of [inputs, state], the inputs' rows first; Keras has two.
            because = _BY_NAME.because(kernel=kernel.key)
            spans = (("kernel", 0, rows - units), ("recurrent_kernel", rows - units, rows))
            for role, start, stop in spans:
                layout, shape = f"split(0, {start}, {stop})", (stop - start, units)
                path = f"{scope}/{role}"
                yield Part(path, scope, role, shape, (kernel.key,), layout, _LAYER, because)
            names, path = (bias.key,), f"{scope}/bias"
            yield Part(path, scope, "bias", bias.shape, names, "identity", _LAYER, because)
