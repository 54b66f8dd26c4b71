"""Activations as graphs have them: one op, or several that make up one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from tf1compat.checkpoint.meta._attributes import number
from tf1compat.checkpoint.meta._forward_pass import ForwardPass
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta.activation_values import POINTS, erf, name_of_values, sigmoid

__all__ = ["clipped", "composed", "one_op"]

_ONE_OP = MappingProxyType(
    {
        "Relu": "relu",
        "Relu6": "relu6",
        "Elu": "elu",
        "Selu": "selu",
        "Tanh": "tanh",
        "Sigmoid": "sigmoid",
        "Softplus": "softplus",
        "Softsign": "softsign",
        "Softmax": "softmax",
        "LogSoftmax": "log_softmax",
    }
)
_SLOPE = 0.2  # of LeakyRelu, where a file leaves defaults out
_DEEP = 10  # ops of which an activation is composed, one after another
_COMPUTED: Mapping[str, Callable[..., np.ndarray]] = MappingProxyType(
    {
        "Add": np.add,
        "AddV2": np.add,
        "Sub": np.subtract,
        "Mul": np.multiply,
        "RealDiv": np.divide,
        "Div": np.divide,
        "Neg": np.negative,
        "Abs": np.abs,
        "Square": np.square,
        "Sqrt": np.sqrt,
        "Pow": np.power,
        "Exp": np.exp,
        "Maximum": np.maximum,
        "Minimum": np.minimum,
        "Relu": lambda x: np.maximum(x, 0),
        "Relu6": lambda x: np.clip(x, 0, 6),
        "Tanh": np.tanh,
        "Sigmoid": sigmoid,
        "Erf": erf,
        "Identity": lambda x: x,
    }
)


def one_op(node: Node) -> str:
    """Returns the activation that an op is; ``""`` for any other op."""
    if node.op == "LeakyRelu":
        return f"leaky_relu({number(node, 'alpha', default=_SLOPE):.4g})"
    if node.op.startswith("swish_f"):  # 1.x's tf.nn.swish is a function of its own
        return "swish"
    return _ONE_OP.get(node.op, "")


def composed(
    graph: ForwardPass, name: str, port: int | None = None
) -> tuple[str, str, frozenset[str]] | None:
    """Returns the activation that several ops make of a value alone; None for none known.

    With it come the name of the op that has its values, and the names of all these ops.
    """
    readers = graph.readers(name, port)
    if len(readers) < 2 and not any(one.op in ("Maximum", "Minimum") for one in readers):
        return None  # a value that is read once isn't multiplied by a function of itself
    values = {name: POINTS}
    inside: dict[str, Node] = {}
    fresh = [one for one in readers if one.op in _COMPUTED]
    for _ in range(_DEEP):
        fresh = [one for one in fresh if one.name not in values and _computed(graph, one, values)]
        inside.update((one.name, one) for one in fresh)
        if found := _known(inside, values, first={one.name for one in readers}):
            return found
        later = [r for one in (*fresh, *inside.values()) for r in graph.readers(one.name)]
        fresh = [one for one in (*readers, *later) if one.op in _COMPUTED]
    return None


def clipped(graph: ForwardPass, name: str) -> str | None:
    """Returns the activation that ops with constants make of a value, each of the one before.

    As 1.15's ``hard_sigmoid``; None for none known, or where it isn't clipped.
    """
    values = {name: POINTS}
    found = None
    for _ in range(_DEEP):
        made = [
            one
            for one in graph.readers(name)
            if one.op in _COMPUTED and _computed(graph, one, values)
        ]
        if len(made) != 1:
            break
        name = made[0].name
        if made[0].op in ("Maximum", "Minimum"):
            found = name_of_values(values[name]) or found
    return found


def _computed(graph: ForwardPass, node: Node, values: dict[str, np.ndarray]) -> bool:
    """Computes a node at the points, if all that it reads is known there."""
    given = []
    for one in node.inputs:
        value = values.get(one)
        if value is None:
            value = _constant(graph, one)
        if value is None:
            return False
        given.append(value)
    with np.errstate(all="ignore"):
        values[node.name] = np.broadcast_to(_COMPUTED[node.op](*given), POINTS.shape)
    return True


def _constant(graph: ForwardPass, name: str, left: int = _DEEP) -> np.ndarray | None:
    """Returns a scalar made of constants."""
    return graph.once(("constant", name, left), lambda: _made(graph, name, left))


def _made(graph: ForwardPass, name: str, left: int) -> np.ndarray | None:
    if numbers := graph.numbers(name):
        return np.float64(numbers[0]) if len(numbers) == 1 else None  # type: ignore[return-value]
    node = graph.nodes[name]
    if not left or not graph.is_constant(name) or node.op not in _COMPUTED:
        return None
    given = [_constant(graph, one, left - 1) for one in node.inputs]
    return None if any(one is None for one in given) else _COMPUTED[node.op](*given)


def _known(
    inside: dict[str, Node], values: dict[str, np.ndarray], first: set[str]
) -> tuple[str, str, frozenset[str]] | None:
    """Returns the activation that one of the ops has the values of, if it is made of others."""
    for name, node in inside.items():
        joins = name not in first or sum(one in values for one in node.inputs) > 1
        if not joins and node.op not in ("Maximum", "Minimum"):
            continue
        activation = name_of_values(values[name])
        if activation is not None and activation not in ("linear", *_ONE_OP.values()):
            return activation, name, frozenset(_leading_to(name, inside))
        if activation == "relu" and node.op == "Maximum":
            return activation, name, frozenset({name})
    return None


def _leading_to(name: str, inside: dict[str, Node]) -> set[str]:
    found: set[str] = set()
    pending = [name]
    while pending:
        one = pending.pop()
        if one in inside and one not in found:
            found.add(one)
            pending += inside[one].inputs
    return found
