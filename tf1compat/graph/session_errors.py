"""What a session raises, as an error that names the variables, the task and the remedy."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NoReturn

import tensorflow as tf

from tf1compat.errors import GraphError
from tf1compat.graph.query_items import GraphItem

__all__ = ["essence", "raise_explained", "run_explained", "session_target"]

v1 = tf.compat.v1
_TASK = re.compile(r"/job:[A-Za-z0-9_]+(?:/replica:\d+)?/task:\d+")
_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.DeadlineExceededError,
    tf.errors.CancelledError,
    tf.errors.InternalError,
)


def session_target(session: Any) -> str:
    """Returns the address of the server that `session` uses, ``''`` for one in this process."""
    target = getattr(session, "sess_str", None)
    if target is None:  # a MonitoredSession doesn't say: take it for a remote one
        return "its server"
    return target.decode() if isinstance(target, bytes) else str(target)


def run_explained(
    session: Any,
    fetches: Any,
    *,
    feed_dict: Any = None,
    options: Any = None,
    items: Iterable[GraphItem] = (),
    action: str,
    after: str = "",
) -> Any:
    """Returns ``session.run(fetches, feed_dict)``; says what failed and where when it fails.

    Args:
      items: the variables concerned.
      action: what was being done: ``"assigning"``.
      after: what had been done before, for the message.

    Raises:
      GraphError: the run failed; it names the task or server that was lost, where one was.
    """
    try:
        return session.run(fetches, feed_dict=feed_dict, options=options)
    except tf.errors.OpError as error:
        raise_explained(error, session, items=tuple(items), action=action, after=after)
    except RuntimeError as error:  # a closed session
        raise GraphError(f"{action} failed: {error}{after}") from error


def raise_explained(
    error: tf.errors.OpError, session: Any, *, items: tuple[GraphItem, ...], action: str, after: str
) -> NoReturn:
    """Raises the GraphError that explains `error`."""
    text = essence(str(error.message))
    if isinstance(error, _LOST):
        raise GraphError(
            f"{action} {_count(items)} failed: {_place(text, session, items)} is lost or doesn't"
            f" answer ({type(error).__name__}: {text[:300]}){after}; restart the task and open a"
            " new session (a restarted parameter server has lost its variables' values)"
        ) from error
    if isinstance(error, tf.errors.FailedPreconditionError):
        raise GraphError(
            f"{action} {_count(items)} failed: a variable isn't initialized ({text[:300]}){after};"
            " initialize it, or assign a value to it first"
        ) from error
    raise GraphError(
        f"{action} {_count(items)} failed: {type(error).__name__}: {text[:500]}{after}"
    ) from error


def essence(message: str) -> str:
    """Returns what `message` of TensorFlow says, without the stack traces around it."""
    text = message.split("\nOriginal stack trace")[0]
    text = re.sub(
        r"(?s)\AGraph execution error:\s*(Detected at node.*?\nNode: '[^']*'\n)?", "", text
    )
    return " ".join(re.sub(r"\[\[\{\{node [^}]*\}\}.*?\]\]", "", text).split())


def _count(items: tuple[GraphItem, ...]) -> str:
    if len(items) == 1:
        return items[0].name
    return f"{len(items)} variables" if items else "variables"


def _place(text: str, session: Any, items: tuple[GraphItem, ...]) -> str:
    """Returns the tasks that the message names, else the server and where the variables are."""
    tasks = list(dict.fromkeys(_TASK.findall(text)))
    if tasks:
        return f"task {', '.join(tasks)}"
    devices = sorted({found[0] for item in items if (found := _TASK.search(item.device))})
    server = session_target(session) or "the session's own process"
    return f"{server} (or {', '.join(devices)}, where the variables are)" if devices else server
