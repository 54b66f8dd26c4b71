"""Targets of graphs, of ``.meta`` files and SavedModels: facts, flow, settings, signatures."""

from __future__ import annotations

import contextlib
import copy
import functools
import itertools
import os
from typing import NamedTuple

from fuzz_scratch import GOLDENS, written

from tf1compat.checkpoint import read_meta
from tf1compat.checkpoint.meta.scalars import UnknownNumberError
from tf1compat.checkpoint.meta.settings import read_settings
from tf1compat.checkpoint.meta.training_steps import read_training_steps
from tf1compat.checkpoint.wire import WireError, fields, varint
from tf1compat.errors import Tf1CompatError
from tf1compat.migration.verification.reference.graph_file import graph_as_data
from tf1compat.migration.verification.reference.summary import summary_beside

_COUNT = itertools.count()
_SHORT = ("stacked_layers", "depthwise", "table", "separable_2d", "classes", "nchw_flatten")
_CELLS = ("lstm_block_fused", "basic_rnn", "gru_block", "basic_lstm")
_NORMS = ("weight_norm_dense", "spectral_norm")
_OP_LIST, _OP = 2, 1  # MetaInfoDef.stripped_op_list, OpList.op


def fresh(name: str, data: bytes) -> str:
    """Writes a file; two in turn, because a reader may keep what it read last of one."""
    return written(os.path.join(f"g{next(_COUNT) % 2}", name), data)


def meta(data: bytes) -> None:
    """Facts and flow, read twice, are the same; flow and variables name what is there."""
    with contextlib.suppress(Tf1CompatError):
        found = read_meta(fresh("m.meta", data))
        if len(data) % 8 == 0:  # a graph takes its time
            again = read_meta(fresh("m.meta", data))
            assert (found.variables, found.flow) == (again.variables, again.flow)
            assert found.uses == again.uses
        names = {variable.name for variable in found.variables}
        assert len(names) == len(found.variables), "two variables of one name"


def meta_seeds() -> list[bytes]:
    paths = [GOLDENS / "meanings" / name / "model.ckpt.meta" for name in _SHORT]
    paths += [GOLDENS / "cells" / name / "model.ckpt.meta" for name in _CELLS]
    paths += [GOLDENS / "norms" / name / "model.ckpt.meta" for name in _NORMS]
    return [_tiny(), _calling(), *(_slim(path.read_bytes()) for path in paths)]


def _tiny() -> bytes:
    """Returns a graph of one dense layer: of a small one, many more mutations can be tried."""
    nodes = [
        *_HELD,
        _node("product", "MatMul", "x", "w/read"),
        _node("sum", "BiasAdd", "product", "b/read"),
        _node("out", "Relu", "sum:0", "^x"),
    ]
    variables = [_variable(name) for name in (b"w", b"b")]
    collection = _message(1, b"trainable_variables") + _message(2, _message(2, b"".join(variables)))
    return _message(2, b"".join(_message(1, node) for node in nodes)) + _message(4, collection)


def _calling() -> bytes:
    """Returns a graph that does so within a function, which it calls."""
    arguments = b"".join(_message(2, _message(1, name) + b"\x18\1") for name in (b"a", b"k", b"c"))
    signature = _message(1, b"dense") + arguments + _message(3, _message(1, b"y") + b"\x18\1")
    body = [
        _node("product", "MatMul", "a", "k"),
        _node("sum", "BiasAdd", "product:product:0", "c"),
    ]
    result = _message(4, _message(1, b"y") + _message(2, b"sum:output:0"))
    function = _message(1, signature) + b"".join(_message(3, one) for one in body) + result
    call = _node("call", "PartitionedCall", "x", "w/read", "b/read")
    call += _message(5, _message(1, b"f") + _message(2, _message(10, _message(1, b"dense"))))
    nodes = [*_HELD, call, _node("out", "Relu", "call:0")]
    graph = b"".join(_message(1, node) for node in nodes) + _message(2, _message(1, function))
    ops = (
        b"Placeholder",
        b"VariableV2",
        b"Identity",
        b"MatMul",
        b"BiasAdd",
        b"PartitionedCall",
        b"Relu",
    )
    listed = b"".join(_message(_OP, _message(1, op)) for op in ops)
    return _message(1, _message(_OP_LIST, listed)) + _message(2, graph)


def _variable(name: bytes) -> bytes:
    told = _message(1, name + b":0") + _message(2, b"x") + _message(3, name + b"/read:0")
    return _message(1, told)


def _node(name: str, op: str, *inputs: str, shape: tuple[int, ...] | None = None) -> bytes:
    out = _message(1, name.encode()) + _message(2, op.encode())
    out += b"".join(_message(3, one.encode()) for one in inputs)
    out += _message(5, _message(1, b"dtype") + _message(2, b"\x30\1"))
    if shape is not None:
        sizes = b"".join(_message(2, b"\x08" + varint(size)) for size in shape)
        out += _message(5, _message(1, b"shape") + _message(2, _message(7, sizes)))
    return out


def _message(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def _kept(data: bytes, changes) -> bytes:
    """Returns a message with the fields that `changes` has numbers of changed by its functions."""
    out, ends = b"", [*[field.offset for field in fields(data)][1:], len(data)]
    for field, end in zip(fields(data), ends, strict=True):
        change = changes.get(field.number)
        if change is None:
            out += data[field.offset : end]
        else:
            out += _message(field.number, change(bytes(field.message())))
    return out


def _slim(graph: bytes) -> bytes:
    """Returns a MetaGraphDef with the names alone of its ops' definitions, which are half of it."""
    name = functools.partial(_only, number=1)
    ops = functools.partial(_kept, changes={_OP: name})
    return _kept(graph, {1: functools.partial(_kept, changes={_OP_LIST: ops})})


def _only(data: bytes, number: int) -> bytes:
    return b"".join(
        _message(number, bytes(f.message())) for f in fields(data) if f.number == number
    )


_HELD = (
    _node("x", "Placeholder"),
    *(_node(name, "VariableV2", shape=shape) for name, shape in (("w", (2, 3)), ("b", (3,)))),
    *(_node(f"{name}/read", "Identity", name) for name in ("w", "b")),
)


def training_graph(data: bytes) -> None:
    """Steps are of variables with names; each setting is a number, or isn't known."""
    found = read_training_steps(fresh("m.meta", data))
    if found is None:
        return
    tensors = [one for step in found.steps for one in step.settings.values()]
    for tensor in [*tensors, *found.decays.values()][:20]:
        with contextlib.suppress(UnknownNumberError):
            assert isinstance(found.scalars.value(tensor, lambda name: 3), float)


def training_graph_seeds() -> list[bytes]:
    nodes = [
        *_HELD,
        _node("m", "VariableV2", shape=(3,)),
        _constant("rate"),
        _node("step", "Cast", "x"),
        _node("true", "Switch", "rate", "x"),
        _node("product", "Mul", "rate", "true:1"),
        _node("merged", "Merge", "product", "step"),
        _node("train", "ApplyMomentum", "b", "m", "merged", "x", "rate"),
        _node("gap", "Sub", "b", "x"),
        _node("part", "Mul", "gap", "rate"),
        _node("average", "AssignSub", "m", "part"),
    ]
    return [_message(2, b"".join(_message(1, node) for node in nodes))]


def _constant(name: str) -> bytes:
    value = b"\x08\1" + _message(2, b"") + _message(5, b"\0\0\x80\x3f")
    return _node(name, "Const") + _message(
        5, _message(1, b"value") + _message(2, _message(8, value))
    )


def meta_settings(data: bytes) -> None:
    """What stands around each variable is answered, or nothing is."""
    path = fresh("m.meta", data)
    settings = read_settings(path)
    if settings is None:
        return
    with contextlib.suppress(Tf1CompatError):
        for variable in read_meta(path).variables[:20]:
            for ask in (
                settings.of_convolution,
                settings.of_norm,
                settings.of_gates,
                settings.afterwards,
            ):
                assert all(
                    isinstance(values, frozenset) for values in ask([variable.name]).values()
                )


def meta_settings_seeds() -> list[bytes]:
    return meta_seeds()


def graph_as_objects(data: bytes) -> None:
    """What a graph takes and gives is told, or what is wrong with it; a copy tells the same."""
    path = fresh("m.meta", data)
    with contextlib.suppress(Tf1CompatError, WireError):
        graph = graph_as_data(path)
        found = [(one.name, one.op, *one.input) for one in graph.graph_def.node]
        again = [(one.name, one.op, *one.input) for one in copy.deepcopy(graph.graph_def).node]
        assert found == again
        assert isinstance(graph.inference[1], tuple)
    with contextlib.suppress(Tf1CompatError):
        for one in summary_beside(Beside(path)).outputs:
            assert one.name.endswith(":0")


class Beside(NamedTuple):
    """A checkpoint, of which the graph is looked at alone."""

    graph_path: str


def graph_as_objects_seeds() -> list[bytes]:
    return meta_seeds()


def saved_model(data: bytes) -> None:
    """A file that is called as a SavedModel's is."""
    path = fresh("saved_model.pb", data)
    with contextlib.suppress(Tf1CompatError):
        assert read_meta(path).path == path
    read_settings(path)


def saved_model_seeds() -> list[bytes]:
    wrapped = [b"\x08\1" + _message(2, one) for one in meta_seeds()[:2]]
    return [(GOLDENS / "saved_model" / "saved_model.pb").read_bytes(), *wrapped]
