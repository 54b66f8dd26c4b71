"""A v1 graph cut down to some outputs, which runs on any values of its variables.

No saver, initializer or restore op of the graph is run: variables are assigned what they are given.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from tf1compat.checkpoint import Entry, MetaVariable
from tf1compat.errors import UsageError
from tf1compat.files.dtypes import half_rounding
from tf1compat.migration.verification.reference._interruptible import interruptible
from tf1compat.migration.verification.reference._protos import dtype_of
from tf1compat.migration.verification.reference._tensor_sizes import require_small_tensors
from tf1compat.migration.verification.reference.channel_order import turn
from tf1compat.migration.verification.reference.clips import clips_of
from tf1compat.migration.verification.reference.cutting import cut_graph
from tf1compat.migration.verification.reference.graph_file import GraphFile
from tf1compat.migration.verification.reference.input_specs import input_specs
from tf1compat.migration.verification.reference.safe_ops import DRAWING_OPS
from tf1compat.names.first_line import first_line
from tf1compat.names.graph_names import op_name, tensor_name
from tf1compat.names.op_types import REFERENCE_VARIABLE_OPS, VARIABLE_OPS

__all__ = ["ReferenceGraph", "saved_as"]


class ReferenceGraph:
    """The part of a v1 graph that computes some outputs.

    Attributes:
      inputs: the placeholders that are needed.
      variables: the variables that are needed, by the name that a checkpoint has them under.
      notes: how it was changed to compute as it does when it doesn't train.
      clips: what clips at constants on the way.
      size: bytes of it in a file.
      rounding: how far it may be from the same in float32, relative to the outputs' scale.
      seconds: how long a run may take; a file may hold a loop that never ends.
    """

    seconds: ClassVar[float] = 600.0

    def __init__(
        self,
        graph: GraphFile,
        outputs: Sequence[str],
        *,
        fed: Iterable[str] = (),
        allowed: Iterable[str] = (),
    ) -> None:
        """Imports the part of a graph that computes `outputs`.

        Args:
          graph: the whole graph.
          outputs: names of tensors, ``:0`` understood.
          fed: names of tensors that will be given; placeholders needn't be named.
          allowed: op types to run beside those that are known to be harmless.

        Raises:
          UsageError: it has no such tensor, or needs ops that aren't known to be harmless or that
            this TensorFlow doesn't have.
        """
        import tensorflow as tf

        self._path = graph.path
        self._outputs = tuple(outputs)
        graph.require([*outputs, *fed])
        whole, self.notes = graph.inference
        part = cut_graph(whole, outputs=outputs, fed=fed, allowed=allowed)
        self.notes = (*self.notes, *_drawn(part))
        self.clips = clips_of(part.node)
        self.size = part.ByteSize()
        types = {node.attr["T"].type for node in part.node if node.op not in ("Cast", "Const")}
        self.rounding = max((half_rounding(dtype_of(one)) for one in types), default=0.0)
        self._channels_first = any(_has_channels_first(node) for node in part.node)
        self._graph = tf.Graph()
        with self._graph.as_default():
            try:
                tf.compat.v1.import_graph_def(part, name="")
            except (ValueError, KeyError, tf.errors.OpError) as error:
                raise UsageError(f"{self._path}: the graph can't be imported: {error}") from error
        require_small_tensors(self._graph, file=self._path, size=whole.ByteSize())
        held = [node.name for node in part.node if node.op in VARIABLE_OPS]
        self._held = {op: graph.variables[op] for op in held}
        self.inputs = input_specs(part)
        names = (saved_as(variable)[0] for variable in self._held.values())
        self.variables = tuple(dict.fromkeys(names))

    @functools.cached_property
    def _made(self) -> tuple[Mapping[str, Any], list[_Assign]]:
        """What is fetched for each output's tensor, and how the variables get values.

        Made when it first runs, which a graph may never do.
        """
        import tensorflow as tf

        fetched = {tensor_name(name): self._tensor(name) for name in self._outputs}
        with self._graph.as_default():
            if self._channels_first:  # an op that is fetched itself isn't rewritten
                fetched = {name: tf.identity(tensor) for name, tensor in fetched.items()}
            made = [_assign(self._graph, op, variable) for op, variable in self._held.items()]
        self._graph.finalize()
        return fetched, made

    def values(self, checkpoint: Mapping[str, Entry]) -> Mapping[str, np.ndarray]:
        """Returns what a checkpoint holds for the variables that are needed."""
        return {name: checkpoint[name].read() for name in self.variables}

    def floating(self) -> list[str]:
        """Returns the outputs of a floating dtype."""
        return [n for n in self._outputs if self._tensor(n).dtype.is_floating]

    def alike(self, shapes: Iterable[Sequence[int]]) -> list[str]:
        """Returns the outputs that are floating and may be of one of these shapes.

        Where none may be, those whose first axes may be such a shape's, joined or parted.
        """
        names = self.floating()
        found: set[str] = set()
        for shape in map(tuple, shapes):
            exact = [n for n in names if self._may_be(n, shape)]
            found.update(exact or [n for n in names if self._may_fold(n, shape)])
        return [name for name in names if name in found]

    def _may_be(self, name: str, shape: Sequence[int]) -> bool:
        own = self._tensor(name).shape
        return own.rank is None or turn(own.as_list(), shape) is not None

    def _may_fold(self, name: str, shape: Sequence[int]) -> bool:
        own = self._tensor(name).shape
        return bool(own.rank and shape) and own[-1:].is_compatible_with(shape[-1:])

    def described(self, name: str) -> tuple[str, tuple[int | None, ...] | None]:
        """Returns the dtype and the static shape of an output."""
        tensor = self._tensor(name)
        rank = tensor.shape.rank
        return tensor.dtype.name, None if rank is None else tuple(tensor.shape.as_list())

    def _tensor(self, name: str) -> Any:
        return self._graph.get_tensor_by_name(tensor_name(name))

    def run(
        self,
        inputs: Mapping[str, np.ndarray],
        values: Mapping[str, np.ndarray],
        *,
        only: Sequence[str] | None = None,
    ) -> dict[str, np.ndarray]:
        """Returns the outputs by name, with the variables holding `values`.

        Args:
          inputs: arrays by tensor name, ``:0`` understood; those that the outputs don't need, and
            others may, are left out.
          values: the variables' values by the names of :attr:`variables`.
          only: the outputs to compute; by default all.

        Raises:
          UsageError: the graph didn't run.
        """
        return self._run(inputs, values, only or self._outputs, _all_at_once)

    def run_what_runs(
        self,
        inputs: Mapping[str, np.ndarray],
        values: Mapping[str, np.ndarray],
        *,
        only: Sequence[str],
    ) -> dict[str, np.ndarray]:
        """Returns those outputs of `only` that can be computed, by name.

        Among tensors that nobody named, some need inputs of other shapes than they got: a loss
        needs labels.

        Raises:
          UsageError: none can.
        """
        return self._run(inputs, values, only, _by_halves)

    def _run(
        self,
        inputs: Mapping[str, np.ndarray],
        values: Mapping[str, np.ndarray],
        names: Sequence[str],
        fetch: Callable[[_Fetch, Sequence[str]], dict[str, np.ndarray]],
    ) -> dict[str, np.ndarray]:
        import tensorflow as tf

        ops = {op.name for op in self._graph.get_operations()}
        tensors, assigns = self._made
        feeds = {self._tensor(name): v for name, v in inputs.items() if op_name(name) in ops}
        config = _channels_last() if self._channels_first else _plainly()
        with tf.compat.v1.Session(graph=self._graph, config=config) as session:

            def computed(some: Sequence[str]) -> dict[str, np.ndarray]:
                limit = tf.compat.v1.RunOptions(timeout_in_ms=int(1000 * self.seconds))
                fetched = {name: tensors[tensor_name(name)] for name in some}
                found = interruptible(
                    lambda: session.run(fetched, feeds, options=limit), stop=session.close
                )
                return {name: np.asarray(value) for name, value in found.items()}

            try:
                for batch in _batches(assigns, values):
                    session.run([one.assign for one, _ in batch], _fed(batch))
                return fetch(computed, names)
            except tf.errors.DeadlineExceededError as error:
                raise UsageError(
                    f"{self._path}: the v1 graph didn't end within {self.seconds:g} s: a loop of "
                    "it may go on for ever; name outputs that don't need it"
                ) from error
            except (ValueError, TypeError, tf.errors.OpError) as error:
                raise UsageError(
                    f"{self._path}: the v1 graph didn't run: {first_line(error)}"
                ) from error


def _drawn(part: Any) -> Iterator[str]:
    """Yields what is to be said of a graph that draws even where it doesn't train."""
    names = [node.name for node in part.node if node.op in DRAWING_OPS]
    if names:
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        yield (
            f"the graph draws at random: {names[0]}{more}; --feed={names[0]}=VALUE says what it is "
            "where nothing is drawn"
        )


def _plainly() -> Any:
    """Returns the configuration of a session that runs a graph as it stands.

    Rewriting a graph that runs once or twice takes longer than running it.
    """
    import tensorflow as tf

    config = tf.compat.v1.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    config.graph_options.optimizer_options.opt_level = -1
    return config


def _channels_last() -> Any:
    """Returns the configuration of a session that runs channels first by channels last.

    Graphs that were made for a GPU have channels first; CPUs without oneDNN's convolutions have no
    kernels for it.
    """
    import tensorflow as tf

    config = tf.compat.v1.ConfigProto()
    options = config.graph_options.rewrite_options
    options.optimizers.append("layout")
    options.cpu_layout_conversion = options.NCHW_TO_NHWC
    options.min_graph_nodes = -1  # small graphs aren't rewritten else
    config.graph_options.optimizer_options.opt_level = -1
    return config


def _has_channels_first(node: Any) -> bool:
    return "data_format" in node.attr and node.attr["data_format"].s in (b"NCHW", b"NCDHW")


_Fetch = Callable[[Sequence[str]], dict[str, np.ndarray]]


def _all_at_once(fetch: _Fetch, names: Sequence[str]) -> dict[str, np.ndarray]:
    return fetch(names)


def _by_halves(fetch: _Fetch, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Fetches what can be; raises what the last of the rest raised where nothing can."""
    import tensorflow as tf

    found: dict[str, np.ndarray] = {}
    failed: Exception | None = None
    waiting = [list(names)]
    while waiting:
        some = waiting.pop()
        try:
            found.update(fetch(some))
        except tf.errors.DeadlineExceededError:
            raise
        except (ValueError, TypeError, tf.errors.OpError) as error:
            failed = error
            if len(some) > 1:
                waiting += [some[: len(some) // 2], some[len(some) // 2 :]]
    if failed is not None and not found:
        raise failed
    return {name: found[name] for name in names if name in found}


class _Assign(NamedTuple):
    """How a variable gets the part that it holds of a saved tensor's value."""

    name: str
    part: tuple[slice, ...]
    placeholder: Any
    assign: Any

    def of(self, value: np.ndarray) -> np.ndarray:
        return value[self.part] if self.part else value


# Bytes assigned in one run, which walks through the whole graph: a run for each variable took most
# of the time. All at once, reference variables would take the memory of their values once more.
_AT_ONCE = 2**25


def _batches(
    assigns: Iterable[_Assign], values: Mapping[str, np.ndarray]
) -> Iterator[list[tuple[_Assign, np.ndarray]]]:
    """Yields variables with what they are assigned, as many at a time as are small together."""
    batch: list[tuple[_Assign, np.ndarray]] = []
    held = 0
    for one in assigns:
        part = one.of(values[one.name])
        if batch and held + part.nbytes > _AT_ONCE:
            yield batch
            batch, held = [], 0
        batch.append((one, part))
        held += part.nbytes
    if batch:
        yield batch


def _fed(batch: Iterable[tuple[_Assign, np.ndarray]]) -> dict[Any, np.ndarray]:
    return {one.placeholder: part for one, part in batch}


def _assign(graph: Any, op: str, variable: MetaVariable) -> _Assign:
    import tensorflow as tf

    tensor = graph.get_operation_by_name(op).outputs[0]
    placeholder = tf.compat.v1.placeholder(variable.dtype_name)
    if variable.op_type in REFERENCE_VARIABLE_OPS:
        assign = tf.raw_ops.Assign(ref=tensor, value=placeholder, validate_shape=False).op
    else:
        assign = tf.raw_ops.AssignVariableOp(resource=tensor, value=placeholder)
    return _Assign(*saved_as(variable), placeholder, assign)


def saved_as(variable: MetaVariable) -> tuple[str, tuple[slice, ...]]:
    """Returns the name under which a checkpoint has a variable, and where in that it is."""
    info = variable.slice_info
    if info is None:
        return variable.name, ()
    ends = (start + size for start, size in zip(info.offset, info.shape, strict=True))
    return info.full_name, tuple(map(slice, info.offset, ends))
