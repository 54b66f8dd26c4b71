"""What a session raises, as an error that names the variables, the task and the remedy."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf

from tf1compat.errors import GraphError
from tf1compat.graph.items import GraphItem

__all__ = ["Connection", "essence"]

v1 = tf.compat.v1
_TASK = re.compile(r"/job:[A-Za-z0-9_]+(?:/replica:\d+)?/task:\d+")
_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.DeadlineExceededError,
    tf.errors.CancelledError,
    tf.errors.InternalError,
)


@dataclasses.dataclass(frozen=True)
class Connection:
    """A session, and what is known about it for the sake of clear errors.

    Attributes:
      session: the session.
      timeout: seconds to wait for each run; None for ever.
      cluster: a ``tf.train.ClusterSpec`` by which to name a lost server's task, or None.
    """

    session: Any
    timeout: float | None = None
    cluster: Any = None

    @property
    def target(self) -> str:
        """The address of the server, ``''`` where the session is in this process."""
        target = getattr(self.session, "sess_str", None)
        if target is None:  # a MonitoredSession doesn't say: take it for a remote one
            return "its server"
        return target.decode() if isinstance(target, bytes) else str(target)

    def run(
        self,
        fetches: Any,
        *,
        feed_dict: Mapping[Any, Any] | None = None,
        items: Iterable[GraphItem] = (),
        action: str,
        after: str = "",
    ) -> Any:
        """Returns ``session.run(fetches, feed_dict)``; says what failed and where when it fails.

        Args:
          items: the variables concerned.
          action: what is being done: ``"assigning"``.
          after: what had been done before, for the message.

        Raises:
          GraphError: the run failed; it names the task or server that was lost, where one was.
        """
        options = None
        if self.timeout is not None:
            options = v1.RunOptions(timeout_in_ms=max(1, int(self.timeout * 1000)))
        try:
            return self.session.run(fetches, feed_dict=feed_dict, options=options)
        except tf.errors.OpError as error:
            message = _explained(error, self, items=tuple(items), action=action, after=after)
            raise GraphError(message) from error
        except RuntimeError as error:  # a closed session
            raise GraphError(f"{action} failed: {error}{after}") from error

    def server_name(self) -> str:
        """Returns how to call the session's server: its task where the cluster tells it."""
        address = self.target.removeprefix("grpc://")
        if self.cluster is not None:
            for job in self.cluster.jobs:
                for task in self.cluster.task_indices(job):
                    if self.cluster.task_address(job, task) == address:
                        return f"/job:{job}/task:{task} ({address})"
        return self.target or "the session's own process"


def _explained(
    error: tf.errors.OpError,
    connection: Connection,
    *,
    items: tuple[GraphItem, ...],
    action: str,
    after: str,
) -> str:
    """Returns the message that explains `error`."""
    text = essence(str(error.message))
    kind = type(error).__name__
    failed = f"{action} {_count(items)} failed"
    if isinstance(error, _LOST):
        return (
            f"{failed}: {_place(text, connection, items)} is lost or doesn't answer"
            f" ({kind}: {text[:300]}){after}; restart the task and open a new session (a"
            " restarted parameter server has lost its variables' values)"
        )
    if isinstance(error, tf.errors.FailedPreconditionError):
        return (
            f"{failed}: a variable isn't initialized ({text[:300]}){after}; initialize it, or"
            " assign a value to it first"
        )
    return f"{failed}: {kind}: {text[:500]}{after}"


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


def _place(text: str, connection: Connection, items: tuple[GraphItem, ...]) -> str:
    """Returns the tasks that the message names, else the server and where the variables are."""
    tasks = list(dict.fromkeys(_TASK.findall(text)))
    if tasks:
        return f"task {', '.join(tasks)}"
    server = connection.server_name()
    if connection.cluster is not None:
        return f"task {server}"
    devices = sorted({found[0] for item in items if (found := _TASK.search(item.device))})
    return f"{server} (or {', '.join(devices)}, where the variables are)" if devices else server
