"""What a session raised, as a message that names the variables, the task and the remedy."""

from __future__ import annotations

import dataclasses
import re

import tensorflow as tf

from tf1compat.graph.items import GraphItem

__all__ = ["Server", "explain"]

_TASK = re.compile(r"/job:[A-Za-z0-9_]+(?:/replica:\d+)?/task:\d+")
_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.DeadlineExceededError,
    tf.errors.CancelledError,
    tf.errors.InternalError,
)


@dataclasses.dataclass(frozen=True)
class Server:
    """Where a session runs, as far as that is known.

    Attributes:
      target: the server's address, ``''`` where the session is in this process.
      cluster: a ``tf.train.ClusterSpec`` that tells the address's task, or None.
    """

    target: str
    cluster: tf.train.ClusterSpec | None

    @property
    def name(self) -> str:
        """How to call the server: its task where the cluster tells it, else its address."""
        address = self.target.removeprefix("grpc://")
        if self.cluster is not None:
            for job in self.cluster.jobs:
                for task in self.cluster.task_indices(job):
                    if self.cluster.task_address(job, task) == address:
                        return f"/job:{job}/task:{task} ({address})"
        return self.target or "the session's own process"


def explain(
    error: tf.errors.OpError,
    server: Server,
    *,
    items: tuple[GraphItem, ...],
    action: str,
    after: str,
) -> str:
    """Returns the message that explains `error`.

    Args:
      error: what the run of a session raised.
      server: the session's.
      items: the variables concerned.
      action: what was being done: ``"assigning"``.
      after: what had been done before.
    """
    text = _essence(str(error.message))
    kind = type(error).__name__
    failed = f"{action} {_count(items)} failed"
    if isinstance(error, _LOST):
        return (
            f"{failed}: {_place(text, server, items)} is lost or doesn't answer"
            f" ({kind}: {text[:300]}){after}; restart the task and open a new session (a"
            " restarted parameter server has lost its variables' values)"
        )
    if isinstance(error, tf.errors.FailedPreconditionError):
        return (
            f"{failed}: a variable isn't initialized ({text[:300]}){after}; initialize it, or"
            " assign a value to it first"
        )
    return f"{failed}: {kind}: {text[:500]}{after}"


def _essence(message: str) -> str:
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


def _place(text: str, server: Server, items: tuple[GraphItem, ...]) -> str:
    """Returns the tasks that the message names, else the server and where the variables are."""
    tasks = list(dict.fromkeys(_TASK.findall(text)))
    if tasks:
        return f"task {', '.join(tasks)}"
    if server.cluster is not None:
        return f"task {server.name}"
    devices = sorted({found[0] for item in items if (found := _TASK.search(item.device))})
    where = ", ".join(devices)
    return f"{server.name} (or {where}, where the variables are)" if devices else server.name
