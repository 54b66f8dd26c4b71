"""The runs of an assigner: one for all, or for a remote server as many as its messages allow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf1compat.errors import GraphError
from tf1compat.graph.assign._ops import AssignNodes, PieceNodes, boxes
from tf1compat.graph.session.connection import Connection
from tf1compat.graph.session.probes import initialized_names

__all__ = ["read_nodes", "write_nodes"]


def write_nodes(
    connection: Connection,
    values: Mapping[AssignNodes, np.ndarray],
    *,
    together: Any,
    chunk_bytes: int,
) -> None:
    """Writes `values`, all checked, by one run, or by several where messages have a limit.

    Args:
      together: the operation that assigns them all, where they are all there are; or None.

    Raises:
      GraphError: a run failed; it says what was written before.
    """
    # Feeds within this process have no limit; a message to a server is at most 2 GB.
    if not connection.target:
        fetches = [node.assign for node in values] if together is None else together
        _run(connection, fetches, _feeds(values), items=values)
        return
    written: list[str] = []
    for batch in _batches(values, chunk_bytes):
        after = _progress(written, len(values))
        if batch[0].pieces is not None:
            _write_pieces(connection, batch[0], values[batch[0]], chunk_bytes, after)
        else:
            feeds = _feeds({node: values[node] for node in batch})
            fetches = [node.assign for node in batch]
            _run(connection, fetches, feeds, items=batch, after=after)
        written += [node.name for node in batch]


def read_nodes(
    connection: Connection, nodes: Sequence[AssignNodes], *, chunk_bytes: int
) -> dict[AssignNodes, np.ndarray]:
    """Returns the value of each of `nodes`; the parallel of :func:`write_nodes`."""
    values: dict[AssignNodes, np.ndarray] = {}
    batches = [list(nodes)]
    if connection.target:
        sizes = {node: node.item.nbytes or 0 for node in nodes}
        batches = list(_grouped(sizes, chunk_bytes))
    for batch in batches:
        try:
            values.update(_read_batch(connection, batch, chunk_bytes))
        except GraphError as error:
            if isinstance(error.__cause__, tf.errors.FailedPreconditionError):
                raise _uninitialized(connection, batch, error) from error.__cause__
            raise
    return {node: np.asarray(values[node]) for node in nodes}


def _read_batch(
    connection: Connection, batch: Sequence[AssignNodes], chunk_bytes: int
) -> dict[AssignNodes, np.ndarray]:
    if len(batch) == 1 and batch[0].pieces is not None and connection.target:
        return {batch[0]: _read_pieces(connection, batch[0], chunk_bytes)}
    items = [node.item for node in batch]
    found = connection.run([item.value for item in items], items=items, action="reading")
    return dict(zip(batch, found, strict=True))


def _uninitialized(
    connection: Connection, batch: Sequence[AssignNodes], error: GraphError
) -> GraphError:
    ready = initialized_names(connection.session, [node.item for node in batch])
    lacking = [node.name for node in batch if node.name not in ready]
    if not lacking:
        return error
    shown = ", ".join(lacking[:30]) + (f" and {len(lacking) - 30} more" if lacking[30:] else "")
    return GraphError(
        f"{len(lacking)} of {len(batch)} variables to read aren't initialized: {shown}; run their"
        " initializers or assign values to them first"
    )


def _run(
    connection: Connection,
    fetches: Any,
    feeds: Mapping[Any, Any],
    *,
    items: Iterable[AssignNodes],
    after: str = "",
) -> None:
    concerned = [node.item for node in items]
    connection.run(fetches, feed_dict=feeds, items=concerned, action="assigning", after=after)


def _feeds(values: Mapping[AssignNodes, np.ndarray]) -> dict[Any, np.ndarray]:
    return {node.placeholder: value for node, value in values.items()}


def _batches(
    values: Mapping[AssignNodes, np.ndarray], chunk_bytes: int
) -> Iterator[list[AssignNodes]]:
    sizes = {node: _message_bytes(value) for node, value in values.items()}
    return _grouped(sizes, chunk_bytes)


def _grouped(sizes: Mapping[AssignNodes, int], most: int) -> Iterator[list[AssignNodes]]:
    """Yields the keys in order, as many together as `most` bytes allow; a large one by itself."""
    batch: list[AssignNodes] = []
    total = 0
    for node, size in sizes.items():
        if batch and (total + size > most or node.pieces is not None):
            yield batch
            batch, total = [], 0
        batch.append(node)
        total += size
        if node.pieces is not None:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch


def _message_bytes(value: np.ndarray) -> int:
    if value.dtype.kind == "O":
        return sum(len(one) + 8 for one in value.ravel().tolist())
    return value.nbytes


def _write_pieces(
    connection: Connection, node: AssignNodes, value: np.ndarray, chunk_bytes: int, after: str
) -> None:
    pieces = _pieces(node)
    room = {pieces.dimensions: value.shape, pieces.zero: np.zeros((), value.dtype)}
    _run(connection, pieces.room, room, items=[node], after=after)
    said = after
    for box in boxes(value.shape, most=max(1, chunk_bytes // value.itemsize)):
        feeds = {pieces.value: value[box], **_bounds(pieces, box)}
        _run(connection, pieces.write, feeds, items=[node], after=said)
        said = f"{after}; {node.name} was written in part"


def _read_pieces(connection: Connection, node: AssignNodes, chunk_bytes: int) -> np.ndarray:
    pieces = _pieces(node)
    shape = tuple(size or 0 for size in node.shape or ())
    out = np.empty(shape, node.dtype.as_numpy_dtype)
    for box in boxes(shape, most=max(1, chunk_bytes // out.itemsize)):
        bounds = _bounds(pieces, box)
        out[box] = connection.run(
            pieces.read, feed_dict=bounds, items=[node.item], action="reading"
        )
    return out


def _pieces(node: AssignNodes) -> PieceNodes:
    if node.pieces is None:
        raise GraphError(f"{node.name}: expected nodes for its pieces, found none")
    return node.pieces


def _bounds(pieces: PieceNodes, box: tuple[slice, ...]) -> dict[Any, Any]:
    return {
        pieces.begin: [one.start for one in box],
        pieces.end: [one.stop for one in box],
    }


def _progress(written: Sequence[str], total: int) -> str:
    if not written:
        return "; nothing was written before"
    return f"; {len(written)} of {total} had been written, up to {written[-1]}"
