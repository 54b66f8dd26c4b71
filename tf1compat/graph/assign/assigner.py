"""Values into the variables of a session, and out of it, without adding to the graph."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf1compat.errors import GraphError, InLines, UnknownNameError, UsageError
from tf1compat.graph.assign._ops import AssignNodes, build_nodes
from tf1compat.graph.assign._pairing import Targets, match_values, missing_values
from tf1compat.graph.assign._runs import read_nodes, write_nodes
from tf1compat.graph.assign.fitting import CastPolicy, check_casts
from tf1compat.graph.items import GraphItem, join_parts, variables_of
from tf1compat.graph.session.connection import Connection, require_session
from tf1compat.graph.session.probes import build_probes, initialized_names
from tf1compat.names import nearest_names
from tf1compat.names.graph_names import bare_name

__all__ = ["Assigner", "Snapshot"]

v1 = tf.compat.v1
_CHUNK = 1 << 29  # bytes in one message to a server, whose limit is 2 GB


class Snapshot(Mapping[str, np.ndarray]):
    """Values of variables at one moment, held in memory; read-only arrays by variable name."""

    def __init__(self, values: Mapping[str, np.ndarray]) -> None:
        self._values = {name: _read_only(value) for name, value in values.items()}

    def __getitem__(self, name: str) -> np.ndarray:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        total = sum(value.nbytes for value in self._values.values())
        return f"<Snapshot of {len(self)} variables, {total:,} bytes>"


class Assigner:
    """Writes and reads the values of a fixed set of variables, of any kind.

    Built once, it adds a placeholder and an assign for each variable; after that it adds nothing,
    so the graph may be finalized. No value enters the graph, and there is no 2 GB limit. All
    values are checked before any is written, and then written by one ``session.run``.

    Mirrors ``tf.compat.v1.assign`` and ``Variable.load``, which add a node or a run a variable.

    A session with a server in another process takes at most `chunk_bytes` in one run (messages
    have a limit of 2 GB): more is written by several runs, and a larger tensor piece by piece.

    Attributes:
      graph: the graph of the variables.
      names: the names that values are expected for, in order of creation. Parts of a partitioned
        variable go by the name of the whole (a value is split), but may be given one by one.
    """

    def __init__(
        self,
        variables: Iterable[Any],
        *,
        casts: CastPolicy = "exact",
        chunk_bytes: int = _CHUNK,
        cluster: tf.train.ClusterSpec | None = None,
    ) -> None:
        """Adds the nodes for `variables`: a query, a list of variables, partitioned ones too.

        Args:
          variables: all of one graph.
          casts: which conversions of dtype to make; see :data:`tf1compat.graph.CastPolicy`.
          chunk_bytes: most bytes to send to a server in one message, at least 1.
          cluster: by which to name the task of a server that is lost; else its address is given.

        Raises:
          UsageError: there are no variables, or something among them is none, or `casts` or
            `chunk_bytes` is out of range.
          GraphError: they are of several graphs, or the graph is finalized.
        """
        check_casts(casts)
        if chunk_bytes < 1:
            raise UsageError(f"chunk_bytes: expected at least 1, found {chunk_bytes}")
        items = _items(variables)
        self.graph: tf.Graph = _graph_of(items)
        self._casts = casts
        self._chunk_bytes = chunk_bytes
        self._cluster = cluster
        nodes, self._together = build_nodes(self.graph, items, chunk_bytes=chunk_bytes)
        build_probes(self.graph, items)
        self._targets = Targets(nodes)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that :meth:`assign` expects values for."""
        return self._targets.names

    def assign(
        self,
        session: tf.compat.v1.Session,
        values: Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> None:
        """Writes a value into every variable of this assigner.

        Args:
          session: a session over :attr:`graph`, in this process or with a server.
          values: an array for each of :attr:`names` (``:0`` allowed); for a partitioned variable
            the whole one, or one for each part. Shapes must be equal; nothing is broadcast.
          timeout: seconds to wait for each run; None for ever.

        Raises:
          GraphError: values that are missing, for unknown names, of another shape or of a dtype
            from which `casts` allows no conversion: all of them in one error, nothing written. Or
            the session failed; the message names the task.
        """
        self._write(session, self._checked(values), timeout=timeout)

    @property
    def casts(self) -> CastPolicy:
        """Which conversions of dtype it makes."""
        return self._casts

    def expected(self, name: str) -> tuple[tuple[int | None, ...] | None, tf.DType]:
        """Returns the static shape (None for an unknown one) and the dtype of a value for `name`.

        Raises:
          UnknownNameError: this assigner has no such variable.
        """
        bare = bare_name(name)
        self._require_known([bare])
        node = self._targets.under(bare)[0]
        whole = self._targets.wholes.get(bare)
        return (node.shape if whole is None else whole.shape), node.dtype

    def check(self, values: Mapping[str, Any]) -> None:
        """Raises what :meth:`assign` would raise for `values`, and writes nothing."""
        self._checked(values)

    def assign_some(
        self,
        session: tf.compat.v1.Session,
        values: Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> None:
        """Writes values into those variables that `values` names; else as :meth:`assign`."""
        matched, problems = match_values(values, self._targets, casts=self._casts)
        if problems:
            raise GraphError.from_problems(_headline(problems), problems)
        if not matched:
            raise UsageError("expected values to assign, found none")
        self._write(session, matched, timeout=timeout)

    def read(
        self,
        session: tf.compat.v1.Session,
        names: Iterable[str] | None = None,
        *,
        timeout: float | None = None,
    ) -> dict[str, np.ndarray]:
        """Returns the values of the variables `names` (None for all), by name, in one run.

        A partitioned variable's value is joined under its name; a part's own name gives the part.

        Raises:
          UnknownNameError: names that this assigner doesn't have, with the nearest it has.
          UsageError: `names` is a string.
          GraphError: a variable isn't initialized (all of them are named), or the session failed.
        """
        if isinstance(names, str):
            raise UsageError(f"names: expected a sequence of names, found the string {names!r}")
        wanted = list(self.names) if names is None else list(map(bare_name, names))
        self._require_known(wanted)
        nodes = [node for name in wanted for node in self._targets.under(name)]
        values = read_nodes(
            Connection(session, timeout, self._cluster),
            list(dict.fromkeys(nodes)),
            chunk_bytes=self._chunk_bytes,
        )
        return {name: self._joined(name, values) for name in wanted}

    def snapshot(self, session: tf.compat.v1.Session) -> Snapshot:
        """Returns the values of all variables, to go back to by :meth:`restore`."""
        return Snapshot(self.read(session))

    def restore(self, session: tf.compat.v1.Session, snapshot: Snapshot) -> None:
        """Writes the values of `snapshot` back; raises as :meth:`assign`."""
        self.assign(session, snapshot)

    @contextlib.contextmanager
    def rolled_back_on_error(self, session: tf.compat.v1.Session) -> Iterator[Snapshot]:
        """Goes back to the values at its beginning if the block raises; yields them."""
        before = self.snapshot(session)
        try:
            yield before
        except BaseException:
            self.restore(session, before)
            raise

    @contextlib.contextmanager
    def preserved(self, session: tf.compat.v1.Session) -> Iterator[Snapshot]:
        """Goes back to the values at its beginning after the block, whatever happened in it."""
        before = self.snapshot(session)
        try:
            yield before
        finally:
            self.restore(session, before)

    def initialized(self, session: tf.compat.v1.Session) -> frozenset[str]:
        """Returns the names of the variables (of parts, the parts' own) that hold a value."""
        items = [node.item for node in self._targets.nodes.values()]
        return initialized_names(session, items)

    def _checked(self, values: Mapping[str, Any]) -> dict[AssignNodes, np.ndarray]:
        matched, problems = match_values(values, self._targets, casts=self._casts)
        if problems or len(matched) < len(self._targets.nodes):
            problems += missing_values(matched, problems, self._targets)
            raise GraphError.from_problems(_headline(problems), problems)
        return matched

    def _write(
        self,
        session: tf.compat.v1.Session,
        matched: dict[AssignNodes, np.ndarray],
        *,
        timeout: float | None,
    ) -> None:
        self._require_session(session)
        everything = len(matched) == len(self._targets.nodes)
        write_nodes(
            Connection(session, timeout, self._cluster),
            matched,
            together=self._together if everything else None,
            chunk_bytes=self._chunk_bytes,
        )

    def _joined(self, name: str, values: Mapping[AssignNodes, np.ndarray]) -> np.ndarray:
        nodes = self._targets.under(name)
        if name in self._targets.nodes:
            return values[nodes[0]]
        parts = [(node.item.part, values[node]) for node in nodes]
        return join_parts([(part, value) for part, value in parts if part is not None])

    def _require_known(self, names: Sequence[str]) -> None:
        known = [*self._targets.nodes, *self._targets.wholes]
        lines = [
            f"{name!r} is not among this assigner's variables;"
            f" nearest: {', '.join(nearest_names(name, known))}"
            for name in names
            if not self._targets.under(name)
        ]
        if lines:
            raise UnknownNameError(InLines.of(lines[:30]))

    def _require_session(self, session: tf.compat.v1.Session) -> None:
        require_session(session)
        if session.graph is not self.graph:
            raise GraphError("the session is over another graph than this assigner's variables")


def _items(variables: Iterable[Any]) -> list[GraphItem]:
    values = variables_of(variables)
    items = [GraphItem(value) for value in {id(value): value for value in values}.values()]
    if not items:
        raise UsageError("expected variables to assign to, found none: the query found nothing")
    return items


def _graph_of(items: Sequence[GraphItem]) -> tf.Graph:
    graph = items[0].op.graph
    others = [item.name for item in items if item.op.graph is not graph]
    if others:
        raise GraphError(f"variables of several graphs: {items[0].name} and {others[0]}")
    if graph.finalized:
        raise GraphError("the graph is finalized: build the assigner before finalizing it")
    return graph


def _headline(problems: Sequence[Any]) -> str:
    return f"{len(problems)} problem(s) with the values; nothing was written"


def _read_only(value: np.ndarray) -> np.ndarray:
    copied = np.array(value)
    copied.flags.writeable = False
    return copied
