"""Activations of the gates of recurrent cells, which stand in a loop behind sums of products."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tf1compat.checkpoint.meta._activation_patterns import clipped, one_op
from tf1compat.checkpoint.meta._forward_pass import ADDS, ForwardPass
from tf1compat.names.op_types import PASSING_OPS

__all__ = ["gate_activations"]

_FAR = 100  # ops of a cell
# What sums up a cell's inputs and state, and takes it apart into gates.
_THROUGH = ADDS | PASSING_OPS | {"BiasAdd", "Split", "SplitV", "StridedSlice", "Unpack", "MatMul"}


def gate_activations(
    graph: ForwardPass, variables: Collection[str]
) -> Iterator[tuple[str, object]]:
    """Yields what the products of `variables`, summed up and taken apart, go through first."""
    pending = [site.name for site in graph.sites(variables)]
    seen = set(pending)
    while pending and len(seen) < _FAR:
        name = pending.pop()
        for reader in graph.readers(name):
            if activation := one_op(reader) or (reader.op == "Mul" and clipped(graph, name)):
                yield "gates", activation
            elif reader.op in _THROUGH and reader.name not in seen:
                seen.add(reader.name)
                pending.append(reader.name)
