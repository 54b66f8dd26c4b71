"""Activations as graphs have them: one op, or several that make up one."""

from __future__ import annotations

from tf1compat.checkpoint.meta._attributes import number
from tf1compat.checkpoint.meta._forward_pass import ADDS, ForwardPass
from tf1compat.checkpoint.meta._graph_def import Node

__all__ = ["composed", "one_op"]

_ONE_OP = {
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
_SLOPE = 0.2  # of LeakyRelu, where a file leaves defaults out
_CUBIC = 0.044715  # of the approximation of gelu by tanh
_NEAR = 1e-4
_DEEP = 10  # ops of which an activation is composed, at most
_ARITHMETIC = ADDS | {"Mul", "RealDiv", "Div", "Pow", "Square", "Sub", "Neg"}
_ENDS = {"Erf", "Tanh", "Sigmoid", "Maximum"}


def one_op(node: Node) -> str:
    """Returns the activation that an op is; ``""`` for any other op."""
    if node.op == "LeakyRelu":
        return f"leaky_relu({number(node, 'alpha', default=_SLOPE):.4g})"
    if node.op.startswith("swish_f"):  # 1.x's tf.nn.swish is a function of its own
        return "swish"
    return _ONE_OP.get(node.op, "")


def composed(graph: ForwardPass, name: str) -> tuple[str, frozenset[str]]:
    """Returns the activation that several ops make of a value alone, and the names of these ops.

    ``("", frozenset())`` where they make none that is known.
    """
    inside = _made_of_alone(graph, name)
    ops = {node.op for node in inside}
    names = frozenset(node.name for node in inside)
    numbers = [n for node in inside for one in node.inputs for n in graph.numbers(one)[:1]]
    if "Erf" in ops:
        return "gelu(erf)", names
    if "Tanh" in ops and any(abs(n - _CUBIC) < _NEAR for n in numbers):
        return "gelu(tanh)", names
    if "Maximum" in ops:
        if len(inside) == 1:
            return ("relu", names) if numbers == [0.0] else ("", names)
        slopes = {n for n in numbers if 0 < n < 1}
        return (f"leaky_relu({slopes.pop():.4g})", names) if len(slopes) == 1 else ("", names)
    if "Sigmoid" in ops and "Mul" in ops:
        return ("swish", names) if not numbers else ("", frozenset())
    return "", frozenset()


def _made_of_alone(graph: ForwardPass, name: str) -> list[Node]:
    """Returns the ops that compute with a value, constants and each other only.

    They are gathered up to what is multiplied by the value again, as gelu and swish are.
    """
    inside: dict[str, Node] = {}
    pending, depth = [name], 0
    while pending and depth < _DEEP:
        fresh: list[str] = []
        for one in pending:
            for reader in graph.readers(one):
                known = reader.op in _ARITHMETIC or reader.op in _ENDS
                if known and reader.name not in inside and _closed(graph, reader, name, inside):
                    inside[reader.name] = reader
                    fresh.append(reader.name)
        pending, depth = [*fresh, name] if fresh else [], depth + 1
    return list(inside.values())


def _closed(graph: ForwardPass, node: Node, name: str, inside: dict[str, Node]) -> bool:
    return all(one == name or one in inside or graph.is_constant(one) for one in node.inputs)
