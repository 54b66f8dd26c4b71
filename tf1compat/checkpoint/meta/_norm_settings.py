"""Epsilon, statistics, axes, scale, offset and momentum of norms, fused or written out."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tf1compat.checkpoint.meta._attribute_lists import boolean
from tf1compat.checkpoint.meta._attributes import number
from tf1compat.checkpoint.meta._forward_pass import ADDS, FUSED_NORMS, ForwardPass
from tf1compat.checkpoint.meta._node_def import Node

__all__ = ["norm_settings"]

Found = Iterator[tuple[str, object]]

_EPSILON = 1e-4  # of the fused ops, where a file leaves defaults out
_DEEP = 6  # products and quotients that are looked through for a root
_MOVED = ("Reshape", "Squeeze", "ExpandDims", "Cast", "Switch", "StopGradient")
_DIGITS = 4  # that a float32 has for certain, of a small number


def norm_settings(graph: ForwardPass, variables: Collection[str]) -> Found:
    """Yields settings of the norms that take `variables`: name and value, None if unreadable."""
    wanted = set(variables)
    roots: dict[str, Node] = {}
    for node in graph.sites(wanted):
        if node.op in FUSED_NORMS:
            yield from _fused(graph, node)
            continue
        for name in node.inputs:
            roots.update((root.name, root) for root in _roots(graph, name, _DEEP))
    for root in roots.values():
        if root.op in FUSED_NORMS:
            yield "epsilon", rounded(number(root, "epsilon", default=_EPSILON))
        else:
            yield from _written_out(graph, root)
            yield from _scale_and_center(graph, root)
    for variable in wanted:
        yield from _momenta(graph, variable)


def rounded(value: float) -> float:
    """Returns a number as a program would have written it, of what float32 kept of it."""
    return float(f"{value:.{_DIGITS}g}")


def _fused(graph: ForwardPass, node: Node) -> Found:
    yield "epsilon", rounded(number(node, "epsilon", default=_EPSILON))
    yield "statistics", "batch" if boolean(node, "is_training", default=True) else "moving"
    for name, operand in (("scale", 1), ("center", 2)):
        made_of = graph.made_of.get(node.inputs[operand])
        yield name, None if made_of is None else ", ".join(sorted(made_of))


def _roots(graph: ForwardPass, name: str, depth: int) -> tuple[Node, ...]:
    """Returns the square roots that a product or quotient is made with.

    Sums aren't looked into: behind them are the layers before.
    """
    return graph.once(
        ("roots", name, depth),
        lambda: tuple({root.name: root for root in _looked_for(graph, name, depth)}.values()),
    )


def _looked_for(graph: ForwardPass, name: str, depth: int) -> Iterator[Node]:
    node = graph.back(name, through=_MOVED)
    if node is None or not depth:
        return
    if node.op in FUSED_NORMS or node.op in ("Rsqrt", "Sqrt") or _is_root(graph, node):
        yield node
    elif node.op == "Mul":
        for one in node.inputs:
            yield from _roots(graph, one, depth - 1)
    elif node.op in ("RealDiv", "Div", "Neg", "Reciprocal"):
        yield from _roots(graph, node.inputs[-1], depth - 1)
    elif node.op == "Sub" and graph.is_other(node.name):  # beta - mean * gamma / deviation
        yield from _roots(graph, node.inputs[1], depth - 1)


def _is_root(graph: ForwardPass, node: Node) -> bool:
    return node.op == "Pow" and graph.numbers(node.inputs[1]) in ((0.5,), (-0.5,))


def _written_out(graph: ForwardPass, root: Node) -> Found:
    total = graph.back(root.inputs[0])
    if total is None or total.op not in ADDS:
        return
    for name, other in (total.inputs, total.inputs[::-1]):
        epsilon = graph.numbers(other)
        if len(epsilon) == 1:
            yield "epsilon", rounded(epsilon[0])
            yield from _statistics(graph, name)


def _scale_and_center(graph: ForwardPass, root: Node) -> Found:
    """Yields what tf.nn.batch_normalization multiplies and adds; nothing for other ways of it.

    It computes ``x * (root * scale) + (offset - mean * (root * scale))``.
    """
    factor, scale = root, frozenset[str]()
    for reader in _products(graph, root):
        other = next((one for one in reader.inputs if one != root.name), "")
        if graph.is_other(other) and _products(graph, reader):
            factor, scale = reader, graph.made_of[other] or frozenset()
    sums = [
        total
        for product in _products(graph, factor)
        for total in graph.all_readers(product.name)
        if total.op == "Sub" and total.inputs[1] == product.name
    ]
    offsets = {graph.made_of.get(total.inputs[0]) for total in sums}
    if len(offsets) == 1 and (offset := offsets.pop()):
        yield "scale", ", ".join(sorted(scale))
        yield "center", ", ".join(sorted(offset))


def _products(graph: ForwardPass, node: Node) -> list[Node]:
    return [one for one in graph.all_readers(node.name) if one.op == "Mul"]


def _statistics(graph: ForwardPass, variance: str) -> Found:
    if graph.is_other(variance):
        yield "statistics", "moving"
        return
    node = graph.back(variance, through=_MOVED)
    if node is None or node.op != "Mean":
        yield "statistics", None
        return
    yield "statistics", "batch"
    axes = graph.numbers(node.inputs[1])
    yield "axes", len(axes) or None


def _momenta(graph: ForwardPass, variable: str) -> Found:
    """Yields by how much a moving statistic stays what it was.

    What is taken off is a share of its distance to a batch's; a learning rate times a gradient is
    none of that.
    """
    for update in graph.updates(variable):
        product = graph.back(update.inputs[1])
        if product is None or product.op != "Mul":
            continue
        for share, distance in (product.inputs, product.inputs[::-1]):
            apart = graph.back(distance)
            if apart is None or apart.op != "Sub":
                continue
            if variable in map(graph.variable, apart.inputs):
                decays = {rounded(decay) for decay in graph.possible(share)} - {0.0}
                yield from (("momentum", round(1 - decay, 6)) for decay in decays)
