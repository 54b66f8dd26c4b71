"""What optimizers of 1.15 have in common: slots, and steps on a few rows of a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, NamedTuple

import keras

from tf1compat.keras3.v1_optimizers._gradient_rows import (
    clipped_together,
    dense_gradient,
    divided,
    read_rows,
    rows_of,
    write_rows,
)
from tf1compat.keras3.v1_optimizers._joined_variables import (
    JoinedVariables,
    Waiting,
    constants_of,
    rows_joined,
    rows_parted,
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

    Where a step depends on a whole variable or on its value, what 1.15 had otherwise can be said:
    `joined`, of lists of paths of Keras variables that were one variable, in the order of their
    rows, as an LSTM's kernels were; and `added`, by the path of a variable to which constants were
    added, as to a forget gate's bias, what they are: lists of the first element, the last but one,
    and the constant.

    Attributes:
      by_rows: whether a step on a few rows leaves the others alone.
      settings: names of its settings.
      whole_slots: slots that variables that were one have in common, as what is over their rows.
    """

    loss_scale_factor: float | None
    global_clipnorm: float | None
    by_rows: ClassVar[bool] = True
    settings: ClassVar[tuple[str, ...]] = ()
    whole_slots: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        learning_rate: Any,
        *,
        joined: Iterable[Iterable[str]] = (),
        added: Mapping[str, Iterable[Sequence[float]]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.joined = [list(paths) for paths in joined]
        self.added = {path: [list(one) for one in some] for path, some in (added or {}).items()}

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
        self._joins = JoinedVariables(self.joined, variables)
        self._constants = constants_of(self.added, variables)
        self._paths = [variable.path for variable in variables]

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

    @property
    def joined_paths(self) -> list[list[str]]:
        """Of variables that were one, the whole paths; once it is built."""
        return self._joins.groups

    @property
    def added_constants(self) -> dict[str, Any]:
        """What was added to variables, arrays of their shapes, by whole paths; once it is built."""
        return {self._paths[place]: value for place, value in self._constants.items()}

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Takes a step on all variables.

        Raises:
          UsageError: of variables that were one in 1.15, some alone have gradients.
        """
        if self.built:
            self._joins.begin()
        factor, self.loss_scale_factor = self.loss_scale_factor, None
        limit = self.global_clipnorm
        try:  # Keras divides by it, which gradients of rows can't be
            scaled = grads if factor is None else [divided(one, factor) for one in grads]
            if limit and not self.gradient_accumulation_steps:
                clipped = self.clipped_rows(scaled, limit)
                if clipped is not None:
                    scaled, self.global_clipnorm = clipped, None
            super().apply(scaled, trainable_variables)
        finally:
            self.loss_scale_factor, self.global_clipnorm = factor, limit
        self._joins.require_done()

    def clipped_rows(self, gradients: Sequence[Any], limit: float) -> list[Any] | None:
        """Returns gradients clipped together as 1.15 does; None where none is of a few rows.

        Args:
          gradients: of all variables, None where there is none.
          limit: the largest norm that all have together.
        """
        return clipped_together(gradients, limit)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Takes one step on one variable; on such as were one in 1.15 with the last of them."""
        place = self._get_variable_index(variable)
        few = rows_of(gradient) if self.by_rows else None
        if few is not None and place not in self._joins and place not in self._constants:
            self._step_on_rows(*few, variable, learning_rate)
            return
        gradient = keras.ops.cast(dense_gradient(gradient), variable.dtype)
        together = self._joins.wait(place, gradient, variable)
        if together:
            self._step_on_all(together, learning_rate)

    def _step_on_rows(self, gradient: Any, numbers: Any, variable: Any, learning_rate: Any) -> None:
        place, rate = self._get_variable_index(variable), learning_rate
        slots = {name: made[place] for name, made in self._made.items() if made[place] is not None}
        read, put = partial(read_rows, numbers=numbers), partial(write_rows, numbers=numbers)
        held = {name: read(slot) for name, slot in slots.items()}
        gradient, rate = (keras.ops.cast(one, variable.dtype) for one in (gradient, rate))
        value, new = self.step(Given(gradient, read(variable), rate, held, place))
        for name, slot in slots.items():
            self.assign(slot, put(new[name]))
        self.assign(variable, put(value))

    def _step_on_all(self, together: Sequence[Waiting], learning_rate: Any) -> None:
        """Takes a step on variables that were one: on one alone as a rule."""
        ops, first = keras.ops, together[0]
        sizes = [one.variable.shape[0] if one.variable.shape else 1 for one in together]
        values = [ops.convert_to_tensor(one.variable) for one in together]
        constants = [self._constants.get(one.place) for one in together]
        values = [v if c is None else v - c for v, c in zip(values, constants, strict=True)]
        names = [name for name, made in self._made.items() if made[first.place] is not None]
        slots = {name: [self._made[name][one.place] for one in together] for name in names}
        held = {
            name: rows_joined(some[:1] if name in self.whole_slots else some)
            for name, some in slots.items()
        }
        gradient = rows_joined([one.gradient for one in together])
        rate = ops.cast(learning_rate, first.variable.dtype)
        value, new = self.step(Given(gradient, rows_joined(values), rate, held, first.place))
        for name, some in slots.items():
            parts = [new[name]] * len(some)
            if name not in self.whole_slots:
                parts = rows_parted(new[name], sizes)
            for slot, part in zip(some, parts, strict=True):
                self.assign(slot, part)
        for one, part, constant in zip(together, rows_parted(value, sizes), constants, strict=True):
            self.assign(one.variable, part if constant is None else part + constant)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments by name."""
        own = {name: getattr(self, name) for name in self.settings}
        said = {
            "joined": [list(paths) for paths in self.joined],
            "added": {path: [list(one) for one in some] for path, some in self.added.items()},
        }
        return {**super().get_config(), **own, **{k: v for k, v in said.items() if v}}
