"""Building into a graph: free of surroundings, into the one that lasts; what is kept with it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Iterator
from typing import Any, TypeVar

import tensorflow as tf

from tf1compat.errors import GraphError, Problem

__all__ = ["beside", "kept_with", "outermost", "require_graph", "require_lasting_graph"]
__all__ += ["root_graph", "variables_filed", "withdrawn"]

v1 = tf.compat.v1
_T = TypeVar("_T")

_REMEDY = "build it, or make its first call, under `with tf.Graph().as_default():`"
_OUTSIDE = ", outside of that function; or trace that with tf.compat.v1.wrap_function"
_TRACED = "a function that is being traced (tf.function, Dataset.map)"


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


def require_graph(what: str) -> None:
    """Raises in eager mode; a v1 graph or a function's may be built.

    Args:
      what: what needs it, for the message: ``layer dense``.

    Raises:
      GraphError: in eager mode.
    """
    if tf.executing_eagerly():
        raise _no_graph(
            what, "eager mode, where collections hold and scopes share nothing", _REMEDY
        )


def require_lasting_graph(what: str) -> None:
    """Raises unless a v1 graph is being built, be it from a function or a branch inside of it.

    Raises:
      GraphError: in eager mode, and in a function that eager code traces.
    """
    require_graph(what)
    if getattr(root_graph(), "building_function", False):
        raise _no_graph(what, f"{_TRACED}, whose collections go with it", _REMEDY)


@contextlib.contextmanager
def variables_filed(what: str) -> Iterator[None]:
    """Lets no variable be made in its block that the collections of a graph don't get to hold.

    ``tf.function`` files its variables in no collection (in a v1 graph, in none to be trained):
    optimizers, savers and queries don't find them, and nothing says so. What
    ``tf.compat.v1.wrap_function`` traces has collections of its own, and is let pass.

    Raises:
      GraphError: in eager mode; and from within, where such a variable is asked for.
    """
    require_graph(what)
    if not v1.get_default_graph().building_function:
        yield
        return
    with v1.variable_creator_scope(_refuse_unfiled(what)):
        yield


def _refuse_unfiled(what: str) -> Callable[..., Any]:
    def creator(next_creator: Callable[..., Any], **kwargs: Any) -> Any:
        # Only what was made tells: nothing public says which kind of function is being traced.
        variable = next_creator(**kwargs)
        keys = kwargs.get("collections")
        keys = [v1.GraphKeys.GLOBAL_VARIABLES] if keys is None else list(keys)
        # Of a tf.function in a v1 graph they are filed, but not to be trained.
        if keys and getattr(variable, "trainable", False):
            keys.append(v1.GraphKeys.TRAINABLE_VARIABLES)
        if not all(_files(key, variable) for key in keys):
            name = kwargs.get("name") or "Variable"
            found = f"{_TRACED}, which doesn't file its variable {name} to be found or trained"
            raise _no_graph(what, found, _REMEDY + _OUTSIDE)
        return variable

    return creator


def _files(key: str, variable: Any) -> bool:
    # From the end, where one just made is; by identity, since == may build an op.
    return any(other is variable for other in reversed(v1.get_collection(key)))


def _no_graph(what: str, found: str, remedy: str) -> GraphError:
    problem = Problem(what, "a v1 graph being built", found, remedy=remedy)
    return GraphError(str(problem), problems=[problem])


def beside(variable: Any) -> contextlib.AbstractContextManager[Any]:
    """Puts what is made in its block onto the device of `variable`."""
    # A variable of eager code, which wrap_function's own are, has no op: its property raises.
    operation = getattr(variable, "op", None)
    if operation is None:
        return contextlib.nullcontext()
    return v1.get_default_graph().colocate_with(operation)


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


def withdrawn(graph: tf.Graph, key: str) -> list[Any]:
    """Returns the list of what is taken out of the collection `key` of `graph` for a while."""
    return kept_with(graph, f"taken out of {key}", list)
