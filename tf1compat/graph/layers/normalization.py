"""`BatchNormalization` of TensorFlow 1.15's `tf.layers`, as a class and as a function."""

from __future__ import annotations

import functools
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.constraints import resolve_constraint
from tf1compat.graph.initializers import resolve_initializer
from tf1compat.graph.layers._arguments import ONES, ZEROS, run_layer
from tf1compat.graph.layers._batch_statistics import (
    assign_moving_average,
    assign_moving_variance,
    fused_moments,
    renormalize,
)
from tf1compat.graph.layers._calling import choose, constant_value
from tf1compat.graph.layers.base import Layer
from tf1compat.graph.layers.input_spec import InputSpec
from tf1compat.graph.regularizers import resolve_regularizer

__all__ = ["BatchNormalization", "batch_normalization"]

v1 = tf.compat.v1


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
        axis: Any = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = ZEROS,
        gamma_initializer: Any = ONES,
        moving_mean_initializer: Any = ZEROS,
        moving_variance_initializer: Any = ONES,
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: float = 0.99,
        fused: bool | None = None,
        trainable: bool = True,
        virtual_batch_size: int | None = None,
        adjustment: Any = None,
        name: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable=trainable, name=name, **kwargs)
        if virtual_batch_size is not None:
            raise UsageError(
                "batch_normalization: virtual_batch_size is not supported; split the batch and "
                "share the layer's scope instead"
            )
        if not isinstance(axis, int | list | tuple):
            raise TypeError(f"axis must be int or list, type given: {type(axis)}")
        unknown = set(renorm_clipping or {}) - {"rmax", "rmin", "dmax"}
        if renorm and unknown:
            raise UsageError(
                f"renorm_clipping {renorm_clipping} contains keys not in ['rmax', 'rmin', 'dmax']"
            )
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
        self.fused: bool | None = True if fused is None else fused
        self.virtual_batch_size = None
        self.gamma: Any = None
        self.beta: Any = None

    @property
    def _param_dtype(self) -> Any:
        # Half precision is normalized with float32 parameters.
        return tf.float32 if self.dtype in ("float16", "bfloat16") else self.dtype or tf.float32

    def build(self, input_shape: Any) -> None:
        """Makes `gamma`, `beta`, `moving_mean`, `moving_variance` (and those of `renorm`).

        Raises:
          UsageError: (a `ValueError`) an axis that the inputs lack, twice the same one, or one
            whose size isn't known.
        """
        shape = tf.TensorShape(input_shape)
        self._axes = self._checked_axes(shape)
        self.axis = list(self._axes)
        sizes = {axis: shape[axis] for axis in self._axes}
        self.input_spec = InputSpec(ndim=shape.rank, axes=sizes)
        self.fused = bool(self.fused) and shape.rank == 4 and self._fusible(shape.rank)
        params = [sizes.get(axis, 1) for axis in range(shape.rank)]
        self._param_shape = params if len(sizes) > 1 else [sizes[self._axes[0]]]
        self._add_scale_and_offset()
        self._add_moving_averages()
        self.built = True

    def _checked_axes(self, shape: tf.TensorShape) -> list[int]:
        if not shape.rank:
            raise UsageError(f"Input has undefined rank: {shape}")
        given = [self.axis] if isinstance(self.axis, int) else self.axis
        axes = [axis if axis >= 0 else shape.rank + axis for axis in given]
        for axis in axes:
            if not 0 <= axis < shape.rank:
                raise UsageError(f"Invalid axis: {axis}")
            if shape[axis] is None:
                raise UsageError(f"Input has undefined `axis` dimension. Input shape: {shape}")
        if len(set(axes)) != len(axes):
            raise UsageError(f"Duplicate axis: {axes}")
        return axes

    def _fusible(self, rank: int) -> bool:
        plain = not self.renorm and self.adjustment is None
        return plain and len(self._axes) == 1 and self._axes[0] in (1, rank - 1)

    def _add_scale_and_offset(self) -> None:
        if self.scale:
            self.gamma = self.add_weight(
                "gamma",
                shape=self._param_shape,
                dtype=self._param_dtype,
                initializer=self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
            )
        elif self.fused:
            self._gamma_const = tf.constant(1.0, self._param_dtype, self._param_shape)
        if self.center:
            self.beta = self.add_weight(
                "beta",
                shape=self._param_shape,
                dtype=self._param_dtype,
                initializer=self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
            )
        elif self.fused:
            self._beta_const = tf.constant(0.0, self._param_dtype, self._param_shape)

    def _add_moving_averages(self) -> None:
        partitioner = self._scope.partitioner if self._scope else None
        if partitioner is not None:  # averages are never split
            self._scope.set_partitioner(None)
        try:
            self.moving_mean = self._add_average("moving_mean", self.moving_mean_initializer)
            self.moving_variance = self._add_average(
                "moving_variance", self.moving_variance_initializer
            )
            if self.renorm:
                self._add_renorm_averages()
        finally:
            if partitioner is not None:
                self._scope.set_partitioner(partitioner)

    def _add_renorm_averages(self) -> None:
        def stddev_initializer(*args: Any, **kwargs: Any) -> Any:
            return tf.sqrt(self.moving_variance_initializer(*args, **kwargs))

        beside = v1.get_default_graph().colocate_with
        with beside(self.moving_variance.op):
            self.moving_stddev = self._add_average("moving_stddev", stddev_initializer)
        with beside(self.moving_mean.op):
            self.renorm_mean = self._add_average("renorm_mean", self.moving_mean_initializer)
        with beside(self.moving_stddev.op):
            self.renorm_stddev = self._add_average("renorm_stddev", stddev_initializer)

    def _add_average(self, name: str, initializer: Any) -> Any:
        return self.add_weight(
            name,
            shape=self._param_shape,
            dtype=self._param_dtype,
            initializer=initializer,
            synchronization=tf.VariableSynchronization.ON_READ,
            trainable=False,
            aggregation=tf.VariableAggregation.MEAN,
        )

    def call(self, inputs: Any, training: Any = False) -> Any:
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

    def _fused_call(self, inputs: Any, training: Any) -> Any:
        data_format = "NCHW" if self._axes == [1] else "NHWC"
        scale = self.gamma if self.scale else self._gamma_const
        offset = self.beta if self.center else self._beta_const
        known = constant_value(training)

        normalized = functools.partial(
            fused_moments,
            inputs,
            scale=scale,
            offset=offset,
            epsilon=self.epsilon,
            data_format=data_format,
        )
        averages = (self.moving_mean, self.moving_variance)
        outputs, mean, variance = choose(training, normalized, lambda: normalized(moments=averages))
        if known is False:
            return outputs
        if known:
            momentum = tf.convert_to_tensor(self.momentum)
        else:  # while not training a momentum of 1 leaves the averages as they are
            momentum = choose(training, lambda: self.momentum, lambda: 1.0)
        self.add_update(lambda: assign_moving_average(self.moving_mean, mean, momentum))
        self.add_update(lambda: assign_moving_average(self.moving_variance, variance, momentum))
        return outputs

    def _plain_call(self, inputs: Any, training: Any) -> Any:
        rank = inputs.shape.rank
        axes = [axis for axis in range(rank) if axis not in self._axes]
        scale, offset = self._broadcast(self.gamma, axes), self._broadcast(self.beta, axes)
        if constant_value(training) is False:
            mean, variance = self.moving_mean, self.moving_variance
        else:
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

    def _broadcast(self, value: Any, axes: list[int]) -> Any:
        """Returns `value` shaped to broadcast over the reduced `axes`."""
        rank = len(axes) + len(self._axes)
        if value is None or len(value.shape) == rank or axes == list(range(rank - 1)):
            return value
        shape = [1] * rank
        shape[self._axes[0]] = self._param_shape[0]
        return tf.reshape(value, shape)

    def _adjusted(self, inputs: Any, training: Any, scale: Any, offset: Any) -> tuple[Any, Any]:
        if not self.adjustment:
            return scale, offset
        gain, bias = self.adjustment(v1.shape(inputs))
        gain_now = choose(training, lambda: gain, lambda: tf.ones_like(gain))
        bias_now = choose(training, lambda: bias, lambda: tf.zeros_like(bias))
        return _composed(gain_now, bias_now, scale, offset)

    def _moments(self, inputs: Any, training: Any, axes: list[int]) -> tuple[Any, Any]:
        mean, variance = v1.nn.moments(
            tf.cast(inputs, self._param_dtype), axes, keep_dims=len(self._axes) > 1
        )
        return (
            choose(training, lambda: mean, lambda: tf.convert_to_tensor(self.moving_mean)),
            choose(training, lambda: variance, lambda: tf.convert_to_tensor(self.moving_variance)),
        )

    def _track(
        self,
        mean: Any,
        variance: Any,
        *,
        training: Any,
        axes: list[int],
        scale: Any,
        offset: Any,
    ) -> tuple[Any, Any]:
        """Adds the updates of the averages; returns scale and offset, with renorm's corrections."""
        if self.renorm:
            r, d, mean, variance = renormalize(self, mean, variance, training)
            r = self._broadcast(tf.stop_gradient(r, name="renorm_r"), axes)
            d = self._broadcast(tf.stop_gradient(d, name="renorm_d"), axes)
            scale, offset = _composed(r, d, scale, offset)

        def update_mean() -> Any:
            return assign_moving_average(self.moving_mean, mean, self.momentum)

        def update_variance() -> Any:
            if not self.renorm:
                return assign_moving_average(self.moving_variance, variance, self.momentum)
            return assign_moving_variance(self, variance)

        self.add_update(lambda: choose(training, update_mean, lambda: self.moving_mean))
        self.add_update(lambda: choose(training, update_variance, lambda: self.moving_variance))
        return scale, offset

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns `input_shape`."""
        return input_shape


def _composed(scale: Any, offset: Any, then_scale: Any, then_offset: Any) -> tuple[Any, Any]:
    """Returns scale and offset of `x * scale + offset` followed by a second such transform."""
    if then_scale is not None:
        scale, offset = scale * then_scale, offset * then_scale
    return scale, offset if then_offset is None else offset + then_offset


def batch_normalization(
    inputs: Any,
    axis: Any = -1,
    momentum: float = 0.99,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: bool = True,
    beta_initializer: Any = ZEROS,
    gamma_initializer: Any = ONES,
    moving_mean_initializer: Any = ZEROS,
    moving_variance_initializer: Any = ONES,
    beta_regularizer: Any = None,
    gamma_regularizer: Any = None,
    beta_constraint: Any = None,
    gamma_constraint: Any = None,
    training: Any = False,
    trainable: bool = True,
    name: Any = None,
    reuse: Any = None,
    renorm: bool = False,
    renorm_clipping: Any = None,
    renorm_momentum: float = 0.99,
    fused: bool | None = None,
    virtual_batch_size: int | None = None,
    adjustment: Any = None,
) -> Any:
    """Normalizes `inputs`, as `tf.layers.batch_normalization` of 1.15; see `BatchNormalization`."""
    return run_layer(BatchNormalization, locals(), "training")
