"""Building into a graph: free of the caller's surroundings, and into the graph that lasts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import tensorflow as tf

__all__ = ["outermost", "root_graph"]

v1 = tf.compat.v1


@contextlib.contextmanager
def outermost(graph: tf.Graph, name: str) -> Iterator[None]:
    """Enters `graph` free of the caller's control flow, devices and scopes, in a scope `name`."""
    with graph.as_default(), graph.control_dependencies(None), v1.device(None):
        with v1.name_scope(None), v1.name_scope(name):
            yield


def root_graph() -> tf.Graph:
    """Returns the graph that new variables go to: the outermost around functions and branches.

    A function traced by eager code has no graph around it, and is itself the root.
    """
    graph = v1.get_default_graph()
    if graph.building_function:
        with tf.init_scope():
            if not tf.executing_eagerly():
                return v1.get_default_graph()
    return graph
