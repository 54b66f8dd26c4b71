"""Plain recurrent cells of 1.x: one kernel over inputs and state."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tf1compat.migration.meaning._cell_names import BIASES, KERNELS, first_of
from tf1compat.migration.meaning.base import Part, Question, Reading, Source
from tf1compat.names.reasons import Kind

__all__ = ["SimpleRnn"]

_BY_NAME = Kind("rnn_name", "{kernel} has the rows of inputs and of the state, as BasicRNNCell's")
_LAYER = "a SimpleRNN of its sizes"
# The first releases had a scope more, `BasicRNNCell/Linear/Matrix`.
_CELL = re.compile(r"(?:^|/)(?:basic_rnn_cell(?:_\d+)?|BasicRNNCell)(?:/Linear)?\Z")


class SimpleRnn(Reading):
    """BasicRNNCell onto ``SimpleRNN``."""

    name = "simple_rnn"
    kinds = (_BY_NAME,)

    def read(self, source: Source) -> Iterator[Part | Question]:
        for scope, held in source.by_scope.items():
            kernel, bias = first_of(held, KERNELS), first_of(held, BIASES)
            if kernel is None or bias is None or not _CELL.search(scope):
                continue
            rows, units = kernel.shape if len(kernel.shape) == 2 else (0, 0)
            if rows <= units:
                continue
            # One kernel of [inputs, state], the inputs' rows first; Keras has two.
            because = _BY_NAME.because(kernel=kernel.key)
            spans = (("kernel", 0, rows - units), ("recurrent_kernel", rows - units, rows))
            for role, start, stop in spans:
                layout, shape = f"split(0, {start}, {stop})", (stop - start, units)
                path = f"{scope}/{role}"
                yield Part(path, scope, role, shape, (kernel.key,), layout, _LAYER, because)
            names, path = (bias.key,), f"{scope}/bias"
            yield Part(path, scope, "bias", bias.shape, names, "identity", _LAYER, because)
