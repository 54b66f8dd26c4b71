"""Values for an assigner from elsewhere: a checkpoint, or a mapping with other names (Keras')."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from tf1compat.checkpoint import Checkpoint, open_checkpoint
from tf1compat.errors import (
    CheckpointError,
    CorruptCheckpointError,
    GraphError,
    InLines,
    Problem,
    UsageError,
)
from tf1compat.graph.assign._part_joining import StoredValue, expand_parts_of
from tf1compat.graph.assign.assigner import Assigner
from tf1compat.graph.assign.fitting import MisfitError, fit_value
from tf1compat.graph.assign.ledger import CheckpointLoad, plan_load
from tf1compat.names import Rule, RuleSet, rules_from_assignment_map

__all__ = ["Rules", "assign_checkpoint", "rename_values"]

Rules: TypeAlias = "RuleSet | Iterable[Rule] | Mapping[str, str]"
_BATCH = 1 << 28  # bytes of a checkpoint held in memory at once, where no tensor is larger


def assign_checkpoint(
    session: tf.compat.v1.Session,
    assigner: Assigner,
    checkpoint: Checkpoint | str | os.PathLike[str],
    *,
    rules: Rules = (),
) -> CheckpointLoad:
    """Writes the values of a checkpoint into all variables of `assigner`.

    Every variable gets a value (or is kept by a rule), and every variable of the checkpoint is
    used, dropped by a rule, or an optimizer's slot or state, a moving average or the global step;
    otherwise nothing is written and the error names each that isn't. Names, shapes, dtypes and
    checksums are all checked before the first write; no more than 256 MiB, or one tensor, is held
    at a time. Mirrors ``tf.compat.v1.train.init_from_checkpoint``.

    However a variable is partitioned, on either side, it gets the whole's value. Parts that are
    stored each as a tensor of its own (``w/part_0``, ``w/part_1``, ...) are joined in the order
    of their numbers, along the axis that makes up the variable's shape.

    Args:
      session: a session over the assigner's graph.
      assigner: the variables.
      checkpoint: from :func:`tf1compat.checkpoint.open_checkpoint`, or a path that it takes.
      rules: renames, drops and keeps, or an assignment map as ``init_from_checkpoint`` takes it; a
        name that no rule matches stands for itself. Rules rename parts one by one
        (``w/part_0`` to ``v/part_0``); in a map the whole's name will do.

    Returns:
      What became of every variable of both sides.

    Raises:
      CheckpointNotFoundError: there is no checkpoint at a path.
      GraphError: variables of either side that aren't accounted for, or that don't fit.
      CorruptCheckpointError: a value that is needed is damaged; nothing was written.
      UsageError: `checkpoint` is neither a checkpoint nor a path.
    """
    opened = _opened(checkpoint)
    if isinstance(rules, Mapping):
        rules = expand_parts_of(rules, opened)
    load, values, problems = plan_load(assigner, opened, _rule_set(rules))
    if problems:
        count = len(problems)
        headline = f"{count} problem(s) with {opened.prefix}; nothing was written"
        raise GraphError.from_problems(headline, problems)
    _check_data(assigner, opened, values)
    for batch in _batches(values):
        assigner.assign_some(session, {target: value.read() for target, value in batch.items()})
    return load


def _opened(checkpoint: object) -> Checkpoint:
    if isinstance(checkpoint, Checkpoint):
        return checkpoint
    if isinstance(checkpoint, str | os.PathLike):
        return open_checkpoint(checkpoint)
    found = type(checkpoint).__name__
    raise UsageError(f"checkpoint: expected a path, or what open_checkpoint returns, found {found}")


def rename_values(
    values: Mapping[str, Any], rules: Rules, *, targets: Iterable[str] | None = None
) -> dict[str, Any]:
    """Returns `values` under the names that `rules` give them, for :meth:`Assigner.assign`.

    For the weights of a Keras model, ``{weight.path: weight.numpy()}``, among others. A name that
    no rule matches stays as it is; a dropped one is left out.

    Args:
      values: arrays by name.
      rules: renames and drops, or an assignment map.
      targets: the names there are (``assigner.names``), to check against; None not to.

    Raises:
      RuleError: rules that match nothing, two values for one name, or a target there isn't.

    >>> rename_values({"dense/kernel": 1, "old": 2}, {"dense/": "fc/"})
    {'fc/kernel': 1, 'old': 2}
    """
    outcome = _rule_set(rules).apply(values, targets=targets).check()
    renamed: dict[str, Any] = {}
    for name, value in values.items():
        match = outcome.sources.get(name)
        target = name if match is None else match.target
        if target in renamed:
            problem = Problem(target, "one value", f"several, {name} among them")
            raise GraphError.from_problems("two values for one name", [problem])
        if target is not None:
            renamed[target] = value
    return renamed


def _rule_set(rules: Rules) -> RuleSet:
    if isinstance(rules, Mapping):
        return rules_from_assignment_map(rules)
    return rules if isinstance(rules, RuleSet) else RuleSet(rules)


def _check_data(
    assigner: Assigner, checkpoint: Checkpoint, values: Mapping[str, StoredValue]
) -> None:
    """Raises for data that are damaged, or that a conversion would harm, before any is written."""
    damaged: list[CheckpointError] = []
    harmed: list[Problem] = []
    for target, value in values.items():
        shape, dtype = assigner.expected(target)
        try:
            if value.dtype == np.dtype(dtype.as_numpy_dtype):
                damaged += value.check()
            else:
                fit_value(value.read(), shape=shape, dtype=dtype, casts=assigner.casts)
        except MisfitError as misfit:
            where = f"{checkpoint.prefix}: {value.label}"
            harmed.append(Problem(target, misfit.expected, misfit.found, where, misfit.remedy))
        except CheckpointError as error:
            damaged.append(error)
    if damaged:
        lines = ["damaged; nothing was written", *(f"  {error}" for error in damaged)]
        raise CorruptCheckpointError(InLines.of(lines)) from damaged[0]
    if harmed:
        raise GraphError.from_problems("values that don't convert; nothing was written", harmed)


def _batches(values: Mapping[str, StoredValue]) -> Iterator[dict[str, StoredValue]]:
    batch: dict[str, StoredValue] = {}
    size = 0
    for target, value in values.items():
        more = value.nbytes
        if batch and size + more > _BATCH:
            yield batch
            batch, size = {}, 0
        batch[target] = value
        size += more
    if batch:
        yield batch
