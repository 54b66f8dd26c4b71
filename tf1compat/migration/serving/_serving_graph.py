"""A graph as it serves: it doesn't train, and what it serves changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from tf1compat.errors import UsageError
from tf1compat.migration.verification.given import GraphOptions
from tf1compat.migration.verification.reference.feeds import phase_of
from tf1compat.migration.verification.reference.graph_file import GraphFile
from tf1compat.migration.verification.reference.input_specs import InputSpec
from tf1compat.migration.verification.reference.safe_ops import INPUT_OPS, SAFE_OPS
from tf1compat.names.graph_names import op_name, tensor_name

__all__ = ["default_values", "serving_graph", "unused_name"]

_SHAPES = "_output_shapes"


def default_values(graph: GraphFile, options: GraphOptions) -> dict[str, np.ndarray]:
    """Returns the values that inputs have when a graph serves, by name.

    As the user feeds them; ``is_training`` and its like as when it doesn't train.

    Raises:
      UsageError: what is fed is no placeholder of one number.
    """
    named = options.inputs.values() if isinstance(options.inputs, Mapping) else options.inputs
    inputs = {tensor_name(one) for one in named if isinstance(one, str)}
    nodes = {node.name: node for node in graph.graph_def.node}
    specs = {s.name: s for s in graph.inputs if nodes[op_name(s.name)].op in INPUT_OPS}
    phases = {name: phase_of(spec) for name, spec in specs.items()}
    fed = {tensor_name(name): value for name, value in options.feeds.items()}
    found = {name: value for name, value in {**phases, **fed}.items() if value is not None}
    return {n: _number(n, v, specs.get(n)) for n, v in found.items() if n not in inputs}


def _number(name: str, value: Any, spec: InputSpec | None) -> np.ndarray:
    if spec is None or spec.shape not in ((), None) or np.ndim(value):
        raise UsageError(
            f"{name} is fed: expected a placeholder of one number, which a SavedModel may have a "
            "value for, found another tensor; name it as an input"
        )
    return np.asarray(value, spec.dtype)


def serving_graph(
    graph: GraphFile, part: Any | None, defaults: Mapping[str, np.ndarray], given: Iterable[str]
) -> Any:
    """Returns a ``GraphDef`` of all that a graph has, on no device, as it computes when it serves.

    Args:
      graph: the graph.
      part: the ops that are served; None where it isn't known. They keep no control inputs by
        which anything would be changed, or which need other inputs, and what shapes they have.
      defaults: values that placeholders have unless they are fed.
      given: names of the inputs that are served.
    """
    whole, _ = graph.inference
    made = type(whole)()
    made.CopyFrom(whole)
    nodes = {node.name: node for node in made.node}
    for one in (*made.node, *(n for f in made.library.function for n in f.node_def)):
        one.ClearField("device")
        for key in [key for key, value in one.attr.items() if value.WhichOneof("value") is None]:
            del one.attr[key]  # asking a map of protobuf for a key adds it; 1.15 refuses such
    _say_no_shapes(made, part)
    if part is not None:
        _order_less(made, part, {op_name(n) for n in (*given, *defaults)})
    for name, value in defaults.items():
        _give_default(made, nodes[op_name(name)], value)
    return made


def _say_no_shapes(made: Any, part: Any | None) -> None:
    """Takes away what shapes a `.meta` says of what isn't served; loaders find them anew.

    1.15's gradients of fused norms that don't train have others than today's (`[4]`, `[0]`), and no
    loader takes a graph that says what it doesn't find.
    """
    kept = {node.name for node in part.node} if part is not None else ()
    for node in made.node:
        if node.name not in kept and _SHAPES in node.attr:
            del node.attr[_SHAPES]


def _order_less(made: Any, part: Any, given: Container[str]) -> None:
    """Takes away control inputs of the ops of a part by which more than computing is done."""
    doing = _doing(made, given)
    kept = {node.name: set(node.input) for node in part.node}
    for node in made.node:
        if node.name in kept and node.name not in given:
            inputs = [
                one
                for one in node.input
                if not one.startswith("^") or one in kept[node.name] or op_name(one) not in doing
            ]
            del node.input[:]
            node.input.extend(inputs)


def _doing(made: Any, given: Container[str]) -> set[str]:
    """Returns the ops that can't be run without doing something, or without other inputs."""
    readers = defaultdict(list)
    for node in made.node:
        for one in node.input:
            readers[op_name(one)].append(node.name)
    waiting = [node.name for node in made.node if _does(node, given)]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += readers[name]
    return found


def _does(node: Any, given: Container[str]) -> bool:
    if node.op in INPUT_OPS:
        return node.op != "PlaceholderWithDefault" and node.name not in given
    return node.op not in SAFE_OPS


def _give_default(made: Any, node: Any, value: np.ndarray) -> None:
    """Lets a placeholder have a value of its own."""
    import tensorflow as tf

    constant = made.node.add(name=unused_name(made, f"{node.name}/default"), op="Const")
    constant.attr["dtype"].type = node.attr["dtype"].type
    constant.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
    if node.op != "PlaceholderWithDefault" and not node.attr["shape"].shape.dim:
        node.attr["shape"].shape.unknown_rank = "shape" not in node.attr
    node.op = "PlaceholderWithDefault"
    del node.input[:]
    node.input.append(constant.name)


def unused_name(graph_def: Any, name: str) -> str:
    """Returns a name that no node of a ``GraphDef`` has, as TensorFlow makes it."""
    known = {node.name for node in graph_def.node}
    return next(one for one in _numbered(name) if one not in known)


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 1
    while True:
        yield f"{name}_{number}"
        number += 1
