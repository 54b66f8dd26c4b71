"""The variables of a model's optimizer by stable paths, and which weight each belongs to."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import keras

from tf1compat.errors import UnknownNameError
from tf1compat.keras3 import v1_optimizers
from tf1compat.keras3.index.model_index import ModelIndex
from tf1compat.keras3.index.weights import Weight

__all__ = ["OptimizerIndex", "OptimizerVariable", "index_optimizer", "unbuilt_optimizer"]

_ROOT = "optimizer"
_COUNTER = "iteration"  # what Keras calls the variable of `optimizer.iterations`
_NUMBERS = {_COUNTER: "iterations", "learning_rate": "learning_rate"}
_SCALES = ("dynamic_scale", "step_counter")


@dataclasses.dataclass(frozen=True, eq=False)
class OptimizerVariable:
    """One variable of an optimizer.

    Attributes:
      what: the name of a slot, such as ``"momentum"``; ``"average"`` for Keras' moving averages;
        ``"iterations"``, ``"learning_rate"``, ``"dynamic_scale"``, ``"step_counter"``; its own name
        for one that belongs to no weight; ``""`` where several have that.
      of: path of the weight that it belongs to; ``""`` for none.
      weight: it as what is read and written, of kind ``"optimizer"``.
    """

    what: str
    of: str
    weight: Weight


class OptimizerIndex(Mapping[str, OptimizerVariable]):
    """The variables of an optimizer by path, in its own order.

    Paths are ``optimizer/WHAT/PATH OF THE WEIGHT`` and, of what belongs to none,
    ``optimizer/WHAT``; of several optimizers in the place of one each has its number,
    ``optimizer/0/WHAT``.

    Attributes:
      outer: the optimizer that the model was compiled with.
      optimizer: the one that steps: of a ``LossScaleOptimizer`` the one within.
      kind: its class by what Keras registers it as: ``"keras>Adam"``, ``"tf1compat>Momentum"``.
      settings: its configuration, but for what isn't a plain value.
      trained: paths of the weights that it trains.
      all_trained: paths of all weights that the model's optimizer trains.
      parts: the optimizers that it is: several of a ``MultiOptimizer``, else itself.
    """

    def __init__(
        self,
        outer: Any,
        optimizer: Any,
        variables: Iterable[OptimizerVariable],
        *,
        trained: Iterable[str],
        all_trained: Iterable[str],
        parts: Sequence[OptimizerIndex] = (),
    ) -> None:
        self.outer = outer
        self.optimizer = optimizer
        self.kind = _kind(optimizer)
        config = optimizer.get_config()
        plain = (bool, int, float, str, type(None))
        self.settings = {key: one for key, one in config.items() if isinstance(one, plain)}
        self._config = config
        self.trained = frozenset(trained)
        self.all_trained = frozenset(all_trained)
        self.parts = tuple(parts) or (self,)
        self._variables = {one.weight.path: one for one in variables}

    def __getitem__(self, path: str) -> OptimizerVariable:
        try:
            return self._variables[path]
        except KeyError:
            raise UnknownNameError(f"{path}: the optimizer has no variable of this path") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)

    @property
    def sees_rows(self) -> bool:
        """Whether gradients of tables come as those of a few rows: with TensorFlow alone."""
        return str(keras.config.backend()) == "tensorflow"

    def joined(self, offers: Sequence[str]) -> str:
        """Returns, from how its parts are written, how it is."""
        if self.parts == (self,):
            return offers[0]
        pairs = (
            f"({offer}, {patterns})"
            for offer, patterns in zip(offers, self.optimizer.patterns, strict=True)
        )
        return f"tf1compat.keras3.v1_optimizers.MultiOptimizer([{', '.join(pairs)}])"

    @property
    def scheduled(self) -> bool:
        """Whether its learning rate is anything but a number that it holds."""
        return all(one.what != "learning_rate" for one in self.values())

    def rate(self, step: int) -> float | None:
        """Returns the learning rate of a step, counted from 0; None where nothing tells.

        Of a number that it holds, that number, whatever the step.
        """
        if not self.scheduled:
            return float(keras.ops.convert_to_numpy(self.optimizer.learning_rate))
        count = self.optimizer.iterations
        if not isinstance(count, keras.Variable):  # of accumulated gradients
            return None
        now = keras.ops.convert_to_tensor(step, count.dtype)
        with keras.StatelessScope(state_mapping=[(count, now)]):
            return float(keras.ops.convert_to_numpy(self.optimizer.learning_rate))

    def turns(self) -> tuple[int, ...]:
        """Returns the whole numbers of its schedule: steps at which it may turn."""
        found: set[int] = set()
        pending: list[object] = [self._config.get("learning_rate")]
        while pending:
            one = pending.pop()
            if isinstance(one, dict):
                pending += one.values()
            elif isinstance(one, (list, tuple)):
                pending += one
            elif isinstance(one, (int, float)) and one == int(one) and one > 1:
                found.add(int(one))
        return tuple(sorted(found))


def index_optimizer(index: ModelIndex) -> OptimizerIndex | None:
    """Returns the variables of the optimizer of a compiled model; None where it isn't compiled.

    An optimizer that isn't built yet is built for the model's trainable weights, as the first step
    of its training would do.
    """
    optimizer = getattr(index.model, "optimizer", None)
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        return None
    if not optimizer.built:
        optimizer.build(index.model.trainable_variables)
    return _indexed(optimizer, index)


def unbuilt_optimizer(
    kind: str, settings: Mapping[str, Any], *, trained: Iterable[str]
) -> OptimizerIndex | None:
    """Returns an optimizer that has no variables yet, as its settings say it computes.

    Args:
      kind: its class by what Keras registers it as.
      settings: arguments of its constructor.
      trained: paths of the weights that it is to train.

    Returns:
      None where it can't be made: this Keras lacks it, or doesn't take such settings together.
    """
    package, _, name = kind.rpartition(">")
    # Those of this package are registered once somebody imports them, which nobody need have done.
    own = v1_optimizers if package == "tf1compat" else None
    cls = getattr(keras.optimizers if package == "keras" else own, name, None)
    cls = cls or keras.saving.get_registered_object(kind)
    if cls is None:
        return None
    try:
        made, paths = cls(**settings), list(trained)
    except (TypeError, ValueError):  # of two ways of clipping, for one
        return None
    return OptimizerIndex(made, made, (), trained=paths, all_trained=paths)


def _indexed(outer: Any, index: ModelIndex) -> OptimizerIndex:
    inner = getattr(outer, "inner_optimizer", outer)
    root = _ROOT
    while any(path == root or path.startswith(f"{root}/") for path in index):
        root = f"{root}_"
    every = [index.by_variable[id(one)].path for one in index.model.trainable_variables]
    groups = inner.groups() if hasattr(inner, "groups") else None
    if groups is None:
        variables = _variables(outer.variables, inner, index, root)
        return OptimizerIndex(outer, inner, variables, trained=every, all_trained=every)
    parts, within = [], {id(one) for one in inner.variables}
    around = [one for one in outer.variables if id(one) not in within]  # of loss scaling
    for number, (one, own) in enumerate(groups):
        held = [*(around if number == 0 else ()), *one.variables]
        variables = _variables(held, one, index, f"{root}/{number}")
        trained = [index.by_variable[id(v)].path for v in own]
        part = OptimizerIndex(one, one, variables, trained=trained, all_trained=every)
        parts.append(part)
    union = [one for part in parts for one in part.values()]
    return OptimizerIndex(outer, inner, union, trained=every, all_trained=every, parts=parts)


def _kind(optimizer: Any) -> str:
    cls = type(optimizer)
    registered: str = keras.saving.get_registered_name(cls)
    public = getattr(keras.optimizers, registered, None)
    if registered != cls.__name__ or not isinstance(public, type) or not issubclass(cls, public):
        return registered
    # With torch as the backend, Keras makes a subclass of its own, of the same name.
    of_keras = cls is public or cls.__module__.partition(".")[0] == "keras"
    return f"keras>{registered}" if of_keras else registered


def _variables(
    held: Sequence[Any], inner: Any, index: ModelIndex, root: str
) -> Iterator[OptimizerVariable]:
    """Yields every variable that is held, in the order in which Keras saves them."""
    own = {id(variable) for variable in inner.variables}
    owners = _owners(inner.variables, index)
    unknown = iter(range(len(held)))
    names = collections.Counter(one.name for one in inner.variables if id(one) not in owners)
    for variable in held:
        if id(variable) in owners:
            what, of = owners[id(variable)]
            yield _one(variable, f"{root}/{what}/{of}", what, of)
            continue
        what = _NUMBERS.get(variable.name, variable.name)
        if id(variable) not in own:
            known = what if what in _SCALES else ""
            yield _one(variable, f"{root}/scaling/{what}", known, "")
        elif names[variable.name] == 1:
            yield _one(variable, f"{root}/{what}", what, "")
        else:
            yield _one(variable, f"{root}/variable_{next(unknown)}", "", "")


def _owners(variables: Sequence[Any], index: ModelIndex) -> dict[int, tuple[str, str]]:
    """Returns what each variable is of which weight, by its ``id``.

    Keras calls it ``{path of the weight}_{what}``, slashes replaced. Of weights of one name, it
    makes the variables in the weights' own order; so it does where it calls one of each weight
    alike, as the ``accumulator`` of Ftrl in older ones.
    """
    by_name: dict[str, list[Weight]] = collections.defaultdict(list)
    for variable in index.model.trainable_variables:
        weight = index.by_variable[id(variable)]
        by_name[variable.path.replace("/", "_")].append(weight)
    seen: collections.Counter[str] = collections.Counter()
    found = {}
    for variable in variables:
        name = variable.name
        cuts = (at for at in range(len(name) - 1, 0, -1) if name[at] == "_")
        base = next((name[:at] for at in cuts if name[:at] in by_name), None)
        if base is None:
            continue
        weights, number = by_name[base], seen[name]
        seen[name] += 1
        if number < len(weights):
            found[id(variable)] = (name[len(base) + 1 :], weights[number].path)
    trained = [index.by_variable[id(one)] for one in index.model.trainable_variables]
    return {
        **found,
        **dict(_called_alike([one for one in variables if id(one) not in found], trained)),
    }


def _called_alike(
    variables: Iterable[Any], trained: Sequence[Weight]
) -> Iterator[tuple[int, tuple[str, str]]]:
    """Yields the same of variables of one name, of which there is one of each trained weight."""
    named: dict[str, list[Any]] = collections.defaultdict(list)
    for variable in variables:
        named[variable.name].append(variable)
    shapes = [one.shape for one in trained]
    for name, alike in named.items():
        if len(alike) > 1 and [tuple(one.shape) for one in alike] == shapes:
            for variable, weight in zip(alike, trained, strict=True):
                yield id(variable), (name, weight.path)


def _one(variable: Any, path: str, what: str, of: str) -> OptimizerVariable:
    weight = Weight(
        path=path,
        shape=tuple(variable.shape),
        dtype=str(variable.dtype),
        role="slot",
        kind="optimizer",
        name=variable.name,
        layer_name="",
        layer_class="",
        layer_path="",
        keras_path=variable.path,
        trainable=False,
        order=0,
        uses=(path,),
        variable=variable,
    )
    return OptimizerVariable(what, of, weight)
