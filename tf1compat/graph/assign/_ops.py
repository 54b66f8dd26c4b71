"""The nodes of an assigner: for each variable a placeholder and an assign, and no constant."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import tensorflow as tf

from tf1compat.graph.building import outermost
from tf1compat.graph.items import GraphItem
from tf1compat.names.op_types import REFERENCE_VARIABLE_OPS

__all__ = ["AssignNodes", "PieceNodes", "boxes", "build_nodes"]

v1 = tf.compat.v1


class AssignNodes:
    """What assigns one variable (or one part).

    Attributes:
      item: the variable.
      placeholder: takes the value, of the variable's dtype and static shape.
      assign: the operation that writes it.
      pieces: for what is too large for one message, what writes and reads a piece; else None.
    """

    __slots__ = ("assign", "dtype", "item", "name", "numpy_dtype", "pieces", "placeholder", "shape")

    def __init__(self, item: GraphItem, *, in_pieces: bool) -> None:
        self.item = item
        self.name = item.name
        self.shape = item.shape
        self.dtype: tf.DType = item.value.dtype.base_dtype
        with v1.device(item.device):
            self.placeholder = v1.placeholder(self.dtype, self.shape, name="value")
            self.assign = _assign(item, self.placeholder)
            self.pieces = PieceNodes(item) if in_pieces else None


class PieceNodes:
    """What makes room for a large variable, and writes and reads one box of it at a time.

    Attributes:
      begin: placeholder of a box's first index, one int64 a dimension.
      end: placeholder of the index after its last.
      value: placeholder of the box's value.
      write: the operation that writes the box into the variable, which must have room.
      read: the tensor of the box's present value.
      room: the operation that gives the variable its full shape (of zeros).
    """

    def __init__(self, item: GraphItem) -> None:
        rank = len(item.shape or ())
        dtype = item.value.dtype.base_dtype
        self.begin = v1.placeholder(tf.int64, [rank], name="begin")
        self.end = v1.placeholder(tf.int64, [rank], name="end")
        self.value = v1.placeholder(dtype, [None] * rank, name="piece")
        self.dimensions = v1.placeholder(tf.int64, [rank], name="dimensions")
        self.zero = v1.placeholder(dtype, [], name="zero")
        zeros = tf.reshape(tf.fill(self.dimensions, self.zero), item.shape)
        self.room = _assign(item, zeros)
        strides = tf.ones_like(self.begin)
        box = {"begin": self.begin, "end": self.end, "strides": strides}
        if item.op_type in REFERENCE_VARIABLE_OPS:
            reference = item.op.outputs[0]
            self.write = tf.raw_ops.StridedSliceAssign(ref=reference, value=self.value, **box).op
        else:
            self.write = tf.raw_ops.ResourceStridedSliceAssign(
                ref=item.value.handle, value=self.value, **box
            )
        self.read = tf.strided_slice(item.value.read_value(), **box)


def build_nodes(
    graph: tf.Graph, items: Iterable[GraphItem], *, chunk_bytes: int
) -> tuple[tuple[AssignNodes, ...], Any]:
    """Adds to `graph` what assigns each of `items`, and one operation that assigns them all."""
    nodes = []
    with outermost(graph, "assigner"):
        for item in items:
            large = (item.nbytes or 0) > chunk_bytes
            with v1.name_scope(item.name):
                nodes.append(AssignNodes(item, in_pieces=large))
        together = tf.group(*[node.assign for node in nodes], name="all")
    return tuple(nodes), together


def _assign(item: GraphItem, value: Any) -> Any:
    """Returns an operation that writes `value`; a variable of no fixed shape takes a new one."""
    if item.op_type in REFERENCE_VARIABLE_OPS:
        fixed = item.value.shape.is_fully_defined()
        return v1.assign(item.value, value, validate_shape=fixed).op
    return item.value.assign(value, read_value=False)


def boxes(shape: Sequence[int], *, most: int) -> Iterator[tuple[slice, ...]]:
    """Yields indexes of boxes of at most `most` elements (at least 1) that tile `shape`.

    >>> list(boxes((3, 2), most=4))
    [(slice(0, 2, None), slice(0, 2, None)), (slice(2, 3, None), slice(0, 2, None))]
    """
    rows = _extents(shape, most)
    ranges = [
        [slice(at, min(at + step, size)) for at in range(0, size, step)]
        for size, step in zip(shape, rows, strict=True)
    ]
    yield from itertools.product(*ranges)


def _extents(shape: Sequence[int], most: int) -> list[int]:
    """Returns how long a box is in each dimension: whole at the end, one at the beginning."""
    extents = [1] * len(shape)
    for axis in reversed(range(len(shape))):
        inner = math.prod(shape[axis + 1 :])
        extents[axis] = max(1, min(shape[axis], most // max(1, inner)))
        if extents[axis] < shape[axis]:
            break
    return extents
