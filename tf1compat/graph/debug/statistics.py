"""How weights, gradients and updates are doing: statistics, with no node added to the graph."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import overload

import numpy as np
import tensorflow as tf

from tf1compat.checkpoint.array_statistics import ArrayStatistics, array_statistics
from tf1compat.errors import UsageError
from tf1compat.graph.items import GraphItem, expand_parts
from tf1compat.graph.session.connection import Connection
from tf1compat.graph.types import FeedDict, Fetches, GradientsAndVariables, TensorLike, Variable
from tf1compat.names.columns import columns
from tf1compat.printable import joined

__all__ = [
    "StatisticsTable",
    "TrainingStatistics",
    "training_statistics",
]

v1 = tf.compat.v1

_HEAD = ("variable", "weight norm", "weight std", "gradient norm", "update norm", "update/weight")


@dataclasses.dataclass(frozen=True)
class TrainingStatistics:
    """One variable in one training step.

    Attributes:
      name: the variable's name.
      weight: its value before the step.
      gradient: its gradient (of an embedding, the rows that were looked up); None where it has
        none.
      update: its value after the step minus the one before.
      update_ratio: norm of the update divided by the norm of the weight; about 1e-3 is usual, much
        more is unstable, much less is slow. NaN for a weight of zeros that didn't move, infinity
        for one that did.
    """

    name: str
    weight: ArrayStatistics
    gradient: ArrayStatistics | None
    update: ArrayStatistics
    update_ratio: float


def training_statistics(
    session: tf.compat.v1.Session,
    train_op: Fetches,
    *,
    grads_and_vars: GradientsAndVariables,
    feed_dict: FeedDict | None = None,
) -> StatisticsTable:
    """Runs one training step and returns the statistics of each variable in it.

    The gradients are those of the very run that trains. Nothing is added to the graph; the
    variables' values pass through memory twice, so this is for a look now and then.

    Args:
      session: the session.
      train_op: what trains, run once.
      grads_and_vars: as ``compute_gradients`` gave them.
      feed_dict: what to feed.

    Raises:
      GraphError: a run failed.
      UsageError: there are no variables.
    """
    pairs = [(gradient, part) for gradient, v in grads_and_vars for part in expand_parts(v)]
    if not pairs:
        raise UsageError("expected pairs of gradient and variable, found none")
    connection = Connection(session)
    variables = [variable for _, variable in pairs]
    gradients = [g.values if isinstance(g, tf.IndexedSlices) else g for g, _ in pairs]
    present = [gradient for gradient in gradients if gradient is not None]
    before = connection.run(variables, action="reading")
    # One run for both: the next would draw other dropout masks and take another batch.
    fetched, _ = connection.run([present, train_op], feed_dict=feed_dict, action="training")
    after = connection.run(variables, action="reading")
    found = iter(fetched)
    return StatisticsTable(
        [
            _statistics(variable, old, new, None if gradient is None else next(found))
            for variable, gradient, old, new in zip(
                variables, gradients, before, after, strict=True
            )
        ]
    )


class StatisticsTable(Sequence[TrainingStatistics]):
    """The statistics of every variable in one step; prints as a table."""

    def __init__(self, rows: Iterable[TrainingStatistics]) -> None:
        self._rows = tuple(rows)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> TrainingStatistics: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[TrainingStatistics, ...]: ...
    def __getitem__(
        self, index: int | slice
    ) -> TrainingStatistics | tuple[TrainingStatistics, ...]:
        return self._rows[index]

    def __str__(self) -> str:
        lines = columns([_HEAD, *map(_cells, self._rows)], right=[False, *[True] * len(_HEAD[1:])])
        return joined(lines)


def _cells(row: TrainingStatistics) -> tuple[str, ...]:
    return (
        row.name,
        f"{row.weight.norm:.4g}",
        f"{row.weight.std:.4g}",
        "none" if row.gradient is None else f"{row.gradient.norm:.4g}",
        f"{row.update.norm:.4g}",
        f"{row.update_ratio:.3g}",
    )


def _statistics(
    variable: Variable, old: TensorLike, new: TensorLike, gradient: TensorLike | None
) -> TrainingStatistics:
    wide_old, wide_new = np.asarray(old, np.float64), np.asarray(new, np.float64)
    weight, update = array_statistics(old), array_statistics(wide_new - wide_old)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = float(np.divide(update.norm, weight.norm))
    return TrainingStatistics(
        GraphItem(variable).name,
        weight,
        None if gradient is None else array_statistics(gradient),
        update,
        ratio,
    )
