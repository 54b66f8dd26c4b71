"""Targets of graphs as text and of constants' values, beside TensorFlow's own readers of both."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf
from fuzz_scratch import GOLDENS
from google.protobuf import text_format

from tf1compat.checkpoint.meta._graph_text import binary_of
from tf1compat.checkpoint.slices import parse_shape
from tf1compat.checkpoint.stored_types import stored_type
from tf1compat.checkpoint.tensor_proto import decode_constant
from tf1compat.checkpoint.wire import WireError
from tf1compat.errors import Tf1CompatError

_SKIPPED = ("debug_info", "experimental_type", "registered_gradients", "arg_attr", "deprecation")
_MOST = 1 << 16


def graph_text(data: bytes) -> None:
    """What is read is what protobuf reads, of what both take for a graph."""
    try:
        found = binary_of(data)
        expected = text_format.Parse(data.decode(), tf.compat.v1.GraphDef())
    except (WireError, UnicodeDecodeError, text_format.ParseError):
        return
    if not any(name.encode() in data for name in _SKIPPED):
        assert tf.compat.v1.GraphDef.FromString(found) == expected


def graph_text_seeds() -> list[bytes]:
    whole = (GOLDENS / "frozen" / "reference.pbtxt").read_text()
    nodes = ["node {" + one for one in whole.split("node {")[1:]]
    forms = (
        r"""node { name: 'a' "\n\x41\101" input: ["b", "^c"] attr { key: "x" value { b: t } } }""",
        'node { attr { key: "f" value { f: -1.5e3 } } attr { key: "i" value { i: 0x1F } } }',
        "versions < producer: 134, bad_consumers: [1, 2]; > # all\n",
        'node { attr { key: "l" value { list { type: DT_HALF shape { dim { size: -1 } } } } } }',
    )
    return [one.encode() for one in (*nodes[:12], *forms)]


def constant_values(data: bytes) -> None:
    """A TensorProto's elements are those that `tf.make_ndarray` finds, where both take it."""
    proto = tf.compat.v1.summary.Summary.Value().tensor
    try:
        proto.ParseFromString(data)
        shape = parse_shape(memoryview(proto.tensor_shape.SerializeToString()))
    except Exception:  # protobuf's DecodeError has no public name
        return
    count, stored = math.prod(shape), stored_type(proto.dtype)
    if count > _MOST or not stored.is_readable or proto.tensor_shape.unknown_rank:
        return
    try:
        found = decode_constant(memoryview(data), stored=stored, count=count).reshape(shape)
        expected = tf.make_ndarray(proto)
    except (WireError, Tf1CompatError, ValueError, TypeError, OverflowError):
        return
    if stored.is_string:
        held, meant = [*found.flat], [*expected.flat]
        assert held == meant or not proto.string_val  # "" there
    elif not stored.name.startswith(("q", "float8")):
        assert found.dtype == expected.dtype
        bits, meant = found.tobytes(), expected.tobytes()
        assert bits == meant or np.isnan(found).any(), (found, expected)


def constant_values_seeds() -> list[bytes]:
    arrays = [np.arange(6).reshape(2, 3).astype(d) for d in ("f4", "f8", "i4", "i8", "u1", "c8")]
    arrays += [np.array([True, False]), np.array(["a", "bc"]), np.full(5, 2, "f2")]
    protos = [tf.make_tensor_proto(one) for one in arrays]
    listed = tf.make_tensor_proto(np.float32(3))
    for size in (2, 2):
        listed.tensor_shape.dim.add().size = size
    kinds = ("float_val", "half_val", "int_val", "uint64_val", "bool_val", "dcomplex_val")
    numbers = (1, 19, 3, 23, 10, 18)
    others = [_listed(kind, number) for kind, number in zip(kinds, numbers, strict=True)]
    return [one.SerializeToString() for one in (*protos, listed, *others)]


def _listed(kind: str, dtype: int):
    proto = tf.make_tensor_proto(np.float32(3))
    proto.Clear()
    proto.dtype = dtype
    proto.tensor_shape.dim.add().size = 3
    getattr(proto, kind).extend([1, 1] if kind != "dcomplex_val" else [1, 2])
    return proto
