"""`Dense`, `Dropout` and `Flatten` of TensorFlow 1.15's `tf.layers`, as classes and functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.activations import resolve_activation
from tf1compat.graph.constraints import resolve_constraint
from tf1compat.graph.initializers import resolve_initializer
from tf1compat.graph.layers._arguments import ZEROS, normalize_data_format, run_layer
from tf1compat.graph.layers._calling import choose
from tf1compat.graph.layers._dropping import drop
from tf1compat.graph.layers.base import Layer
from tf1compat.graph.layers.input_spec import InputSpec
from tf1compat.graph.regularizers import resolve_regularizer
from tf1compat.graph.types import (
    ActivationLike,
    ConstraintLike,
    InitializerLike,
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

__all__ = ["Dense", "Dropout", "Flatten", "dense", "dropout", "flatten"]

v1 = tf.compat.v1


# No initializer by default, as in `tf.layers`: the variable scope's comes before Glorot uniform.
class Dense(Layer):
    """`activation(inputs @ kernel + bias)`; mirrors `tf.layers.Dense` of TensorFlow 1.15.

    Inputs are `[..., n]`, outputs `[..., units]`; `kernel` is `[n, units]`, `bias` `[units]`.

    Attributes:
      kernel: the weights, in the inputs' dtype.
      bias: the bias, or None.
    """

    _config = (
        "units",
        "activation",
        "use_bias",
        "kernel_initializer",
        "bias_initializer",
        "kernel_regularizer",
        "bias_regularizer",
        "activity_regularizer",
        "kernel_constraint",
        "bias_constraint",
    )

    def __init__(
        self,
        units: int,
        activation: ActivationLike = None,
        use_bias: bool = True,
        kernel_initializer: InitializerLike = None,
        bias_initializer: InitializerLike = ZEROS,
        kernel_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        trainable: bool = True,
        name: ScopeLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            trainable=trainable, name=name, activity_regularizer=activity_regularizer, **kwargs
        )
        self.units = int(units)
        self.activation = resolve_activation(activation)
        self.use_bias = use_bias
        self.kernel_initializer = resolve_initializer(kernel_initializer)
        self.bias_initializer = resolve_initializer(bias_initializer)
        self.kernel_regularizer = resolve_regularizer(kernel_regularizer)
        self.bias_regularizer = resolve_regularizer(bias_regularizer)
        self.kernel_constraint = resolve_constraint(kernel_constraint)
        self.bias_constraint = resolve_constraint(bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)
        self.kernel: Variable | None = None
        self.bias: Variable | None = None

    def build(self, input_shape: ShapeLike) -> None:
        """Makes `kernel` and `bias`.

        Raises:
          TypeError: the dtype is neither floating point nor complex.
          UsageError: (a `ValueError`) the inputs' last size isn't known.
        """
        dtype = tf.as_dtype(self.dtype or tf.float32)
        if not (dtype.is_floating or dtype.is_complex):
            raise TypeError(f"Unable to build `Dense` layer with non-floating point dtype {dtype}")
        size = tf.TensorShape(input_shape)[-1]
        if size is None:
            raise UsageError(
                "The last dimension of the inputs to `Dense` should be defined. Found `None`."
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: size})
        self.kernel = self.add_weight(
            "kernel",
            shape=[size, self.units],
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                shape=[self.units],
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        """Returns the activations, `[..., units]`; `inputs` may be a rank-2 sparse tensor."""
        rank = len(inputs.shape)
        if rank > 2:
            # Beyond rank 2 nothing is cast to the layer's dtype, unlike below (`Dense.call`).
            outputs = tf.tensordot(inputs, self.kernel, [[rank - 1], [0]])
            outputs.set_shape(inputs.shape[:-1].concatenate(self.units))
        else:
            if inputs.dtype.base_dtype != tf.as_dtype(self.dtype):
                inputs = tf.cast(inputs, self.dtype)
            if isinstance(inputs, tf.SparseTensor):
                outputs = tf.sparse.sparse_dense_matmul(inputs, self.kernel)
            else:
                # The bare op, as `gen_math_ops.mat_mul` in 1.15.
                outputs = tf.raw_ops.MatMul(a=inputs, b=self.kernel)
        if self.bias is not None:
            outputs = tf.nn.bias_add(outputs, self.bias)
        return self.activation(outputs)

    def compute_output_shape(self, input_shape: ShapeLike) -> tf.TensorShape:
        """Returns `input_shape` with `units` as its last size."""
        shape = tf.TensorShape(input_shape).with_rank_at_least(2)
        if shape[-1] is None:
            raise UsageError(
                f"The innermost dimension of input_shape must be defined, but saw: {shape}"
            )
        return shape[:-1].concatenate(self.units)


def dense(
    inputs: TensorLike,
    units: int,
    activation: ActivationLike = None,
    use_bias: bool = True,
    kernel_initializer: InitializerLike = None,
    bias_initializer: InitializerLike = ZEROS,
    kernel_regularizer: RegularizerLike = None,
    bias_regularizer: RegularizerLike = None,
    activity_regularizer: RegularizerLike = None,
    kernel_constraint: ConstraintLike = None,
    bias_constraint: ConstraintLike = None,
    trainable: bool = True,
    name: ScopeLike = None,
    reuse: Reuse = None,
) -> Tensor:
    """`activation(inputs @ kernel + bias)`, as `tf.layers.dense` of TensorFlow 1.15.

    Args and errors are those of `Dense`; `name` is the variable scope, and `reuse` as in
    `tf.compat.v1.variable_scope`. Inputs are `[..., n]`, outputs `[..., units]`.
    """
    return run_layer(Dense, locals())


class Dropout(Layer):
    """Zeroes a fraction `rate` of its inputs in training, scaling the rest by `1 / (1 - rate)`.

    Mirrors `tf.layers.Dropout` of TensorFlow 1.15 (Srivastava et al., JMLR 2014).

    Attributes:
      rate: fraction dropped, a number or a scalar tensor.
      noise_shape: shape of the mask; None entries are the inputs' sizes.
      seed: op seed of the mask.
    """

    _config = ("rate", "noise_shape", "seed")

    def __init__(
        self,
        rate: Number = 0.5,
        noise_shape: ShapeLike | Tensor = None,
        seed: int | None = None,
        name: ScopeLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.rate = rate
        self.noise_shape = noise_shape
        self.seed = seed

    def _get_noise_shape(self, inputs: Tensor) -> Tensor | None:
        given: Any = self.noise_shape
        if given is None or isinstance(given, tf.Tensor):
            return given
        shape = v1.shape(inputs)
        return tf.convert_to_tensor(
            [shape[axis] if size is None else size for axis, size in enumerate(given)]
        )

    def call(self, inputs: Tensor, training: Training = False) -> Tensor:
        """Returns `inputs`, dropped where `training`, a Python bool or a bool tensor, holds."""

        def dropped() -> Tensor:
            noise_shape = self._get_noise_shape(inputs)
            return drop(inputs, self.rate, noise_shape=noise_shape, seed=self.seed)

        # `tf.layers` defaults to False, where Keras asks its learning phase.
        training = False if training is None else training
        # With nothing dropped there is an `Identity` all the same, never `inputs` itself.
        return choose(training, dropped, lambda: tf.identity(inputs))

    def compute_output_shape(self, input_shape: ShapeLike) -> ShapeLike:
        """Returns `input_shape`."""
        return input_shape


def dropout(
    inputs: TensorLike,
    rate: Number = 0.5,
    noise_shape: ShapeLike | Tensor = None,
    seed: int | None = None,
    training: Training = False,
    name: ScopeLike = None,
) -> Tensor:
    """Drops a fraction `rate` of `inputs` if `training`, as `tf.layers.dropout` of 1.15."""
    return run_layer(Dropout, locals(), "training")


class Flatten(Layer):
    """Makes `[batch, ...]` into `[batch, n]`; mirrors `tf.layers.Flatten` of TensorFlow 1.15.

    With "channels_first", channels go last before flattening.
    """

    _config = ("data_format",)

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = normalize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Tensor) -> Tensor:
        """Returns the flattened inputs."""
        rank = inputs.shape.rank
        if self.data_format == "channels_first" and rank is not None and rank > 1:
            inputs = tf.transpose(inputs, [0, *range(2, rank), 1])
        # A static batch is written into the shape; `or`, since 1.15 takes a batch of 0 for unknown.
        outputs = tf.reshape(inputs, (inputs.shape[0] or v1.shape(inputs)[0], -1))
        outputs.set_shape(self.compute_output_shape(inputs.shape))
        return outputs

    def compute_output_shape(self, input_shape: ShapeLike) -> tf.TensorShape:
        """Returns `[batch, product of the other sizes]`."""
        batch, *rest = tf.TensorShape(input_shape).as_list()
        return tf.TensorShape([batch, int(np.prod(rest)) if all(rest) else None])


def flatten(
    inputs: TensorLike, name: ScopeLike = None, data_format: str = "channels_last"
) -> Tensor:
    """Makes `[batch, ...]` into `[batch, n]`, as `tf.layers.flatten` of TensorFlow 1.15."""
    return run_layer(Flatten, locals())
