"""A v1 graph cut down to some outputs, which runs on any values of its variables.

No saver, initializer or restore op of the graph is run: variables are assigned what they are given.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tf1compat.checkpoint import Meta, MetaVariable, read_meta
from tf1compat.errors import UsageError
from tf1compat.migration.verification.reference._inference import for_inference
from tf1compat.migration.verification.reference._safe_ops import INPUT_OPS
from tf1compat.migration.verification.reference.cutting import cut_graph, op_name
from tf1compat.names import nearest_names
from tf1compat.names.op_types import REFERENCE_VARIABLE_OPS, VARIABLE_OPS

__all__ = ["InputSpec", "ReferenceGraph", "input_specs", "read_graph_def"]


_HEADINGS = ("Graph execution error", "Detected at node", "Node:", "node (")
_SAVING = frozenset(
    ("Save", "SaveSlices", "SaveV2", "Restore", "RestoreSlice", "RestoreV2", "ShardedFilename")
)


@dataclasses.dataclass(frozen=True)
class InputSpec:
    """A placeholder that the outputs need.

    Attributes:
      name: its tensor's name, with ``:0``.
      dtype: by name.
      shape: its static shape, None for sizes that are unknown; None where the rank is.
      optional: whether it has a value of its own (``tf.placeholder_with_default``).
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...] | None
    optional: bool


def read_graph_def(path: str | os.PathLike[str]) -> Any:
    """Returns the ``GraphDef`` in a ``.meta`` file; nothing of it is run.

    Raises:
      UsageError: it is none.
    """
    import tensorflow as tf

    meta = tf.compat.v1.MetaGraphDef()
    try:
        with open(path, "rb") as file:
            meta.ParseFromString(file.read())
    except Exception as error:  # protobuf's DecodeError has no public name
        raise UsageError(f"{os.fspath(path)}: expected a graph, found {error}") from error
    return meta.graph_def


def input_specs(graph_def: Any) -> tuple[InputSpec, ...]:
    """Returns the placeholders of a ``GraphDef``, but for those of its savers."""
    savers = {op_name(one) for node in graph_def.node if node.op in _SAVING for one in node.input}
    savers |= {op_name(one) for node in graph_def.node if node.name in savers for one in node.input}
    return tuple(
        _input(node) for node in graph_def.node if node.op in INPUT_OPS and node.name not in savers
    )


class ReferenceGraph:
    """The part of a v1 graph that computes some outputs.

    Attributes:
      inputs: the placeholders that are needed.
      variables: the variables that are needed, by the name that a checkpoint has them under.
      notes: how it was changed to compute as it does when it doesn't train.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        outputs: Sequence[str],
        *,
        fed: Iterable[str] = (),
        allowed: Iterable[str] = (),
    ) -> None:
        """Imports the part of the graph in a ``.meta`` file that computes `outputs`.

        Args:
          path: the ``.meta`` file.
          outputs: names of tensors, ``:0`` understood.
          fed: names of tensors that will be given; placeholders needn't be named.
          allowed: op types to run beside those that are known to be harmless.

        Raises:
          UsageError: it has no such tensor, or needs ops that aren't known to be harmless or that
            this TensorFlow doesn't have.
        """
        import tensorflow as tf

        self._path = os.fspath(path)
        self._outputs = tuple(outputs)
        whole = read_graph_def(path)
        require_tensors(whole, [*outputs, *fed], self._path)
        whole, self.notes = for_inference(whole)
        part = cut_graph(whole, outputs=outputs, fed=fed, allowed=allowed)
        self._graph = tf.Graph()
        with self._graph.as_default():
            try:
                tf.compat.v1.import_graph_def(part, name="")
            except (ValueError, KeyError, tf.errors.OpError) as error:
                raise UsageError(f"{self._path}: the graph can't be imported: {error}") from error
            slots = list(_slots(part, read_meta(path)))
            self._assigns = [_assign(self._graph, slot) for slot in slots]
        self._graph.finalize()
        self.inputs = input_specs(part)
        self.variables = tuple(dict.fromkeys(slot.name for slot in slots))

    def __contains__(self, tensor: object) -> bool:
        """Tells whether the outputs need an input."""
        return any(spec.name == tensor for spec in self.inputs)

    def floating(self) -> list[str]:
        """Returns the outputs of a floating dtype."""
        return [n for n in self._outputs if self._tensor(n).dtype.is_floating]

    def alike(self, shapes: Iterable[Sequence[int]]) -> list[str]:
        """Returns the outputs that are floating and may be of one of these shapes."""
        wanted = [tuple(shape) for shape in shapes]
        return [
            name
            for name in self.floating()
            if any(map(self._tensor(name).shape.is_compatible_with, wanted))
        ]

    def _tensor(self, name: str) -> Any:
        return self._graph.get_tensor_by_name(_full(name))

    def run(
        self,
        inputs: Mapping[str, np.ndarray],
        values: Mapping[str, np.ndarray],
        *,
        only: Sequence[str] | None = None,
    ) -> dict[str, np.ndarray]:
        """Returns the outputs by name, with the variables holding `values`.

        Args:
          inputs: arrays by tensor name, ``:0`` understood.
          values: the variables' values by the names of :attr:`variables`.
          only: the outputs to compute; by default all.

        Raises:
          UsageError: the graph didn't run.
        """
        import tensorflow as tf

        feeds = {self._tensor(name): v for name, v in inputs.items()}
        fetches = {name: self._tensor(name) for name in only or self._outputs}
        with tf.compat.v1.Session(graph=self._graph) as session:
            try:
                for slot, placeholder, assign in self._assigns:
                    session.run(assign, {placeholder: slot.of(values[slot.name])})
                return {k: np.asarray(v) for k, v in session.run(fetches, feeds).items()}
            except (ValueError, TypeError, tf.errors.OpError) as error:
                raise UsageError(
                    f"{self._path}: the v1 graph didn't run: {_telling(str(error))}"
                ) from error


def _telling(message: str) -> str:
    """Returns the first line of TensorFlow's message that tells more than where it was."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith(_HEADINGS)), lines[0])


def require_tensors(graph_def: Any, names: Iterable[str], path: str) -> None:
    """Raises UsageError where the graph has no op of one of these tensors, with the nearest."""
    ops = [node.name for node in graph_def.node]
    known = set(ops)
    for name in names:
        if op_name(name) not in known:
            near = ", ".join(nearest_names(op_name(name), ops))
            raise UsageError(
                f"{path}: expected a tensor named {_full(name)}, found none; nearest: {near}"
            )


def _full(tensor: str) -> str:
    return tensor if ":" in tensor else f"{tensor}:0"


@dataclasses.dataclass(frozen=True)
class _Slot:
    """A variable op of the graph, and which part of which saved tensor it holds."""

    op: str
    is_reference: bool
    name: str
    index: tuple[slice, ...]

    def of(self, value: np.ndarray) -> np.ndarray:
        return value[self.index] if self.index else value


def _slots(part: Any, meta: Meta) -> Iterable[_Slot]:
    described = {variable.name: variable for variable in meta.variables}
    for node in part.node:
        if node.op in VARIABLE_OPS:
            name, index = _saved_as(described[node.name])
            yield _Slot(node.name, node.op in REFERENCE_VARIABLE_OPS, name, index)


def _saved_as(variable: MetaVariable) -> tuple[str, tuple[slice, ...]]:
    info = variable.slice_info
    if info is None:
        return variable.name, ()
    ends = (start + size for start, size in zip(info.offset, info.shape, strict=True))
    return info.full_name, tuple(map(slice, info.offset, ends))


def _assign(graph: Any, slot: _Slot) -> tuple[_Slot, Any, Any]:
    """Returns the slot, a placeholder, and the op that assigns its value."""
    import tensorflow as tf

    op = graph.get_operation_by_name(slot.op)
    tensor = op.outputs[0]
    dtype = tf.DType(op.get_attr("dtype")) if not slot.is_reference else tensor.dtype.base_dtype
    placeholder = tf.compat.v1.placeholder(dtype)
    if slot.is_reference:
        return (
            slot,
            placeholder,
            tf.raw_ops.Assign(ref=tensor, value=placeholder, validate_shape=False).op,
        )
    return slot, placeholder, tf.raw_ops.AssignVariableOp(resource=tensor, value=placeholder)


def _input(node: Any) -> InputSpec:
    import tensorflow as tf

    shape = node.attr["shape"].shape
    sizes = None
    if "shape" in node.attr and not shape.unknown_rank:
        sizes = tuple(None if dim.size < 0 else dim.size for dim in shape.dim)
    return InputSpec(
        name=f"{node.name}:0",
        dtype=tf.DType(node.attr["dtype"].type).name,
        shape=sizes,
        optional=node.op == "PlaceholderWithDefault",
    )
