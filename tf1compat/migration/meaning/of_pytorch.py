"""Kernels by PyTorch's names, which stand the other way: no file tells which layer one is of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tf1compat.checkpoint import Entry
from tf1compat.migration.meaning.base import Part, Question, Reading, Source
from tf1compat.names.reasons import Kind

__all__ = ["PyTorch"]

_TURNED = Kind(
    "pytorch",
    "{kernel} is called as PyTorch's are, outputs first, and nothing here is as it stands",
)
_GATES = re.compile(r"(?:weight|bias)_(?:ih|hh)_")
_WAYS = {
    2: "PyTorch's Linear has [outputs, inputs], layout='transpose(1, 0)' for a Dense; a table is "
    "as it stands, layout='identity'",
    3: "PyTorch's Conv1d has [outputs, inputs, width], layout='transpose(2, 1, 0)' for a Conv1D",
    4: "PyTorch's Conv2d has [outputs, inputs, height, width], layout='transpose(2, 3, 1, 0)' for "
    "a Conv2D",
    5: "PyTorch's Conv3d has [outputs, inputs, depth, height, width], "
    "layout='transpose(2, 3, 4, 1, 0)' for a Conv3D",
}
_CELL = "PyTorch's recurrent layers have their gates in rows, and two biases to add"


def _attribute(name: str) -> str:
    """Returns the last of attributes that are joined by dots; "" where slashes join scopes."""
    return "" if "/" in name else name.rpartition(".")[2] * ("." in name)


class PyTorch(Reading):
    """Asks for a rule where either way would fit: a square kernel; a table that looks like one.

    A kernel of two axes is turned where the model has a weight of the turned shape and none of its
    own: then it is no table.
    """

    name = "pytorch"
    kinds = (_TURNED,)

    def read(self, source: Source) -> Iterator[Part | Question]:
        wanted = {item.shape for item in source.targets.values()}
        for name, entry in source.entries.items():
            attribute = _attribute(name)
            if _GATES.match(attribute):
                yield Question((name,), f"a rule with its layout: {_CELL}")
            elif len(entry.shape) in _WAYS and "weight" in attribute:
                turned = entry.shape[::-1]
                if len(turned) == 2 and turned in wanted and entry.shape not in wanted:
                    yield _turned(entry)
                else:
                    yield Question((name,), f"a rule with its layout: {_WAYS[len(entry.shape)]}")


def _turned(entry: Entry) -> Part:
    return Part(
        path=entry.key,
        module=entry.key.rpartition(".")[0].replace(".", "/"),
        role="kernel",
        shape=entry.shape[::-1],
        sources=(entry.key,),
        layout="transpose(1, 0)",
        layer="a dense layer",
        because=_TURNED.because(kernel=entry.key),
    )
