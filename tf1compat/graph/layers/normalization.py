"""`BatchNormalization` of TensorFlow 1.15's `tf.layers`, as a class and as a function."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import tensorflow as tf

from tf1compat.graph.building import beside
from tf1compat.graph.constraints import resolve_constraint
from tf1compat.graph.initializers import resolve_initializer
from tf1compat.graph.layers._arguments import ONES, ZEROS, run_layer
from tf1compat.graph.layers._batch_statistics import (
    assign_moving_average,
    assign_moving_variance,
    checked_axes,
    composed,
    fused_moments,
    renormalize,
    require_supported,
)
from tf1compat.graph.layers._calling import choose, constant_value
from tf1compat.graph.layers.base import Layer
from tf1compat.graph.layers.input_spec import InputSpec
from tf1compat.graph.regularizers import resolve_regularizer
from tf1compat.graph.types import (
    ConstraintLike,
    DTypeLike,
    InitializerLike,
    IntOrInts,
    Number,
    RegularizerLike,
    Reuse,
    ScopeLike,
    ShapeLike,
    Tensor,
    TensorLike,
    Training,
    Variable,
)

__all__ = ["BatchNormalization", "batch_normalization"]

v1 = tf.compat.v1


# Makes (scale, bias) to adjust with, from the inputs' dynamic shape.
Adjustment: TypeAlias = Callable[[Tensor], tuple[Tensor, Tensor]]


class BatchNormalization(Layer):
    """Normalizes by batch statistics; mirrors `tf.layers.BatchNormalization` of TensorFlow 1.15.

    Ioffe & Szegedy (arXiv:1502.03167); with `renorm`, Ioffe (arXiv:1702.03275). In training the
    updates of the moving averages are added to UPDATE_OPS, to be run with each step.

    Attributes:
      gamma, beta: scale and offset, or None.
      moving_mean, moving_variance: what inference normalizes with.
      moving_stddev, renorm_mean, renorm_stddev: with `renorm` only.
      fused: whether the fused kernel is used; settled when the layer is built.
    """

    _config = (
        "axis",
        "momentum",
        "epsilon",
        "center",
        "scale",
        "beta_initializer",
        "gamma_initializer",
        "moving_mean_initializer",
        "moving_variance_initializer",
        "beta_regularizer",
        "gamma_regularizer",
        "beta_constraint",
        "gamma_constraint",
        "renorm",
        "renorm_clipping",
        "renorm_momentum",
    )

    def __init__(
        self,
        axis: IntOrInts = -1,
        # Keras' momentum and epsilon; `tf.contrib.layers.batch_norm` has a decay of 0.999 instead.
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: InitializerLike = ZEROS,
        gamma_initializer: InitializerLike = ONES,
        moving_mean_initializer: InitializerLike = ZEROS,
        moving_variance_initializer: InitializerLike = ONES,
        beta_regularizer: RegularizerLike = None,
        gamma_regularizer: RegularizerLike = None,
        beta_constraint: ConstraintLike = None,
        gamma_constraint: ConstraintLike = None,
        renorm: bool = False,
        renorm_clipping: Mapping[str, Number] | None = None,
        renorm_momentum: float = 0.99,
        fused: bool | None = None,
        trainable: bool = True,
        virtual_batch_size: int | None = None,
        adjustment: Adjustment | None = None,
        name: ScopeLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable=trainable, name=name, **kwargs)
        require_supported(axis, renorm_clipping if renorm else None, virtual_batch_size)
        self.axis = axis if isinstance(axis, int) else list(axis)
        self.momentum = momentum
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = resolve_initializer(beta_initializer)
        self.gamma_initializer = resolve_initializer(gamma_initializer)
        self.moving_mean_initializer = resolve_initializer(moving_mean_initializer)
        self.moving_variance_initializer = resolve_initializer(moving_variance_initializer)
        self.beta_regularizer = resolve_regularizer(beta_regularizer)
        self.gamma_regularizer = resolve_regularizer(gamma_regularizer)
        self.beta_constraint = resolve_constraint(beta_constraint)
        self.gamma_constraint = resolve_constraint(gamma_constraint)
        self.renorm = renorm
        self.renorm_clipping = dict(renorm_clipping or {})
        self.renorm_momentum = renorm_momentum
        self.adjustment = adjustment
        # A wish, not a demand, while 1.15's `_USE_V2_BEHAVIOR` is off: `build` settles it.
        self.fused: bool | None = True if fused is None else fused
        self.virtual_batch_size = None
        self.gamma: Variable | None = None
        self.beta: Variable | None = None

    @property
    def _param_dtype(self) -> DTypeLike:
        # Half precision is normalized with float32 parameters (1.15's `_param_dtype`).
        return tf.float32 if self.dtype in ("float16", "bfloat16") else self.dtype or tf.float32

    def build(self, input_shape: ShapeLike) -> None:
        """Makes `gamma`, `beta`, `moving_mean`, `moving_variance` (and those of `renorm`).

        Raises:
          UsageError: (a `ValueError`) an axis that the inputs lack, twice the same one, or one
            whose size isn't known.
        """
        shape = tf.TensorShape(input_shape)
        self._axes = checked_axes(self.axis, shape)
        self.axis = list(self._axes)
        sizes = {axis: shape[axis] for axis in self._axes}
        self.input_spec = InputSpec(ndim=shape.rank, axes=sizes)
        self.fused = bool(self.fused) and shape.rank == 4 and self._fusible(shape.rank)
        params = [sizes.get(axis, 1) for axis in range(shape.rank)]
        self._param_shape = params if len(sizes) > 1 else [sizes[self._axes[0]]]
        # gamma, beta, moving_mean, moving_variance: the order in `tf.global_variables()` of 1.15.
        self._add_scale_and_offset()
        self._add_moving_averages()
        self.built = True

    def _fusible(self, rank: int) -> bool:
        plain = not self.renorm and self.adjustment is None
        return plain and len(self._axes) == 1 and self._axes[0] in (1, rank - 1)

    def _add_scale_and_offset(self) -> None:
        if self.scale:
            self.gamma = self._add_param("gamma")
        elif self.fused:
            # The fused kernel wants a scale even where the layer has none: a constant, no variable.
            self._gamma_const = tf.constant(1.0, self._param_dtype, self._param_shape)
        if self.center:
            self.beta = self._add_param("beta")
        elif self.fused:
            self._beta_const = tf.constant(0.0, self._param_dtype, self._param_shape)

    def _add_param(self, name: str) -> Variable:
        return self.add_weight(
            name,
            shape=self._param_shape,
            dtype=self._param_dtype,
            initializer=getattr(self, f"{name}_initializer"),
            regularizer=getattr(self, f"{name}_regularizer"),
            constraint=getattr(self, f"{name}_constraint"),
        )

    def _add_moving_averages(self) -> None:
        # 1.15 takes the partitioner off for the averages alone; gamma and beta are split.
        scope = self._scope
        partitioner = scope.partitioner if scope else None
        if scope and partitioner is not None:  # averages are never split
            scope.set_partitioner(None)
        try:
            self.moving_mean = self._add_average("moving_mean", self.moving_mean_initializer)
            self.moving_variance = self._add_average(
                "moving_variance", self.moving_variance_initializer
            )
            if self.renorm:
                self._add_renorm_averages()
        finally:
            if scope and partitioner is not None:
                scope.set_partitioner(partitioner)

    def _add_renorm_averages(self) -> None:
        def stddev_initializer(*args: Any, **kwargs: Any) -> Tensor:
            of_variance: Any = self.moving_variance_initializer
            return tf.sqrt(of_variance(*args, **kwargs))

        with beside(self.moving_variance):
            self.moving_stddev = self._add_average("moving_stddev", stddev_initializer)
        with beside(self.moving_mean):
            self.renorm_mean = self._add_average("renorm_mean", self.moving_mean_initializer)
        with beside(self.moving_stddev):
            self.renorm_stddev = self._add_average("renorm_stddev", stddev_initializer)

    def _add_average(self, name: str, initializer: InitializerLike) -> Variable:
        return self.add_weight(
            name,
            shape=self._param_shape,
            dtype=self._param_dtype,
            initializer=initializer,
            # How replicas share it: each keeps its own, a read is their mean.
            synchronization=tf.VariableSynchronization.ON_READ,
            trainable=False,
            aggregation=tf.VariableAggregation.MEAN,
        )

    def call(self, inputs: Tensor, training: Training = False) -> Tensor:
        """Returns the normalized inputs.

        Args:
          inputs: floating point, of the rank the layer was built for.
          training: whether to use the batch's statistics and to add the updates of the moving
            averages; a Python bool, or a bool tensor such as a placeholder.
        """
        training = False if training is None else training
        if self.fused:
            return self._fused_call(inputs, training)
        return self._plain_call(inputs, training)

    def _fused_call(self, inputs: Tensor, training: Training) -> Tensor:
        data_format = "NCHW" if self._axes == [1] else "NHWC"
        known = constant_value(training)
        normalized = functools.partial(
            fused_moments,
            inputs,
            scale=self._gamma_const if self.gamma is None else self.gamma,
            offset=self._beta_const if self.beta is None else self.beta,
            epsilon=self.epsilon,
            data_format=data_format,
        )
        averages = (self.moving_mean, self.moving_variance)
        # Both ways give all three, so that a `tf.cond` may choose between them.
        outputs, mean, variance = choose(training, normalized, lambda: normalized(moments=averages))
        # No update op at all, not even one that does nothing: inference graphs stay clean.
        if known is False:
            return outputs
        if known:
            momentum = tf.convert_to_tensor(self.momentum)
        else:  # while not training a momentum of 1 leaves the averages as they are
            momentum = choose(training, lambda: self.momentum, lambda: 1.0)
        # Mean before variance, the order of UPDATE_OPS in 1.15; nothing runs them by itself.
        self.add_update(lambda: assign_moving_average(self.moving_mean, mean, momentum))
        self.add_update(lambda: assign_moving_average(self.moving_variance, variance, momentum))
        return outputs

    def _plain_call(self, inputs: Tensor, training: Training) -> Tensor:
        rank = len(inputs.shape)
        axes = [axis for axis in range(rank) if axis not in self._axes]
        scale, offset = self._broadcast(self.gamma, axes), self._broadcast(self.beta, axes)
        mean: Tensor | None = self.moving_mean
        variance: Tensor | None = self.moving_variance
        if constant_value(training) is not False:
            scale, offset = self._adjusted(inputs, training, scale, offset)
            mean, variance = self._moments(inputs, training, axes)
            scale, offset = self._track(
                mean, variance, training=training, axes=axes, scale=scale, offset=offset
            )
        kind = inputs.dtype.base_dtype
        mean, variance, offset, scale = (
            None if value is None else tf.cast(value, kind)
            for value in (mean, variance, offset, scale)
        )
        mean, variance = self._broadcast(mean, axes), self._broadcast(variance, axes)
        outputs = tf.nn.batch_normalization(
            inputs, mean, variance, offset=offset, scale=scale, variance_epsilon=self.epsilon
        )
        outputs.set_shape(inputs.shape)
        return outputs

    def _broadcast(self, value: Tensor | None, axes: list[int]) -> Any:
        """Returns `value` shaped to broadcast over the reduced `axes`."""
        rank = len(axes) + len(self._axes)
        if value is None or len(value.shape) == rank or axes == list(range(rank - 1)):
            return value
        shape = [1] * rank
        shape[self._axes[0]] = self._param_shape[0]
        return tf.reshape(value, shape)

    def _adjusted(
        self, inputs: Tensor, training: Training, scale: Tensor | None, offset: Tensor | None
    ) -> tuple[Tensor | None, Tensor | None]:
        if not self.adjustment:
            return scale, offset
        gain, bias = self.adjustment(v1.shape(inputs))
        gain_now = choose(training, lambda: gain, lambda: tf.ones_like(gain))
        bias_now = choose(training, lambda: bias, lambda: tf.zeros_like(bias))
        return composed(gain_now, bias_now, scale, offset)

    def _moments(
        self, inputs: Tensor, training: Training, axes: list[int]
    ) -> tuple[Tensor, Tensor]:
        # The biased variance, here: only the fused kernel has Bessel's factor.
        mean, variance = v1.nn.moments(
            tf.cast(inputs, self._param_dtype), axes, keep_dims=len(self._axes) > 1
        )
        return (
            choose(training, lambda: mean, lambda: tf.convert_to_tensor(self.moving_mean)),
            choose(training, lambda: variance, lambda: tf.convert_to_tensor(self.moving_variance)),
        )

    def _track(
        self,
        mean: Tensor,
        variance: Tensor,
        *,
        training: Training,
        axes: list[int],
        scale: Tensor | None,
        offset: Tensor | None,
    ) -> tuple[Tensor | None, Tensor | None]:
        """Adds the updates of the averages; returns scale and offset, with renorm's corrections."""
        if self.renorm:
            r, d, mean, variance = renormalize(self, mean, variance, training)
            gain = self._broadcast(tf.stop_gradient(r, name="renorm_r"), axes)
            shift = self._broadcast(tf.stop_gradient(d, name="renorm_d"), axes)
            scale, offset = composed(gain, shift, scale, offset)

        def update_mean() -> Tensor:
            return assign_moving_average(self.moving_mean, mean, self.momentum)

        def update_variance() -> Tensor:
            if not self.renorm:
                return assign_moving_average(self.moving_variance, variance, self.momentum)
            return assign_moving_variance(self, variance)

        # Outside training the update is a read of the average, so UPDATE_OPS may always be run.
        self.add_update(lambda: choose(training, update_mean, lambda: self.moving_mean))
        self.add_update(lambda: choose(training, update_variance, lambda: self.moving_variance))
        return scale, offset

    def compute_output_shape(self, input_shape: ShapeLike) -> ShapeLike:
        """Returns `input_shape`."""
        return input_shape


def batch_normalization(
    inputs: TensorLike,
    axis: IntOrInts = -1,
    momentum: float = 0.99,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: bool = True,
    beta_initializer: InitializerLike = ZEROS,
    gamma_initializer: InitializerLike = ONES,
    moving_mean_initializer: InitializerLike = ZEROS,
    moving_variance_initializer: InitializerLike = ONES,
    beta_regularizer: RegularizerLike = None,
    gamma_regularizer: RegularizerLike = None,
    beta_constraint: ConstraintLike = None,
    gamma_constraint: ConstraintLike = None,
    training: Training = False,
    trainable: bool = True,
    name: ScopeLike = None,
    reuse: Reuse = None,
    renorm: bool = False,
    renorm_clipping: Mapping[str, Number] | None = None,
    renorm_momentum: float = 0.99,
    fused: bool | None = None,
    virtual_batch_size: int | None = None,
    adjustment: Adjustment | None = None,
) -> Tensor:
    """Normalizes `inputs`, as `tf.layers.batch_normalization` of 1.15; see `BatchNormalization`."""
    return run_layer(BatchNormalization, locals(), "training")
