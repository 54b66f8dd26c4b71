"""Several optimizers, each for weights of its own, in the place of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import keras

from tf1compat.errors import Problem, UsageError
from tf1compat.names.patterns import compile_pattern

__all__ = ["MultiOptimizer"]


@keras.saving.register_keras_serializable(package="tf1compat")
class MultiOptimizer(keras.optimizers.Optimizer):
    """Several optimizers in the place of one, as 1.x's wide and deep parts and GANs have them.

    A model is compiled with it as with any other, and its files hold it. Each optimizer keeps its
    own steps, slots, learning rate, clipping and averages, and can be called by itself, as a custom
    loop does: :meth:`optimizer_for` returns it. `iterations` and `learning_rate` are the first's.

    Args:
      optimizers: pairs of an optimizer and patterns, searched for in the paths of Keras variables,
        of what it trains; of several that match, the first counts. Each optimizer stands once.
      name: what it is called.

    Raises:
      UsageError: there is none, or one stands there twice, or is no optimizer; or they scale the
        loss otherwise. When it is built, or
        steps, also: no pattern matches a variable.
    """

    built: bool

    def __init__(
        self, optimizers: Iterable[tuple[Any, Sequence[str]]], name: str = "multi_optimizer"
    ) -> None:
        super().__init__(learning_rate=0.0, name=name)
        pairs = [(one, tuple(patterns)) for one, patterns in optimizers]
        for one, _ in pairs:
            if not isinstance(one, keras.optimizers.Optimizer):
                raise UsageError(f"optimizers: expected optimizers of Keras, found {one!r}")
        if not pairs or len({id(one) for one, _ in pairs}) < len(pairs):
            found = ", ".join(one.name for one, _ in pairs) or "none"
            raise UsageError(f"optimizers: expected each once, found {found}")
        scales = {one.loss_scale_factor for one, _ in pairs}
        if len(scales) > 1:  # they have one loss
            found = ", ".join(f"{one.name} {one.loss_scale_factor}" for one, _ in pairs)
            raise UsageError(f"optimizers: expected one loss_scale_factor, found {found}")
        self.loss_scale_factor = scales.pop()
        self.optimizers = [one for one, _ in pairs]
        self.patterns = [list(patterns) for _, patterns in pairs]

    @property
    def variables(self) -> list[Any]:
        """The variables of all optimizers, in their order."""
        return [variable for one in self.optimizers for variable in one.variables]

    @property
    def iterations(self) -> Any:
        """How many steps the first optimizer took."""
        return self.optimizers[0].iterations

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the first optimizer."""
        return self.optimizers[0].learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.optimizers[0].learning_rate = value

    def build(self, variables: Any) -> None:
        """Builds each optimizer for the variables that it trains."""
        if self.built:
            return
        self._places = self._numbers(variables)
        for number, one in enumerate(self.optimizers):
            own = [v for v, place in zip(variables, self._places, strict=True) if place == number]
            if not one.built:
                one.build(own)
        self._trainable_variables = list(variables)
        self.built = True

    def _numbers(self, variables: Iterable[Any]) -> list[int]:
        """Returns the number of the optimizer of each variable."""
        found = [self._number(variable.path) for variable in variables]
        problems = [
            Problem(variable.path, "a pattern that matches it", "none")
            for variable, number in zip(variables, found, strict=True)
            if number is None
        ]
        if problems:
            raise UsageError.from_problems("variables that no optimizer trains:", problems)
        return [number for number in found if number is not None]

    def _number(self, path: str) -> int | None:
        for number, patterns in enumerate(self.patterns):
            if any(compile_pattern(one).search(path) for one in patterns):
                return number
        return None

    def optimizer_for(self, variable: Any) -> Any:
        """Returns the optimizer that trains a Keras variable.

        Raises:
          UsageError: no pattern matches it.
        """
        return self.optimizers[self._numbers([variable])[0]]

    def groups(self) -> list[tuple[Any, list[Any]]]:
        """Returns each optimizer with the variables that it was built for."""
        return [
            (
                one,
                [v for v, p in zip(self._trainable_variables, self._places, strict=True) if p == n],
            )
            for n, one in enumerate(self.optimizers)
        ]

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Has each optimizer take a step on its variables, those that have gradients."""
        variables = list(trainable_variables or self._trainable_variables)
        if not self.built:
            self.build(variables)
        numbers = self._numbers(variables)
        for number, one in enumerate(self.optimizers):
            own = [
                (gradient, variable)
                for gradient, variable, place in zip(grads, variables, numbers, strict=True)
                if place == number
            ]
            if any(gradient is not None for gradient, _ in own):
                one.apply([gradient for gradient, _ in own], [variable for _, variable in own])

    def finalize_variable_values(self, var_list: Any) -> None:
        """Has optimizers that keep averages put these in the place of their variables."""
        known = {id(one) for one in var_list}
        for one, own in self.groups():
            one.finalize_variable_values([v for v in own if id(v) in known])

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments by name."""
        made = [keras.saving.serialize_keras_object(one) for one in self.optimizers]
        pairs = zip(made, self.patterns, strict=True)
        return {"name": self.name, "optimizers": [[one, list(some)] for one, some in pairs]}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> MultiOptimizer:
        """Returns one with such a configuration."""
        given = dict(config)
        pairs = [
            (keras.saving.deserialize_keras_object(one, custom_objects=custom_objects), some)
            for one, some in given.pop("optimizers")
        ]
        return cls(pairs, **given)
