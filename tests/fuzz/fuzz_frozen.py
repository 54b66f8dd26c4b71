"""Target of frozen graphs: their values, and the graph with variables in the constants' place."""

from __future__ import annotations

import contextlib

from fuzz_graphs import fresh
from fuzz_scratch import GOLDENS
from fuzz_sources import values_of

from tf1compat.checkpoint import open_checkpoint, read_meta
from tf1compat.checkpoint.wire import varint
from tf1compat.errors import Tf1CompatError


def frozen_graph(data: bytes) -> None:
    """Values are the same twice, and the graph has a variable for each, of its dtype and shape."""
    with contextlib.suppress(Tf1CompatError):
        path = fresh("m.pb", data)
        assert values_of(path) == values_of(path)
        checkpoint = open_checkpoint(path)
        variables = read_meta(path).by_name()
        assert {*variables} == {*checkpoint}
        for name, entry in checkpoint.items():
            assert variables[name].shape == entry.shape
            assert variables[name].dtype_name == entry.dtype_name


def frozen_graph_seeds() -> list[bytes]:
    names = ("reference.pb", "resource.pb", "optimized.pb", "embedded.meta")
    paths = [GOLDENS / "frozen" / name for name in names]
    kinds = (b"\x2a\x04\0\0\x80\x3f", b"\x22\x08\0\0\0\0\0\0\0\0", b"")
    return [*map(_small, kinds), *(path.read_bytes() for path in paths)]


def _small(value: bytes) -> bytes:
    """Returns a graph of one constant of two floats, that is read as a variable is."""
    tensor = b"\x08\1" + _message(2, _message(2, b"\x08\2")) + value
    constant = _node("w", "Const", value=_message(8, tensor), dtype=b"\x30\1")
    return _message(1, constant) + _message(1, _node("w/read", "Identity", "w"))


def _node(name: str, op: str, *inputs: str, **attributes: bytes) -> bytes:
    entries = (_message(1, key.encode()) + _message(2, one) for key, one in attributes.items())
    return b"".join(
        (
            _message(1, name.encode()),
            _message(2, op.encode()),
            *(_message(3, one.encode()) for one in inputs),
            *(_message(5, entry) for entry in entries),
        )
    )


def _message(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data
