"""Building into a graph: free of surroundings, into the one that lasts; what is kept with it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Iterator
from typing import TypeVar

import tensorflow as tf

__all__ = ["kept_with", "outermost", "root_graph"]

v1 = tf.compat.v1
_T = TypeVar("_T")


@contextlib.contextmanager
def outermost(graph: tf.Graph, name: str) -> Iterator[None]:
    """Enters `graph` free of the caller's control flow, devices and scopes, in a scope `name`."""
    # None leaves what is around: name_scope(None) is the root, device(None) forgets outer devices.
    with graph.as_default(), graph.control_dependencies(None), v1.device(None):
        with v1.name_scope(None), v1.name_scope(name):
            yield


def root_graph() -> tf.Graph:
    """Returns the graph that new variables go to: the outermost around functions and branches.

    A function traced by eager code has no graph around it, and is itself the root.
    """
    graph = v1.get_default_graph()
    # RefVariable._init_from_args makes variables under init_scope: so that is whose they are.
    if graph.building_function:
        with tf.init_scope():
            if not tf.executing_eagerly():
                return v1.get_default_graph()
    return graph


def kept_with(graph: tf.Graph, key: Hashable, make: Callable[[], _T]) -> _T:
    """Returns what `graph` keeps under `key`; the first to ask makes it, and it goes as graphs go.

    It lies in a collection whose key is no string, as TensorFlow keeps its own variable store: no
    listing of collections shows it, no MetaGraph exports it, and a finalized graph takes it too.
    Threads that ask at once get the same: of two that were made the first counts.

    Args:
      graph: the graph.
      key: what is kept, in words; or an object of its own, for what several of a kind keep.
      make: makes it, without arguments.
    """
    kept = graph.get_collection_ref(("tf1compat", key))
    if not kept:
        kept.append(make())
    found: _T = kept[0]
    return found
