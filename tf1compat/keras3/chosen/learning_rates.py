"""Learning rates by layer: one optimizer, under which some weights learn slower than others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from tf1compat.errors import ModelError, Problem, UsageError
from tf1compat.keras3.chosen.selecting import Selection, select
from tf1compat.keras3.index.weights import Weight

__all__ = ["ScaledLearningRates", "scaled_learning_rates"]


def scaled_learning_rates(
    optimizer: Any, model: Any, factors: Mapping[str, float], *, others: float | None = None
) -> ScaledLearningRates:
    """Returns an optimizer that trains each weight with the learning rate times its factor.

    It is not the gradient that is scaled, which Adam and its like would undo: each factor has an
    optimizer like the given one, whose learning rate, weight decay included, is that of the whole
    times the factor. Freeze first: it is for the weights that are trained as it is made.

    Args:
      optimizer: an optimizer that wasn't used yet, or its name; it is copied.
      model: the built model that is to be compiled with the result.
      factors: a factor by pattern, as :func:`select` takes patterns: ``{"backbone/.*": 0.1}``.
        From 0 up; a weight with 0 isn't touched.
      others: the factor of weights that no pattern matches; None for that to be an error.

    Raises:
      ModelError: patterns that match no trained weight, and weights that none matches or several;
        all of them at once.
      UsageError: a factor that isn't a finite number from 0 up, or an optimizer that was used, or
        whose setting can't be divided among factors.
    """
    given = _checked(optimizer)
    for pattern, factor in {**factors, "others": 1.0 if others is None else others}.items():
        if not _is_factor(factor):
            raise UsageError(
                f"factor of {pattern!r}: expected a number from 0 up, found {factor!r}"
            )
    chosen = select(model)
    trained = {id(weight.variable): weight for weight in chosen.trainable().items}
    found = _factors(chosen, trained, factors, others)
    order = [trained[id(variable)] for variable in chosen.model.trainable_variables]
    entries = [
        {"name": weight.name, "shape": list(weight.shape), "factor": found[id(weight.variable)]}
        for weight in order
    ]
    return ScaledLearningRates(given, entries)


@keras.saving.register_keras_serializable(package="tf1compat")
class ScaledLearningRates(keras.optimizers.Optimizer):  # type: ignore[misc]
    """An optimizer with a factor for each weight; made by :func:`scaled_learning_rates`.

    Its ``learning_rate`` is that of factor 1, and may be assigned or be a schedule, as any
    optimizer's. A program that loads a model which was saved with it imports it first.
    """

    def __init__(
        self, optimizer: Any, weights: Sequence[Mapping[str, Any]], name: str | None = None
    ) -> None:
        """Makes one.

        Args:
          optimizer: the optimizer whose settings all have.
          weights: for each trained weight, in the model's order, its ``name``, ``shape`` and
            ``factor``.
          name: of the optimizer.
        """
        config = optimizer.get_config()
        rate = config["learning_rate"]
        super().__init__(
            keras.optimizers.schedules.deserialize(rate) if isinstance(rate, dict) else rate,
            loss_scale_factor=config["loss_scale_factor"],
            name=name or f"scaled_{config['name']}",
        )
        self._entries = [dict(entry) for entry in weights]
        self._serialized = keras.optimizers.serialize(optimizer)
        self._clip = config["global_clipnorm"]
        self._places: dict[int, int] = {}
        self._factors = sorted({float(entry["factor"]) for entry in weights} - {0.0})
        self._each = [self._like(optimizer, factor) for factor in self._factors]

    def _like(self, optimizer: Any, factor: float) -> Any:
        """Returns an optimizer of the same settings, whose learning rate follows this one's."""
        config = {
            **optimizer.get_config(),
            "learning_rate": lambda: keras.ops.multiply(self.learning_rate, factor),
            "global_clipnorm": None,  # of all gradients together
            "name": f"{self.name}_{self._factors.index(factor)}",
        }
        return type(optimizer).from_config(config)

    def build(self, variables: Sequence[Any]) -> None:
        """Makes the slots of each weight, as its own optimizer has them.

        Raises:
          ModelError: these aren't the weights that it was made for.
        """
        found = [(one.name, list(one.shape)) for one in variables]
        made_for = [(one["name"], list(one["shape"])) for one in self._entries]
        if found != made_for:
            raise ModelError(
                f"{self.name}: expected the {len(made_for)} weights that it was made for, found "
                f"{len(found)}, {_first_other(found, made_for)}; freeze, then make it anew"
            )
        if self.built:
            return
        super().build(variables)
        self._places = {id(variable): place for place, variable in enumerate(variables)}
        self._built_for = list(variables)
        for factor, each in zip(self._factors, self._each, strict=True):
            each.build([v for v in variables if self._factor(v) == factor])

    def _factor(self, variable: Any) -> float:
        place = self._places.get(id(variable))
        if place is None:
            raise ModelError(
                f"{self.name}: expected weights that it was made for, found "
                f"{getattr(variable, 'path', variable)}; freeze, then make it anew"
            )
        return float(self._entries[place]["factor"])

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Applies each gradient by the optimizer of its weight's factor."""
        if trainable_variables is not None and not self.built:
            self.build(list(trainable_variables))
        variables = self._built_for if trainable_variables is None else list(trainable_variables)
        pairs = list(zip(self._clipped(list(grads)), variables, strict=True))
        if all(gradient is None for gradient, _ in pairs):
            raise ModelError(f"{self.name}: expected gradients, found none of any weight")
        for factor, each in zip(self._factors, self._each, strict=True):
            own = [pair for pair in pairs if self._factor(pair[1]) == factor]
            if any(gradient is not None for gradient, _ in own):
                each.apply(*map(list, zip(*own, strict=True)))
        self.iterations.assign_add(1)

    def _clipped(self, grads: list[Any]) -> list[Any]:
        """Returns the gradients, scaled so that their norm together is no larger than asked."""
        there = [gradient for gradient in grads if gradient is not None]
        if not self._clip or not there:
            return grads
        ops, limit = keras.ops, self._clip * (self.loss_scale_factor or 1.0)
        by_rows = getattr(self._each[0], "clipped_rows", None)  # of 1.15's optimizers
        clipped: list[Any] | None = None if by_rows is None else by_rows(grads, limit)
        if clipped is not None:
            return clipped
        there = [ops.convert_to_tensor(gradient) for gradient in there]  # of embeddings, slices
        norm = ops.sqrt(ops.sum(ops.stack([ops.sum(ops.square(one)) for one in there])))
        scale = limit * ops.minimum(1.0 / norm, 1.0 / limit) + (norm - norm)
        return [None if one is None else ops.convert_to_tensor(one) * scale for one in grads]

    @property
    def variables(self) -> list[Any]:
        """The step, the learning rate and all slots."""
        return [*super().variables, *(v for each in self._each for v in each.variables)]

    def exclude_from_weight_decay(
        self, var_list: Sequence[Any] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Excludes weights from weight decay, as any optimizer's method does."""
        for each in self._each:
            each.exclude_from_weight_decay(var_list, var_names)

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        """Gives weights their moving averages, where the optimizer keeps them."""
        for factor, each in zip(self._factors, self._each, strict=True):
            each.finalize_variable_values([v for v in var_list if self._factor(v) == factor])

    def save_own_variables(self, store: Any) -> None:
        """Saves the step and the learning rate; the optimizers within save their own."""
        for number, variable in enumerate(super().variables):
            store[str(number)] = keras.ops.convert_to_numpy(variable)

    def load_own_variables(self, store: Any) -> None:
        """Loads what :meth:`save_own_variables` saved."""
        for number, variable in enumerate(super().variables):
            variable.assign(store[str(number)])

    def get_config(self) -> dict[str, Any]:
        """Returns what makes an equal one."""
        optimizer = dict(self._serialized)
        optimizer["config"] = {
            **optimizer["config"],
            "learning_rate": super().get_config()["learning_rate"],
        }
        weights = [dict(entry) for entry in self._entries]
        return {"name": self.name, "optimizer": optimizer, "weights": weights}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        """Returns the one that :meth:`get_config` is of."""
        inner = keras.optimizers.deserialize(config["optimizer"], custom_objects=custom_objects)
        return cls(inner, config["weights"], name=config["name"])


def _checked(optimizer: Any) -> Any:
    """Returns an optimizer of which there may be several, one for each factor."""
    given = keras.optimizers.get(optimizer)
    excluded = any("exclude_from_weight_decay" in name for name in vars(given))
    steps = given.gradient_accumulation_steps
    wrong = [
        (given.built, "that wasn't used yet", "one that has slots"),
        (
            isinstance(given, keras.optimizers.LossScaleOptimizer | ScaledLearningRates),
            "of gradients",
            f"a {type(given).__name__}, which goes around the result",
        ),
        (
            excluded,
            "without exclusions",
            "some from weight decay, which the result's own method says",
        ),
        (
            bool(given.global_clipnorm and steps),
            "that clips or accumulates",
            "global_clipnorm of what gradient_accumulation_steps adds up",
        ),
    ]
    for is_wrong, expected, found in wrong:
        if is_wrong:
            raise UsageError(f"{given.name}: expected an optimizer {expected}, found {found}")
    return given


def _is_factor(factor: Any) -> bool:
    is_number = isinstance(factor, int | float) and not isinstance(factor, bool)
    return is_number and math.isfinite(factor) and factor >= 0


def _factors(
    chosen: Selection,
    trained: Mapping[int, Weight],
    factors: Mapping[str, float],
    others: float | None,
) -> dict[int, float]:
    """Returns the factor of each trained variable by its ``id``."""
    matching = {
        pattern: {id(weight.variable) for weight in chosen.regex(pattern).items} & trained.keys()
        for pattern in factors
    }
    problems = [
        Problem(f"pattern {pattern!r}", "to match the path of a trained weight", "none")
        for pattern, ids in matching.items()
        if not ids
    ]
    found = {}
    for one, weight in trained.items():
        said = [pattern for pattern, ids in matching.items() if one in ids]
        if len(said) > 1 or (not said and others is None):
            remedy = "let one pattern match it" if said else "match it, or say others=1.0"
            patterns = ", ".join(map(repr, said)) or "none"
            problems.append(Problem(weight.path, "one pattern", patterns, remedy=remedy))
        else:
            found[one] = float(factors[said[0]] if said else others or 0.0)
    if problems:
        raise ModelError.from_problems("weights and factors don't match", problems)
    return found


def _first_other(found: Sequence[Any], made_for: Sequence[Any]) -> str:
    for place, one in enumerate(found):
        if place >= len(made_for) or made_for[place] != one:
            return f"the first other {one[0]} of shape {tuple(one[1])}"
    return "the last ones missing"
