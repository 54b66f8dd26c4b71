"""What optimizers of 1.15 have in common: slots, and steps on a few rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, NamedTuple

import keras

from tf1compat.keras3.v1_optimizers._gradient_rows import (
    dense_gradient,
    read_rows,
    rows_of,
    write_rows,
)

__all__ = ["Given", "V1Optimizer"]


class Given(NamedTuple):
    """What one step on one variable is computed from; of a few rows, where these alone take it.

    Attributes:
      gradient: of the loss, of the variable's shape and dtype.
      value: the variable's.
      rate: the learning rate, of the variable's dtype.
      slots: the values of its slots, by their names.
      place: the variable's number among those that the optimizer was built with.
    """

    gradient: Any
    value: Any
    rate: Any
    slots: Mapping[str, Any]
    place: int


class V1Optimizer(keras.optimizers.Optimizer):
    """Base of optimizers with the arithmetic of TensorFlow 1.15.

    A subclass says what its slots are and what one step does with them. Its slots go by the names
    that 1.15's optimizer has for them, and its settings are in its configuration.

    A gradient of a few rows (of an embedding) is added up by row first. Where `by_rows`, other rows
    of the variable and of its slots then stay as they are, as 1.15's ``SparseApply...`` ops have
    it: a momentum of theirs doesn't decay. Other backends than TensorFlow have no such gradients,
    so that there all rows take each step.

    Attributes:
      by_rows: whether a step on a few rows leaves the others alone.
      settings: names of its settings.
    """

    by_rows: ClassVar[bool] = True
    settings: ClassVar[tuple[str, ...]] = ()

    def slots(self) -> Mapping[str, float]:
        """Returns what each slot holds at first, by its name."""
        return {}

    def slot_shape(self, name: str, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        """Returns the shape of a slot of a variable of a shape; None where it has no such slot."""
        return shape

    def step(self, given: Given) -> tuple[Any, dict[str, Any]]:
        """Returns a variable's new value, and those of its slots, by their names."""
        raise NotImplementedError

    def build(self, variables: Any) -> None:
        """Makes the slots of `variables`."""
        if self.built:
            return
        super().build(variables)
        made: dict[str, list[Any]] = {name: [] for name in self.slots()}
        for variable in variables:
            for name, value in self.slots().items():
                made[name].append(self._slot(variable, name, value))
        self._made = made

    def _slot(self, variable: Any, name: str, value: float) -> Any:
        shape = tuple(variable.shape)
        own = self.slot_shape(name, shape)
        if own is None:
            return None
        start = keras.initializers.Constant(value)
        if own == shape:
            return self.add_variable_from_reference(variable, name=name, initializer=start)
        called = f"{variable.path.replace('/', '_')}_{name}"
        return self.add_variable(own, initializer=start, dtype=variable.dtype, name=called)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Takes one step on one variable."""
        ops, place = keras.ops, self._get_variable_index(variable)
        rate = ops.cast(learning_rate, variable.dtype)
        slots = {name: made[place] for name, made in self._made.items() if made[place] is not None}
        few = rows_of(gradient) if self.by_rows else None
        if few is None:
            gradient, read, put = (
                dense_gradient(gradient),
                ops.convert_to_tensor,
                _as_it_is,
            )
        else:
            gradient, numbers = few
            read, put = partial(read_rows, numbers=numbers), partial(write_rows, numbers=numbers)
        held = {name: read(slot) for name, slot in slots.items()}
        gradient = ops.cast(gradient, variable.dtype)
        value, new = self.step(Given(gradient, read(variable), rate, held, place))
        for name, slot in slots.items():
            self.assign(slot, put(new[name]))
        self.assign(variable, put(value))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments by name."""
        return {**super().get_config(), **{name: getattr(self, name) for name in self.settings}}


def _as_it_is(value: Any) -> Any:
    return value
