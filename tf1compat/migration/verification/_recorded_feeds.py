"""What a v1 graph is given for inputs that were recorded."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tf1compat.errors import UsageError
from tf1compat.keras3 import ModelIndex
from tf1compat.migration.verification.given import Given, GraphOptions
from tf1compat.migration.verification.reference.channel_order import turned
from tf1compat.migration.verification.reference.feeds import phases_of
from tf1compat.migration.verification.reference.graph_file import GraphFile
from tf1compat.migration.verification.reference.signatures import Signature
from tf1compat.names.graph_names import op_name, tensor_name

__all__ = ["recorded_feeds"]


def recorded_feeds(
    graph: GraphFile, index: ModelIndex, recorded: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Returns what the graph is given for recorded inputs of the model, by tensor name.

    Recorded inputs go by the names of tensors where the graph has them all, or by what its
    signature calls them; else they are the model's, by their names or in its order.

    Raises:
      UsageError: there aren't as many inputs of the graph that fit.
    """
    signature = graph.signature() or Signature({}, {})
    named = {
        tensor_name(graph.tensor(name, signature.inputs)): value for name, value in recorded.items()
    }
    ops = {node.name for node in graph.graph_def.node}
    if all(op_name(name) in ops for name in named):
        return {**phases_of(graph.inputs), **named}
    given = Given(graph, index, GraphOptions())
    if len(given.paired) != len(recorded):
        raise UsageError(
            f"{graph.path}: expected {len(recorded)} inputs, as were recorded, found "
            f"{', '.join(given.paired) or 'none'}"
        )
    names = [getattr(one, "name", None) for one in given.paired.values()]
    by_name = set(names) == set(recorded)
    values = [recorded[str(n)] for n in names] if by_name else list(recorded.values())
    shapes = {spec.name: spec.shape for spec in given.specs}
    paired = zip(given.paired, values, strict=True)
    return {**given.feeds, **{n: turned(v, shapes.get(n) or v.shape) for n, v in paired}}
