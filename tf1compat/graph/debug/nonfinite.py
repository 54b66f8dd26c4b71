"""Where NaN and infinity come from: the first operation that made one of finite inputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf1compat.errors import GraphError, UsageError
from tf1compat.graph.building import outermost
from tf1compat.graph.items import GraphItem, expand_parts, is_variable, require_in_graph
from tf1compat.graph.session.connection import Connection
from tf1compat.graph.types import (
    FeedDict,
    Fetches,
    GradientsAndVariables,
    Operation,
    Tensor,
    Variable,
)
from tf1compat.names.graph_names import bare_name
from tf1compat.names.op_types import READING_OPS, REFERENCE_VARIABLE_OPS, VARIABLE_OPS
from tf1compat.printable import joined

__all__ = ["NonFinite", "NonFiniteFinder", "NonFiniteReport"]

v1 = tf.compat.v1


@dataclasses.dataclass(frozen=True)
class NonFinite:
    """A tensor in which there are NaN or infinities.

    Attributes:
      name: of the variable, the tensor or (as ``gradient of w``) the gradient.
      op_name: the operation that makes it.
      op_type: its type.
      nans: number of NaN elements.
      infinities: number of infinite elements.
      size: number of elements.
      inputs: names of the watched tensors that it is computed from directly, all of them finite
        if this operation is where the trouble begins.
      begins_here: whether all of its watched inputs are finite.
    """

    name: str
    op_name: str
    op_type: str
    nans: int
    infinities: int
    size: int
    inputs: tuple[str, ...]
    begins_here: bool

    def __str__(self) -> str:
        of = f"{self.nans:,} NaN and {self.infinities:,} infinite of {self.size:,} elements"
        source = f"; its inputs {', '.join(self.inputs)} are finite" if self.inputs else ""
        begins = source if self.begins_here else "; passed on from its inputs"
        return f"{self.name} ({self.op_type} {self.op_name}): {of}{begins}"


@dataclasses.dataclass(frozen=True)
class NonFiniteReport:
    """What a :class:`NonFiniteFinder` found in one run, in topological order.

    Attributes:
      found: every watched tensor that isn't finite.
      watched: how many tensors were looked at.
    """

    found: tuple[NonFinite, ...]
    watched: int

    @property
    def first(self) -> NonFinite | None:
        """The first that isn't finite though all of its inputs are; None where all are finite."""
        beginnings = (one for one in self.found if one.begins_here)
        return next(beginnings, self.found[0] if self.found else None)

    def __bool__(self) -> bool:
        return bool(self.found)

    def __str__(self) -> str:
        if self.first is None:
            return f"all of {self.watched:,} tensors are finite"
        lines = [
            f"{len(self.found):,} of {self.watched:,} tensors aren't finite; the first is",
            f"  {self.first}",
        ]
        others = [one for one in self.found if one is not self.first]
        lines += [f"  {one}" for one in others[:20]]
        lines += [f"  ... and {len(others) - 20:,} more"] if len(others) > 20 else []
        return joined(lines)


class NonFiniteFinder:
    """Looks for NaN and infinity in everything that some tensors are computed from.

    Built once: it adds a few operations for each floating-point tensor, and nothing later. What is
    inside a while loop or a branch of a conditional can't be looked at from outside; its result is.

    Mirrors ``tf.compat.v1.add_check_numerics_ops``, which refuses graphs with control flow, stops
    at any one of the bad tensors and doesn't say which was the first.
    """

    def __init__(
        self, fetches: Iterable[Fetches], *, gradients: GradientsAndVariables = ()
    ) -> None:
        """Adds what looks at `fetches`, `gradients` and all that they are computed from.

        Args:
          fetches: tensors (the loss), variables, or operations.
          gradients: pairs of a gradient (a tensor, ``tf.IndexedSlices`` or None) and a variable,
            as ``compute_gradients`` gives them: they are called after their variable.

        Raises:
          UsageError: there is nothing of floating point to look at.
          GraphError: the graph is finalized, or something is of eager code.
        """
        given = [(_values_of(g), variable) for g, variable in gradients if g is not None]
        labels = {values.name: f"gradient of {GraphItem(v).name}" for values, v in given}
        roots = [*_roots(fetches), *(_operation(values) for values, _ in given)]
        if not roots:
            raise UsageError("expected tensors, variables or gradients to look at, found none")
        self.graph: tf.Graph = roots[0].graph
        if self.graph.finalized:
            raise GraphError("the graph is finalized: build the finder before finalizing it")
        tensors = _watchable(self.graph, _in_order(self.graph, roots))
        if not tensors:
            raise UsageError("expected something of floating point to look at, found nothing")
        self._names = [labels.get(tensor.name, _label(tensor)) for tensor in tensors]
        self._tensors = tensors
        self._inputs = _watched_inputs(tensors)
        self._counts = _count_all(self.graph, tensors)

    @property
    def watched(self) -> tuple[str, ...]:
        """Names of what is looked at, in topological order."""
        return tuple(self._names)

    def check(
        self, session: tf.compat.v1.Session, feed_dict: FeedDict | None = None
    ) -> NonFiniteReport:
        """Returns what isn't finite in one run with `feed_dict`.

        Raises:
          GraphError: the run failed: a placeholder isn't fed, a variable isn't initialized.
        """
        counts = Connection(session).run(self._counts, feed_dict=feed_dict, action="looking at")
        bad = {at for at, row in enumerate(counts) if row[0] or row[1]}
        return NonFiniteReport(
            tuple(self._describe(at, counts[at], bad) for at in sorted(bad)), len(self._tensors)
        )

    def _describe(self, at: int, row: np.ndarray, bad: set[int]) -> NonFinite:
        operation = self._tensors[at].op
        nans, infinities, size = (int(count) for count in row)
        return NonFinite(
            name=self._names[at],
            op_name=operation.name,
            op_type=operation.type,
            nans=nans,
            infinities=infinities,
            size=size,
            inputs=tuple(self._names[other] for other in self._inputs[at]),
            begins_here=not bad.intersection(self._inputs[at]),
        )


def _values_of(gradient: Any) -> Tensor:
    return gradient.values if isinstance(gradient, tf.IndexedSlices) else gradient


def _roots(fetches: Iterable[Fetches]) -> list[Operation]:
    operations = []
    for fetch in fetches:
        for part in expand_parts(fetch):
            if is_variable(part):
                require_in_graph([part])
                operations.append(_reader(part))
            elif isinstance(part, tf.Operation):
                operations.append(part)
            elif isinstance(part, tf.Tensor | tf.IndexedSlices):
                operations.append(_operation(_values_of(part)))
            else:
                raise UsageError(f"expected a tensor, variable or operation, found {part!r}")
    return operations


def _operation(tensor: Tensor) -> Operation:
    if getattr(tensor, "op", None) is None:
        raise GraphError(f"expected a tensor of a v1 graph, found one of eager code: {tensor!r}")
    return tensor.op


def _reader(variable: Variable) -> Operation:
    """Returns an operation that already reads `variable`."""
    handle: Any = variable.op.outputs[0]
    for consumer in handle.consumers():
        if consumer.type in READING_OPS:
            return consumer
    return variable.op


def _in_order(graph: tf.Graph, roots: Sequence[Operation]) -> list[Operation]:
    """Returns the operations that `roots` are computed from, themselves too, inputs first.

    Operations are made after their inputs, but for the back edges of loops, so the order in which
    they were made is a topological one.
    """
    seen: set[str] = set()
    pending = list(roots)
    while pending:
        operation = pending.pop()
        if operation.name not in seen:
            seen.add(operation.name)
            pending += [tensor.op for tensor in operation.inputs]
            pending += operation.control_inputs
    return [operation for operation in graph.get_operations() if operation.name in seen]


def _watchable(graph: tf.Graph, operations: Sequence[Operation]) -> list[Tensor]:
    return [
        tensor
        for operation in operations
        for tensor in operation.outputs
        if (tensor.dtype.base_dtype.is_floating or tensor.dtype.base_dtype.is_complex)
        # `cond` and `while_loop` forbid to fetch what is inside them (`Graph.prevent_fetching`).
        and graph.is_fetchable(tensor)
        and operation.type not in REFERENCE_VARIABLE_OPS
    ]


def _label(tensor: Tensor) -> str:
    """Returns the variable's name for what reads a variable, else the tensor's own."""
    operation = tensor.op
    if operation.type in READING_OPS and operation.inputs:
        source = operation.inputs[0].op
        if source.type in VARIABLE_OPS:
            return f"variable {source.name}"
    return bare_name(tensor.name)


def _watched_inputs(tensors: Sequence[Tensor]) -> list[list[int]]:
    places = {tensor.name: at for at, tensor in enumerate(tensors)}
    return [
        [places[source.name] for source in tensor.op.inputs if source.name in places]
        for tensor in tensors
    ]


def _count_all(graph: tf.Graph, tensors: Sequence[Tensor]) -> Tensor:
    """Returns an int64 tensor of shape [tensors, 3]: NaNs, infinities and size of each."""
    with outermost(graph, "nonfinite"):
        rows = []
        for tensor in tensors:
            # Counted where it is: three numbers cross to this device, not the tensor.
            with v1.device(tensor.device):
                rows.append(_count(tensor))
        return tf.stack(rows)


def _count(tensor: Tensor) -> Tensor:
    if tensor.dtype.base_dtype.is_complex:
        real, imaginary = tf.math.real(tensor), tf.math.imag(tensor)
        is_nan = tf.math.is_nan(real) | tf.math.is_nan(imaginary)
        is_infinite = (tf.math.is_inf(real) | tf.math.is_inf(imaginary)) & ~is_nan
    else:
        is_nan, is_infinite = tf.math.is_nan(tensor), tf.math.is_inf(tensor)
    counts = [tf.math.count_nonzero(flags, dtype=tf.int64) for flags in (is_nan, is_infinite)]
    return tf.stack([*counts, tf.size(tensor, out_type=tf.int64)])
