"""Runs of a session whose errors say what failed where."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf

from tf1compat.errors import GraphError, UsageError
from tf1compat.graph.items import GraphItem
from tf1compat.graph.session._explaining import Server, explain

__all__ = ["Connection", "require_session"]

v1 = tf.compat.v1


def require_session(session: Any) -> None:
    """Raises UsageError for what is no session: None, as eager code has for a default one."""
    if not (hasattr(session, "run") and hasattr(session, "graph")):
        raise UsageError(
            f"session: expected a session over the variables' graph, found "
            f"{type(session).__name__}; open one by `tf.compat.v1.Session(graph=graph)`"
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

    def __post_init__(self) -> None:
        require_session(self.session)

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
            server = Server(self.target, self.cluster)
            message = explain(error, server, items=tuple(items), action=action, after=after)
            raise GraphError(message) from error
        except RuntimeError as error:  # a closed session
            raise GraphError(f"{action} failed: {error}{after}") from error
