"""What a graph collected: variables, tensors, operations and other things, with their facts."""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf1compat.errors import GraphError, Problem, UsageError
from tf1compat.names.graph_names import bare_name
from tf1compat.names.parse import PART_MARK, parse_name

__all__ = [
    "GraphItem",
    "PartInfo",
    "expand_parts",
    "is_partitioned",
    "is_variable",
    "join_parts",
    "require_in_graph",
    "variables_and_graph",
    "variables_of",
]


_TRAINABLE = tf.compat.v1.GraphKeys.TRAINABLE_VARIABLES


class PartInfo:
    """Which box of a partitioned variable one part holds.

    Attributes:
      whole: name of the partitioned variable, without ``:0``.
      whole_shape: shape of the whole, a tuple of ints.
      offset: where the part begins, one int a dimension.
      shape: the part's own shape.
    """

    __slots__ = ("offset", "shape", "whole", "whole_shape")

    def __init__(self, info: Any) -> None:
        self.whole: str = info.full_name
        self.whole_shape: tuple[int, ...] = tuple(info.full_shape)
        self.offset: tuple[int, ...] = tuple(info.var_offset)
        self.shape: tuple[int, ...] = tuple(info.var_shape)

    @property
    def slices(self) -> tuple[slice, ...]:
        """The index of this part in an array of the whole."""
        return tuple(slice(at, at + n) for at, n in zip(self.offset, self.shape, strict=True))


class GraphItem:
    """One thing of a collection and what is known about it.

    Attributes:
      value: the variable, tensor, operation or other object itself.
      kind: ``'variable'``, ``'tensor'``, ``'operation'`` or ``'object'``.
      name: its name, without ``:0``; ``''`` for an object that has none.
    """

    def __init__(self, value: Any) -> None:
        self.value = value
        self.kind = _kind_of(value)
        self.name = _name_of(value)
        self._collections: tuple[str, ...] | None = None

    def with_collections(self, keys: tuple[str, ...]) -> GraphItem:
        """Returns it as held by the collections `keys` (sorted), whatever becomes of them."""
        if self._collections == keys:
            return self
        item = copy.copy(self)
        item._collections = keys
        return item

    @property
    def collections(self) -> tuple[str, ...]:
        """Keys of the collections that hold it, sorted.

        In the answer to a query they are as they were when asked; else as they are now.
        """
        if self._collections is not None:
            return self._collections
        graph = _graph_of(self.value)
        keys = () if graph is None else graph.get_all_collection_keys()
        return tuple(sorted(k for k in keys if isinstance(k, str) and _holds(graph, k, self.value)))

    @property
    def trainable(self) -> bool:
        """Whether an optimizer trains it by default: it is in TRAINABLE_VARIABLES."""
        if self._collections is not None:
            return _TRAINABLE in self._collections
        return _holds(_graph_of(self.value), _TRAINABLE, self.value)

    @functools.cached_property
    def shape(self) -> tuple[int | None, ...] | None:
        """Static shape, None for an unknown dimension; None where there is no static shape."""
        shape = getattr(self.value, "shape", None)
        if shape is None:
            return None
        shape = tf.TensorShape(shape)
        return None if shape.rank is None else tuple(shape.as_list())

    @functools.cached_property
    def dtype(self) -> tf.DType | None:
        """Dtype (never the ``_ref`` one), or None."""
        dtype = getattr(self.value, "dtype", None)
        return None if dtype is None else tf.as_dtype(dtype).base_dtype

    @property
    def size(self) -> int | None:
        """Number of elements, or None where the static shape doesn't tell."""
        shape = self.shape
        return None if shape is None or None in shape else math.prod(d for d in shape if d)

    @property
    def nbytes(self) -> int | None:
        """Bytes of the value; None where the shape doesn't tell or it is made of strings."""
        if self.size is None or self.dtype is None or not self.dtype.size:
            return None
        return self.size * self.dtype.size

    @property
    def op(self) -> Any:
        """The operation that makes it (for a resource variable, its handle), or None.

        None makes variables of eager code, which ``wrap_function`` files in its graphs.
        """
        if self.kind == "object":
            return None
        return self.value if self.kind == "operation" else getattr(self.value, "op", None)

    @property
    def op_type(self) -> str:
        """Type of :attr:`op`: ``VariableV2``, ``VarHandleOp``, ``Mul``; ``''`` without an op."""
        return "" if self.op is None else str(self.op.type)

    @property
    def device(self) -> str:
        """The device it was placed on by the program, ``''`` where it was not."""
        return str(getattr(self.value, "device", "") or "")

    @functools.cached_property
    def part(self) -> PartInfo | None:
        """Of a part of a partitioned variable (or of a slot of one), which; else None."""
        if self.kind != "variable" or PART_MARK not in self.name or self.op is None:
            return None
        # Its SaveSliceInfo is public in a VariableDef only; slot_creator gives it to its slots too.
        with self.op.graph.as_default():  # a resource variable refuses in eager mode
            definition = self.value.to_proto()
        if not definition.HasField("save_slice_info_def"):
            return None
        return PartInfo(definition.save_slice_info_def)

    @property
    def whole_name(self) -> str:
        """Name under which a Saver stores it: a part's is that of its partitioned variable."""
        return self.part.whole if self.part else self.name

    @property
    def whole_shape(self) -> tuple[int, ...]:
        """Static shape of the whole; ``()`` where it isn't fully known."""
        if self.part is not None:
            return self.part.whole_shape
        return tuple(size for size in self.shape or () if size is not None) if self.size else ()

    @property
    def offset(self) -> tuple[int, ...]:
        """Where a part begins in its whole; ``()`` for what is no part."""
        return () if self.part is None else self.part.offset

    @property
    def scope(self) -> str:
        """The scope it lies in, without its final slash."""
        return parse_name(self.name).scope

    def __repr__(self) -> str:
        dtype = self.dtype.name if self.dtype is not None else None
        return f"GraphItem({self.name!r}, {self.kind}, shape={self.shape}, dtype={dtype})"


def join_parts(parts: Sequence[tuple[PartInfo, np.ndarray]]) -> np.ndarray:
    """Returns the whole array of which `parts` are all the parts."""
    info, first = parts[0]
    whole = np.empty(info.whole_shape, first.dtype)
    for part, value in parts:
        whole[part.slices] = value
    return whole


def is_variable(value: Any) -> bool:
    """Returns whether `value` is a variable of a graph, reference or resource."""
    return isinstance(value, tf.Variable)


def is_partitioned(value: object) -> bool:
    """Returns whether `value` is a partitioned variable, whose class no public name reaches."""
    return not is_variable(value) and hasattr(value, "as_tensor")


def expand_parts(value: Any) -> list[Any]:
    """Returns the parts of a partitioned variable, and a list of itself for anything else."""
    return list(value) if is_partitioned(value) else [value]


def require_in_graph(variables: Iterable[Any]) -> None:
    """Raises GraphError for variables of eager code, which are in no graph and have no op."""
    remedy = "make it under `with tf.Graph().as_default():`"
    problems = [
        Problem(_name_of(value), "a variable of a v1 graph", "one of eager code", "", remedy)
        for value in variables
        if is_variable(value) and getattr(value, "op", None) is None
    ]
    if problems:
        raise GraphError.from_problems("variables that no graph has", problems)


def variables_of(variables: Iterable[Any]) -> list[Any]:
    """Returns `variables`, each part of a partitioned one by itself.

    Raises:
      UsageError: something among them is no variable, or `variables` itself is one, or a string.
      GraphError: some are of eager code.
    """
    if is_variable(variables) or isinstance(variables, str):
        raise UsageError(f"expected a query or a list of variables, found {variables!r}")
    values = [part for value in variables for part in expand_parts(value)]
    strange = [value for value in values if not is_variable(value)]
    if strange:
        raise UsageError(f"expected variables, found {strange[:3]!r}")
    require_in_graph(values)
    return values


def variables_and_graph(variables: Iterable[Any]) -> tuple[list[Any], tf.Graph]:
    """Returns :func:`variables_of`, and the graph that they are of.

    Raises:
      UsageError: as there.
      GraphError: there are none, or they are of several graphs or of eager code.
    """
    values = variables_of(variables)
    if not values:
        raise GraphError("expected variables, found none: the query found nothing")
    graph: tf.Graph = values[0].op.graph
    others = [value.op.name for value in values if value.op.graph is not graph]
    if others:
        raise GraphError(f"variables of several graphs: {values[0].op.name} and {others[0]}")
    return values, graph


def _kind_of(value: Any) -> str:
    if is_variable(value):
        return "variable"
    if isinstance(value, tf.Tensor):
        return "tensor"
    return "operation" if isinstance(value, tf.Operation) else "object"


def _graph_of(value: object) -> tf.Graph | None:
    """Returns the graph that `value` is in, None for what is in none."""
    graph = getattr(value, "graph", None)
    return graph if isinstance(graph, tf.Graph) else None


def _holds(graph: tf.Graph | None, key: str, value: object) -> bool:
    # get_collection, as get_collection_ref would make an empty collection of that key.
    filed = () if graph is None else graph.get_collection(key)
    return any(part is value for one in filed for part in expand_parts(one))


def _name_of(value: Any) -> str:
    name = value if isinstance(value, str) else getattr(value, "name", "")
    name = name.decode("utf-8", "replace") if isinstance(name, bytes) else name
    if not isinstance(name, str):
        return ""
    return bare_name(name)
