"""What a layer holds on to: variables, losses and updates, as 1.15's layers reported them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import tensorflow as tf

from tf1compat.graph.building import require_graph
from tf1compat.graph.items import expand_parts
from tf1compat.graph.layers import _calling as calling
from tf1compat.graph.regularizers import resolve_regularizer
from tf1compat.graph.types import Nested, Operation, Regularizer, RegularizerLike, Tensor, Variable

__all__ = ["LayerRecord"]

v1 = tf.compat.v1


# An operation, a tensor whose operation is meant, or what makes one of them.
Update: TypeAlias = Operation | Tensor | Callable[[], Any]


class LayerRecord:
    """The variables, losses and updates of one layer, and whether it is trained.

    Mirrors the part of `tf.layers.Layer` of TensorFlow 1.15 that answers questions.

    Attributes:
      stateful: whether `updates` run even while the layer is not trainable.
    """

    def __init__(self, trainable: bool, activity_regularizer: RegularizerLike) -> None:
        self._trainable = trainable
        self._activity_regularizer = resolve_regularizer(activity_regularizer)
        self._trainable_weights: list[Variable] = []
        self._non_trainable_weights: list[Variable] = []
        self._losses: list[tuple[Tensor, bool]] = []  # (tensor, depends on inputs)
        self._weight_losses: list[tuple[Tensor, bool]] = []
        self._updates: list[tuple[Operation, Any]] = []  # (operation, inputs of the call)
        self.stateful = False

    @property
    def trainable(self) -> bool:
        """Whether the layer's trainable weights count as trainable; may be set."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = value

    @property
    def activity_regularizer(self) -> Regularizer | None:
        """The function that makes a loss of each output, or None; may be set."""
        return self._activity_regularizer

    @activity_regularizer.setter
    def activity_regularizer(self, regularizer: Regularizer | None) -> None:
        self._activity_regularizer = regularizer

    @property
    def trainable_weights(self) -> list[Any]:
        """Trainable variables, in creation order; none while `trainable` is False."""
        return list(self._trainable_weights) if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The other variables; all of them while `trainable` is False."""
        if self.trainable:
            return list(self._non_trainable_weights)
        return self._trainable_weights + self._non_trainable_weights

    @property
    def weights(self) -> list[Any]:
        """All variables, the trainable ones first."""
        return self.trainable_weights + self.non_trainable_weights

    @property
    def trainable_variables(self) -> list[Any]:
        """As `trainable_weights`."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Any]:
        """As `non_trainable_weights`."""
        return self.non_trainable_weights

    @property
    def variables(self) -> list[Any]:
        """As `weights`."""
        return self.weights

    @property
    def updates(self) -> list[Operation]:
        """Update operations, none while the layer is neither trainable nor stateful."""
        # A frozen BatchNormalization files no updates: its averages stand still (`Layer.updates`).
        if not self.trainable and not self.stateful:
            return []
        return [update for update, _ in self._updates]

    @property
    def losses(self) -> list[Tensor]:
        """Scalar losses: those added by calls, then those of the weights' regularizers."""
        # 1.15 ran weights' regularizers anew at each access, and the graph grew; one tensor serves.
        return [loss for loss, _ in self._losses + self._weight_losses]

    def _handle_weight_regularization(
        self, name: str, variable: Variable, regularizer: Regularizer
    ) -> None:
        def loss_of(part: Variable) -> Tensor | None:
            with v1.name_scope(f"{name}/Regularizer"):
                return regularizer(part)

        # Each part has a loss of its own, as `_handle_weight_regularization` of 1.15 does.
        for part in expand_parts(variable):
            self.add_loss(functools.partial(loss_of, part))

    def _handle_activity_regularization(self, inputs: Nested, outputs: Nested) -> None:
        if not self._activity_regularizer:
            return
        with v1.name_scope("ActivityRegularizer"):
            for output in tf.nest.flatten(outputs):
                loss = self._activity_regularizer(output)
                # The mean over the batch: the strength doesn't depend on the batch's size.
                self.add_loss(loss / tf.cast(v1.shape(output)[0], loss.dtype), inputs=inputs)

    def add_loss(
        self, losses: Nested | Callable[[], Tensor | None], inputs: Nested | bool | None = None
    ) -> None:
        """Adds scalar losses to the layer and to REGULARIZATION_LOSSES.

        Args:
          losses: a scalar tensor, a function of no argument that makes one, or a structure.
          inputs: anything but None says that the losses depend on the layer's inputs.

        Raises:
          GraphError: (a `ValueError`) in eager mode.
        """
        require_graph(f"loss of {type(self).__name__}")
        made: list[Tensor] = []
        made_of_weights: list[Tensor] = []
        for loss in tf.nest.flatten(losses):
            # Functions, such as weights' regularizers, come last (1.15's `_callable_losses`).
            target = made_of_weights if callable(loss) else made
            value = loss() if callable(loss) else loss
            if value is not None:
                target.append(value if tf.is_tensor(value) else tf.convert_to_tensor(value))
        self._losses.extend((loss, inputs is not None) for loss in made)
        self._weight_losses.extend((loss, inputs is not None) for loss in made_of_weights)
        calling.collect(made + made_of_weights, v1.GraphKeys.REGULARIZATION_LOSSES)

    def add_update(
        self, updates: Update | Sequence[Update], inputs: Nested | bool | None = None
    ) -> None:
        """Adds update operations, which reach UPDATE_OPS as the layer's call ends.

        Args:
          updates: an operation, a tensor, a function of no argument making one, or a list.
          inputs: ignored, as in TF 1.15: dependence on inputs is read from the graph.

        Raises:
          GraphError: (a `ValueError`) in eager mode.
        """
        require_graph(f"update of {type(self).__name__}")
        frame = calling.current_frame()
        relevant = frame.inputs if frame is not None else ()
        for update in updates if isinstance(updates, list | tuple) else [updates]:
            # At once, so that the op lies in the call's scopes; 2.x keeps the function for later.
            made = update() if callable(update) else update
            if not isinstance(made, tf.Operation):
                made = made.op if hasattr(made, "op") else tf.convert_to_tensor(made)
            self._updates.append((made, relevant))

    def get_updates_for(self, inputs: Nested | None) -> list[Operation]:
        """Returns the updates that depend on `inputs`; with None, those on no input at all."""
        live = self._updates if self.updates else []
        conditional = [calling.reaches(update, relevant) for update, relevant in live]
        if inputs is None:
            return [u for (u, _), depends in zip(live, conditional, strict=True) if not depends]
        return [
            update
            for (update, _), depends in zip(live, conditional, strict=True)
            if depends and calling.reaches(update, inputs)
        ]

    def get_losses_for(self, inputs: Nested | None) -> list[Tensor]:
        """Returns the losses that depend on `inputs`; with None, those on no input at all."""
        every = self._losses + self._weight_losses
        if inputs is None:
            return [loss for loss, depends in every if not depends]
        return [loss for loss, depends in every if depends and calling.reaches(loss, inputs)]
