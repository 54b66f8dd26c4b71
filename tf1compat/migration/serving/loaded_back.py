"""A SavedModel that was written, as TensorFlow itself loads it, before it takes its place.

Loading restores variables and fills tables: it runs what the file says. So the ops of that are
looked at first; where one may do more, or this TensorFlow lacks one, nothing is loaded, and that is
said. What can't be wrong here, an op that only a GPU has, is no error.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from tf1compat.checkpoint import Checkpoint, open_checkpoint
from tf1compat.checkpoint.bundle.file_names import SAVED_MODEL
from tf1compat.checkpoint.comparing import same_bits
from tf1compat.errors import OutputError, Problem, UsageError
from tf1compat.migration.serving._made_inputs import made_inputs
from tf1compat.migration.verification.reference.cutting import cut_graph
from tf1compat.migration.verification.reference.graph_file import GraphFile, read_graph
from tf1compat.migration.verification.reference.reference_graph import saved_as
from tf1compat.migration.verification.reference.safe_ops import SAFE_OPS
from tf1compat.migration.verification.reference.signatures import Signature
from tf1compat.migration.verification.reference.tensorflow_here import require_tensorflow
from tf1compat.names.first_line import first_line
from tf1compat.names.graph_names import op_name
from tf1compat.names.op_types import REFERENCE_VARIABLE_OPS
from tf1compat.names.sizes import human_bytes

__all__ = ["ReadBack"]

_NO_KERNEL = re.compile(r"No OpKernel was registered to support Op '(?P<op>\w+)'")
_LARGE = 1_000_000_000  # bytes of variables, of which loading holds all
_SECONDS = 60  # of a signature's run; a file may hold a loop that never ends
# What restores variables and fills tables from a SavedModel's own files.
_TABLES = frozenset(
    (
        *("HashTable", "HashTableV2", "LookupTableFind", "LookupTableFindV2"),
        *("LookupTableSize", "LookupTableSizeV2"),
    )
)
_LOADING = _TABLES | {
    *("Assign", "AssignVariableOp", "RestoreV2", "ShardedFilename", "StringJoin"),
    "DisableCopyOnRead",  # TensorFlow 2 says so of what it saves and restores
    *("InitializeTable", "InitializeTableV2", "LookupTableImport", "LookupTableImportV2"),
    *("InitializeTableFromTextFile", "InitializeTableFromTextFileV2"),
}
# What a signature that takes texts computes with them.
_TEXTS = frozenset(
    (
        *("AsString", "ReduceJoin", "StringJoin", "StringLength", "StringLower", "StringSplit"),
        *("StringSplitV2", "StringStrip", "StringToHashBucket", "StringToHashBucketFast"),
        *("StringToHashBucketStrong", "StringToNumber", "StringUpper", "Substr"),
    )
)
_INITIALIZERS = ("saved_model_main_op", "legacy_init_op")  # as 1.15's loader looks for them
_INITIALIZED = "__saved_model_init_op"


class ReadBack:
    """Has TensorFlow load a folder, and compares what its variables hold with what was written.

    Attributes:
      notes: what is to be said of it.
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        """Takes the types of ops that are run beside those that are known to be harmless."""
        self._allowed = frozenset(allowed)
        self.notes: tuple[str, ...] = ()

    def __call__(self, folder: str, name: str) -> None:
        """Looks at a folder, of which errors speak by a name.

        Raises:
          OutputError: TensorFlow can't restore it, or restores other values.
        """
        self.notes = tuple(self._told(folder, name))

    def _told(self, folder: str, name: str) -> Iterator[str]:
        try:
            require_tensorflow()
            graph = read_graph(os.path.join(folder, SAVED_MODEL))
            written = open_checkpoint(folder)
            self._require_loadable(graph, written)
        except UsageError as error:
            yield f"not loaded by TensorFlow: {error.message}"
            return
        yield from self._loaded(folder, name, graph, written)

    def _require_loadable(self, graph: GraphFile, written: Checkpoint) -> None:
        """Raises UsageError where it isn't to be loaded, or can't be."""
        size = sum(entry.nbytes for entry in written.values())
        if size > _LARGE:
            raise UsageError(f"that holds {human_bytes(size)} of variables in memory")
        if unknown := _ops_run(graph.meta_graph) - SAFE_OPS - _LOADING - self._allowed:
            raise UsageError(
                f"that would run ops that may do more than restore: {', '.join(sorted(unknown))}"
            )
        _require_importable(graph)

    def _loaded(
        self, folder: str, name: str, graph: GraphFile, written: Checkpoint
    ) -> Iterator[str]:
        import tensorflow as tf

        v1 = tf.compat.v1
        config = v1.ConfigProto(allow_soft_placement=True)
        tags = list(graph.meta_graph.meta_info_def.tags)
        with tf.Graph().as_default(), v1.Session(config=config) as session:
            try:
                with _unlogged():
                    v1.saved_model.load(session, tags, folder)
            except (ValueError, KeyError, RuntimeError, tf.errors.OpError) as error:
                if missing := _NO_KERNEL.search(str(error)):  # a saver may run CuDNN's ops
                    yield f"not loaded by TensorFlow: nothing here runs {missing['op']}"
                    return
                raise OutputError(
                    f"{name}: TensorFlow can't load what was written: {first_line(error)}"
                ) from error
            compared = _compared(session, graph, written, name)
            yield f"TensorFlow loads it: {compared} variables hold what was written"
            for key, signature in graph.signatures.items():
                yield self._run(session, graph, key, signature)

    def _run(self, session: Any, graph: GraphFile, key: str, signature: Signature) -> str:
        """Runs a signature, and returns what is to be said of that."""
        import tensorflow as tf

        outputs = [one.name for one in signature.outputs.values()]
        fed = [one.name for one in signature.inputs.values()]
        limit = tf.compat.v1.RunOptions(timeout_in_ms=1000 * _SECONDS)
        try:
            allowed = self._allowed | _TABLES | _TEXTS
            cut_graph(graph.graph_def, outputs=outputs, fed=fed, allowed=allowed)
            inputs = made_inputs(graph, signature)
            session.run(outputs, inputs, options=limit)
        except (UsageError, ValueError, TypeError, tf.errors.OpError) as error:
            return f"signature {key} wasn't run: {first_line(error).partition('; ')[0]}"
        return f"signature {key} runs on inputs that are made up"


@contextlib.contextmanager
def _unlogged() -> Iterator[None]:
    """Keeps what isn't an error out of TensorFlow's log: that its loader for sessions is old."""
    import tensorflow as tf

    logger = tf.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _ops_run(meta: Any) -> set[str]:
    """Returns the types of the ops that loading runs: those of the saver and of initializers."""
    nodes = {node.name: node for node in meta.graph_def.node}
    waiting = [op_name(meta.saver_def.restore_op_name)]
    for key in _INITIALIZERS:
        if key in meta.collection_def:
            waiting += map(op_name, meta.collection_def[key].node_list.value)
    if _INITIALIZED in meta.signature_def:
        signed = meta.signature_def[_INITIALIZED].outputs.values()
        waiting += [op_name(one.name) for one in signed]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in nodes and name not in seen:
            seen.add(name)
            waiting += map(op_name, nodes[name].input)
    return _with_called([nodes[name] for name in seen], meta.graph_def.library.function)


def _with_called(nodes: Iterable[Any], library: Iterable[Any]) -> set[str]:
    """Returns the types of some ops, and of all in the functions that they call."""
    functions = {one.signature.name: one.node_def for one in library}
    found: set[str] = set()
    called: set[str] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        given = (f.name for one in node.attr.values() for f in (one.func, *one.list.func))
        names = {node.op, *given} & functions.keys()
        found |= {node.op} - functions.keys()
        for name in names - called:
            waiting += functions[name]
        called |= names
    return found


def _require_importable(graph: GraphFile) -> None:
    """Raises UsageError where this TensorFlow can't import a graph, or would put it elsewhere."""
    import tensorflow as tf

    with tf.Graph().as_default():
        try:
            tf.compat.v1.import_graph_def(graph.meta_graph.graph_def, name="")
        except (ValueError, KeyError, tf.errors.OpError) as error:
            raise UsageError(f"it can't import the graph: {first_line(error)}") from error


def _compared(session: Any, graph: GraphFile, written: Checkpoint, folder: str) -> int:
    """Returns how many variables hold what was written; those that nothing restores are none.

    Raises:
      OutputError: naming all that hold something else.
    """
    problems, count = [], 0
    for op, variable in graph.variables.items():
        name, part = saved_as(variable)
        tensor = _value(session.graph, op)
        if name not in written or tensor is None:
            continue
        found = np.asarray(session.run(tensor))
        expected = written[name].read(part or None)
        count += 1
        if not same_bits(found, expected):
            problems.append(Problem(op, f"the values of {name} that were written", "others"))
    if problems:
        raise OutputError.from_problems(
            f"{folder}: TensorFlow restores other values than were written:", problems
        )
    return count


def _value(graph: Any, op: str) -> Any:
    """Returns the tensor that is a variable's value; None where the graph has no such op."""
    import tensorflow as tf

    try:
        held = graph.get_operation_by_name(op)
    except KeyError:
        return None
    if held.type in REFERENCE_VARIABLE_OPS:
        return held.outputs[0]
    return tf.raw_ops.ReadVariableOp(resource=held.outputs[0], dtype=held.get_attr("dtype"))
