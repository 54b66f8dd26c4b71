"""What the graph's functions, layers and cells take and give, by name.

TensorFlow has no types that a checker could read here, so those of its objects that the package
computes with are protocols: what the package asks of them, and no more. Aliases that end in
``Like`` are what users may pass; the others are what is made of it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, overload

import numpy as np

__all__ = [
    "Activation",
    "ActivationLike",
    "BatchSize",
    "CollectionKeys",
    "Constraint",
    "ConstraintLike",
    "DType",
    "DTypeLike",
    "Device",
    "FeedDict",
    "Fetches",
    "Gradient",
    "GradientsAndVariables",
    "IndexedSlices",
    "Initializer",
    "InitializerLike",
    "IntOrInts",
    "Nested",
    "Number",
    "Operation",
    "Partitioner",
    "RNNCellLike",
    "Regularizer",
    "RegularizerLike",
    "Reuse",
    "ScopeLike",
    "Shape",
    "ShapeLike",
    "State",
    "StateSize",
    "Tensor",
    "TensorLike",
    "Training",
    "Variable",
    "VariableGetter",
    "VariableScope",
    "VariablesCollections",
]


class DType(Protocol):
    """A `tf.DType`."""

    @property
    def name(self) -> str: ...
    @property
    def base_dtype(self) -> DType: ...
    @property
    def is_floating(self) -> bool: ...
    @property
    def is_complex(self) -> bool: ...


class Shape(Protocol):
    """A static shape, `tf.TensorShape`; sizes that aren't known are None."""

    @property
    def rank(self) -> int | None: ...
    def as_list(self) -> list[int | None]: ...
    def is_fully_defined(self) -> bool: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[int | None]: ...
    @overload
    def __getitem__(self, index: int) -> int | None: ...
    @overload
    def __getitem__(self, index: slice) -> Shape: ...
    def concatenate(self, other: ShapeLike) -> Shape: ...
    def with_rank(self, rank: int) -> Shape: ...
    def assert_is_compatible_with(self, other: ShapeLike) -> None: ...


class Operation(Protocol):
    """A node of a graph, `tf.Operation`."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def graph(self) -> Any: ...
    @property
    def inputs(self) -> Sequence[Tensor]: ...
    @property
    def outputs(self) -> Sequence[Tensor]: ...
    @property
    def control_inputs(self) -> Sequence[Operation]: ...
    def get_attr(self, name: str) -> Any: ...


class Tensor(Protocol):
    """A tensor of a graph, or a variable read as one."""

    @property
    def name(self) -> str: ...
    @property
    def shape(self) -> Shape: ...
    @property
    def dtype(self) -> DType: ...
    @property
    def op(self) -> Operation: ...
    @property
    def device(self) -> str: ...
    def set_shape(self, shape: ShapeLike) -> None: ...
    def __getitem__(self, index: Any) -> Tensor: ...
    def __neg__(self) -> Tensor: ...
    def __add__(self, other: TensorLike) -> Tensor: ...
    def __radd__(self, other: TensorLike) -> Tensor: ...
    def __sub__(self, other: TensorLike) -> Tensor: ...
    def __rsub__(self, other: TensorLike) -> Tensor: ...
    def __mul__(self, other: TensorLike) -> Tensor: ...
    def __rmul__(self, other: TensorLike) -> Tensor: ...
    def __truediv__(self, other: TensorLike) -> Tensor: ...
    def __rtruediv__(self, other: TensorLike) -> Tensor: ...
    def __lt__(self, other: TensorLike) -> Tensor: ...
    def __ge__(self, other: TensorLike) -> Tensor: ...


class IndexedSlices(Protocol):
    """A `tf.IndexedSlices`: the gradient of a table, of the rows that were looked up."""

    @property
    def values(self) -> Tensor: ...
    @property
    def indices(self) -> Tensor: ...


class Variable(Tensor, Protocol):
    """A variable of a graph, of reference or resource kind, whole or partitioned."""

    @property
    def initial_value(self) -> Tensor: ...
    @property
    def initializer(self) -> Operation: ...


class VariableScope(Protocol):
    """A `tf.compat.v1.VariableScope`."""

    @property
    def name(self) -> str: ...
    @property
    def original_name_scope(self) -> str: ...
    @property
    def initializer(self) -> Initializer | None: ...
    @property
    def partitioner(self) -> Partitioner | None: ...
    @property
    def use_resource(self) -> bool | None: ...
    def set_partitioner(self, partitioner: Partitioner | None) -> None: ...


class RNNCellLike(Protocol):
    """What a cell must have to be run over time: `assert_like_rnncell` asks it of any object."""

    @property
    def state_size(self) -> Any: ...
    @property
    def output_size(self) -> Any: ...
    def zero_state(self, batch_size: BatchSize, dtype: DTypeLike) -> Any: ...
    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]: ...


Number: TypeAlias = float | Tensor
"""A number, or a scalar tensor of one: momentum, rate, probability."""

TensorLike: TypeAlias = (
    Tensor | np.ndarray | np.generic | complex | str | bytes | Sequence["TensorLike"]
)
"""What `tf.convert_to_tensor` takes."""

Nested: TypeAlias = TensorLike | Sequence["Nested"] | Mapping[str, "Nested"]
"""Tensors, or what becomes them, in tuples, lists and dicts, one within another."""

Fetches: TypeAlias = Nested | Operation | Sequence["Fetches"] | Mapping[str, "Fetches"]
"""What a session computes: tensors, variables and operations, one within another."""

FeedDict: TypeAlias = Mapping[Any, Any]
"""Values to feed, as `tf.compat.v1.Session.run` takes them, by tensors or their names."""

Gradient: TypeAlias = Tensor | IndexedSlices | None
"""A variable's gradient; None where the loss doesn't depend on it."""

GradientsAndVariables: TypeAlias = Iterable[tuple[Gradient, Variable]]
"""Pairs, as `compute_gradients` gives them."""

State: TypeAlias = Nested
"""The state of a recurrent cell: tensors [batch, size] in the structure of its `state_size`."""

StateSize: TypeAlias = int | Shape | Sequence["StateSize"] | Mapping[str, "StateSize"]
"""Sizes in the structure of a state; a size is an int, or a shape without the batch."""

BatchSize: TypeAlias = int | Tensor
"""A batch's size, known as the graph is built or at the run."""

ShapeLike: TypeAlias = Shape | Sequence[int | None] | int | None
"""A shape as users write it; an int is a vector's, None is not known."""

DTypeLike: TypeAlias = DType | np.dtype[Any] | type[Any] | str
"""What `tf.as_dtype` takes."""

IntOrInts: TypeAlias = int | Sequence[int]
"""One int for all axes, or one for each."""

Initializer: TypeAlias = Callable[..., Tensor]
"""Makes a variable's first value from (shape, dtype, partition_info)."""

InitializerLike: TypeAlias = Initializer | type[Any] | str | Mapping[str, Any] | None
"""An initializer, its class, its name, its config, or None for the default."""

Regularizer: TypeAlias = Callable[[Tensor], Tensor | None]
"""Maps weights to a scalar loss, or to None for none."""

RegularizerLike: TypeAlias = Regularizer | str | Mapping[str, Any] | None
"""A regularizer, its name, its config, or None for none."""

Constraint: TypeAlias = Callable[[Tensor], Tensor]
"""Projects weights after an update."""

ConstraintLike: TypeAlias = Constraint | str | Mapping[str, Any] | None
"""A constraint, its name, its config, or None for none."""

Activation: TypeAlias = Callable[[Tensor], Tensor]
"""Maps a tensor to one of its shape."""

ActivationLike: TypeAlias = Activation | str | None
"""An activation, its name, or None for the default."""

Partitioner: TypeAlias = Callable[..., Sequence[int]]
"""Maps (shape, dtype) to the number of parts along each axis."""

ScopeLike: TypeAlias = VariableScope | str | None
"""A variable scope, its name, or None for the default one."""

VariableGetter: TypeAlias = Callable[..., Any]
"""Gets or makes a variable; a custom getter is called with the getter below it, then as one."""

Device: TypeAlias = str | Callable[[Operation], str] | None
"""A device's name, a function that tells one for each operation, or None."""

Reuse: TypeAlias = bool | enum.Enum | None
"""True, False, `tf.compat.v1.AUTO_REUSE`, or None to inherit."""

Training: TypeAlias = int | Tensor | None
"""Whether a call trains, told as the graph is built or by a bool tensor; None is False."""

CollectionKeys: TypeAlias = Sequence[str] | str | None
"""Graph collections to file something in."""

VariablesCollections: TypeAlias = CollectionKeys | Mapping[str, CollectionKeys]
"""Collections for all variables, or for each by its name."""
