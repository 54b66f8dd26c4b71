"""What the names of one checkpoint say together."""

from __future__ import annotations

import collections
import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence

from tf1compat.names._companions import companion_family, is_optimizer_name
from tf1compat.names._run_state import run_state
from tf1compat.names._slots import Companion, NameTable, find_companions
from tf1compat.names.optimizers import OPTIMIZERS
from tf1compat.names.parse import COUNTER, VariableName, parse_name, split_part, strip_output

__all__ = ["parse_names"]

_LETTERED = re.compile(r"([wb])([a-z][0-9]?)")
_COUNTER = re.compile(rf"{COUNTER}\Z")
_HYPER = (
    "iter iterations beta_1 beta_2 decay learning_rate lr rho momentum epsilon schedule_decay"
    " m_schedule"
)


def parse_names(
    names: Iterable[str], shapes: Mapping[str, Sequence[int]] | None = None
) -> dict[str, VariableName]:
    """Returns each of `names`, parsed with all the others as evidence, in the given order.

    A name is a slot or a shadow only where its variable is in `names` too, and has the same shape
    where `shapes` (by name, as given) knows both: ``X/Adam`` without an ``X`` is a variable like
    any other, and so is ``Adam/kernel``, of a layer that somebody called Adam.

    Mirrors how ``tf.train.Optimizer`` and ``tf.train.ExponentialMovingAverage`` of TensorFlow 1.15
    name what they create (under a variable scope and with partitions too), and Keras' optimizers
    (``training/Adam/dense/kernel/m``). Names of custom optimizers are recognised where the leaf
    follows at least three variables and half of all that could have a slot.

    >>> parsed = parse_names(["conv/kernel", "conv/kernel/Adam", "Adam/kernel", "lost/Adam"])
    >>> [(name.kind, name.slot_of) for name in parsed.values()]
    [('variable', None), ('slot', 'conv/kernel'), ('variable', None), ('variable', None)]
    """
    given = list(names)
    bare = {strip_output(name): name for name in reversed(given)}
    sizes = {strip_output(name): tuple(shape) for name, shape in (shapes or {}).items()}
    table = NameTable(bare, sizes)
    companions = find_companions(table)
    state = _optimizer_state(table, companions)
    scalars = [name for name, shape in table.shapes.items() if shape == () and name in table.given]
    kept = run_state(table.given, (n for n in scalars if n not in companions and n not in state))
    state |= {name: kind for name, (kind, _) in kept.items()}
    return {name: _describe(name, table, companions, state) for name in given}


def _describe(
    name: str, table: NameTable, companions: Mapping[str, Companion], state: Mapping[str, str]
) -> VariableName:
    """Returns `name` with what the table, its companions and the optimizers' state say of it."""
    bare = strip_output(name)
    found = companions.get(bare)
    if found is not None:
        return _describe_companion(name, found, table)
    alone = parse_name(name)
    if bare in state:
        return dataclasses.replace(alone, role="unknown", kind=state[bare])
    if companion_family(alone.leaf) == "average":  # a file of averages only: they are the weights
        return dataclasses.replace(alone, role=parse_name(alone.scope).role)
    if alone.leaf == "EMA" and alone.scope not in table:
        return _tensorpack_statistic(alone)
    if alone.kind == "global_step" and table.shapes.get(bare, ()) != ():
        alone = dataclasses.replace(alone, kind="variable")
    if alone.part is not None and split_part(bare)[0] not in table.joined:
        scope, _, leaf = bare.rpartition("/")  # part_3 without part_0: a name like any other
        alone = VariableName(name, scope, leaf)
    return _lettered(_unlike_a_bias(alone, table), table)


def _unlike_a_bias(alone: VariableName, table: NameTable) -> VariableName:
    """Returns a matrix that is called ``B`` as one that may be anything: no bias has two axes."""
    axes = [size for size in table.shapes.get(strip_output(alone.full), ()) if size != 1]
    if alone.leaf.lower() != "b" or alone.role != "bias" or len(axes) < 2:
        return alone
    return dataclasses.replace(alone, role="unknown")


def _lettered(alone: VariableName, table: NameTable) -> VariableName:
    """Returns ``wd`` beside ``bd`` as a kernel and its bias: tf_unet's, of a deconvolution."""
    match = _LETTERED.fullmatch(alone.leaf)
    if alone.role != "unknown" or match is None:
        return alone
    scope = f"{alone.scope}/" if alone.scope else ""
    ranks = [len(table.shapes.get(f"{scope}{role}{match[2]}", ())) for role in "wb"]
    if ranks[0] < 2 or ranks[1] != 1:
        return alone
    return dataclasses.replace(alone, role={"w": "kernel", "b": "bias"}[match[1]])


def _tensorpack_statistic(alone: VariableName) -> VariableName:
    """Returns ``bn/mean/EMA`` as a statistic of ``bn``: of a tensor, it is no variable's average.

    Early tensorpack averaged the batch's moments, tensors of those names, by 1.x's own class.
    """
    scope, _, of = alone.scope.rpartition("/")
    role = {"mean": "moving_mean", "variance": "moving_variance"}.get(of)
    if role is None:
        return alone
    return dataclasses.replace(alone, scope=scope, leaf=f"{of}/{alone.leaf}", role=role)


def _describe_companion(name: str, found: Companion, table: NameTable) -> VariableName:
    scope, _, leaf = strip_output(name).rpartition("/")
    of = table.given_name(found.base)
    part, role = found.part, parse_name(found.base).role
    if found.family == "average":
        return VariableName(name, scope, leaf, role, "shadow", shadow_of=of, part=part)
    # `_zero_debias` counts an average's updates in it: a scalar, where a slot has a shape.
    if found.leaf.startswith("local_step"):
        return VariableName(name, scope, leaf, "unknown", "optimizer_state", found.leaf, of)
    return VariableName(name, scope, leaf, role, "slot", found.leaf, of, part=part)


def _optimizer_state(table: NameTable, companions: Mapping[str, Companion]) -> dict[str, str]:
    """Returns the names that are an optimizer's own scalars, each with its kind."""
    has_slots = any(found.family in ("optimizer", "factored") for found in companions.values())
    scalars = [
        name for name in table.given if name not in companions and table.shapes.get(name, ()) == ()
    ]
    found = _own_scalars(scalars, has_slots=has_slots) | _keras_state(scalars)
    return dict.fromkeys(found, "optimizer_state")


def _own_scalars(scalars: Iterable[str], *, has_slots: bool) -> dict[str, str]:
    """Returns ``beta1_power`` and the like where they come together or beside slots, and scopes."""
    known = {leaf for one in OPTIMIZERS.values() for leaf in one.state}
    groups: dict[tuple[str, str], dict[str, str]] = collections.defaultdict(dict)
    for name in scalars:
        scope, _, leaf = name.rpartition("/")
        # A second Adam's is `beta1_power_1`: they belong together by the number of their optimizer.
        counter = None if leaf in known else _COUNTER.search(leaf)
        bare = leaf[: counter.start()] if counter else leaf
        groups[scope, counter[0] if counter else ""][bare] = name
    return {
        name: scope
        for (scope, _), by_leaf in groups.items()
        for optimizer in OPTIMIZERS.values()
        if has_slots or by_leaf.keys() >= set(optimizer.state)
        for name in map(by_leaf.get, optimizer.state)
        if name is not None
    }


def _keras_state(scalars: Iterable[str]) -> dict[str, str]:
    """Returns Keras' hyperparameters (``training/Adam/beta_1``), where two or more stand together.

    Standalone Keras left its slots unnamed (``training/Adam/Variable_3``); they are any shape and
    can't be told apart, so they stay variables.
    """
    groups: dict[str, list[str]] = collections.defaultdict(list)
    for name in scalars:
        scope, _, leaf = name.rpartition("/")
        # Keras makes variables of them below the optimizer's name; one alone may be a program's.
        if leaf in _HYPER.split() and is_optimizer_name(scope.rpartition("/")[2]):
            groups[scope].append(name)
    return {name: scope for scope, group in groups.items() if len(group) > 1 for name in group}
