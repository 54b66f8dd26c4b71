"""`layer_norm`, `instance_norm` and `group_norm` as `tf.contrib.layers` had them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph.layers._arguments import ONES, ZEROS, as_tensor
from tf1compat.graph.layers._model_variables import (
    collect_named_outputs,
    collections_for,
    model_variable,
)
from tf1compat.graph.types import (
    Activation,
    CollectionKeys,
    DTypeLike,
    Initializer,
    Reuse,
    ScopeLike,
    ShapeLike,
    Tensor,
    TensorLike,
    Variable,
    VariablesCollections,
)

__all__ = ["group_norm", "instance_norm", "layer_norm"]

v1 = tf.compat.v1


def layer_norm(
    inputs: TensorLike,
    center: bool = True,
    scale: bool = True,
    activation_fn: Activation | None = None,
    reuse: Reuse = None,
    variables_collections: VariablesCollections = None,
    outputs_collections: CollectionKeys = None,
    trainable: bool = True,
    begin_norm_axis: int = 1,
    begin_params_axis: int = -1,
    scope: ScopeLike = None,
) -> Tensor:
    """Normalizes each example over its axes from `begin_norm_axis` on.

    Mirrors `tf.contrib.layers.layer_norm` (Ba, Kiros & Hinton, arXiv:1607.06450). Variables:
    `LayerNorm/beta` and `LayerNorm/gamma`, of the inputs' shape from `begin_params_axis` on.

    Args:
      inputs: floating point tensor of known rank.
      center: whether to add `beta`.
      scale: whether to multiply by `gamma`.
      activation_fn: applied last, or None.
      reuse: as in `tf.compat.v1.variable_scope`.
      variables_collections: more collections for the variables, or a mapping of them by name.
      outputs_collections: collections for the outputs.
      trainable: whether the variables are trained.
      begin_norm_axis: first axis normalized over.
      begin_params_axis: first axis of the variables' shape.
      scope: variable scope; by default "LayerNorm", made unique.

    Returns:
      A tensor like `inputs`.

    Raises:
      UsageError: (a `ValueError`) rank or variables' shape not known, or axes out of range.
    """
    with v1.variable_scope(scope, "LayerNorm", [inputs], reuse=reuse) as opened:
        inputs = as_tensor(inputs)
        rank = _known_rank(inputs)
        first = begin_norm_axis + rank if begin_norm_axis < 0 else begin_norm_axis
        if begin_params_axis >= rank or first >= rank:
            raise UsageError(
                f"begin_params_axis ({begin_params_axis}) and begin_norm_axis ({first}) "
                f"must be < rank(inputs) ({rank})"
            )
        shape = inputs.shape[begin_params_axis:]
        if not shape.is_fully_defined():
            raise UsageError(
                f"Inputs {inputs.name}: shape(inputs)[{begin_params_axis}:] is not fully defined: "
                f"{inputs.shape}"
            )
        params = _Parameters(shape, inputs.dtype.base_dtype, variables_collections, trainable)
        # beta before gamma, contrib's order; `tf.layers.batch_normalization` makes gamma first.
        beta = params.make("beta", ZEROS) if center else None
        gamma = params.make("gamma", ONES) if scale else None
        mean, variance = tf.nn.moments(inputs, list(range(first, rank)), keepdims=True)
        # float16 has no 1e-12.
        epsilon = 1e-3 if inputs.dtype.base_dtype == tf.float16 else 1e-12
        outputs = tf.nn.batch_normalization(
            inputs, mean, variance, offset=beta, scale=gamma, variance_epsilon=epsilon
        )
        outputs.set_shape(inputs.shape)
        outputs = outputs if activation_fn is None else activation_fn(outputs)
        return collect_named_outputs(outputs_collections, opened.name, outputs)


def instance_norm(
    inputs: TensorLike,
    center: bool = True,
    scale: bool = True,
    epsilon: float = 1e-6,
    activation_fn: Activation | None = None,
    param_initializers: Mapping[str, Initializer] | None = None,
    reuse: Reuse = None,
    variables_collections: VariablesCollections = None,
    outputs_collections: CollectionKeys = None,
    trainable: bool = True,
    data_format: str = "NHWC",
    scope: ScopeLike = None,
) -> Tensor:
    """Normalizes each channel of each example over its other axes.

    Mirrors `tf.contrib.layers.instance_norm` (Ulyanov et al., arXiv:1607.08022). Variables:
    `InstanceNorm/beta` and `InstanceNorm/gamma`, `[channels]`.

    Args:
      inputs: `[batch, ..., channels]`, or `[batch, channels, ...]` with "NCHW".
      center: whether to add `beta`.
      scale: whether to multiply by `gamma`.
      epsilon: added to the variance.
      activation_fn: applied last, or None.
      param_initializers: initializers of "beta" and "gamma".
      reuse: as in `tf.compat.v1.variable_scope`.
      variables_collections: more collections for the variables, or a mapping of them by name.
      outputs_collections: collections for the outputs.
      trainable: whether the variables are trained.
      data_format: "NHWC" or "NCHW", whatever the rank.
      scope: variable scope; by default "InstanceNorm", made unique.

    Returns:
      A tensor like `inputs`.

    Raises:
      UsageError: (a `ValueError`) rank or channels not known, or an unknown format.
    """
    inputs = as_tensor(inputs)
    rank = _known_rank(inputs)
    if data_format not in ("NCHW", "NHWC"):
        raise UsageError("data_format has to be either NCHW or NHWC.")
    with v1.variable_scope(scope, "InstanceNorm", [inputs], reuse=reuse) as opened:
        # Formats are of any rank: "NCHW" is channels second, "NHWC" channels last.
        axis = 1 if data_format == "NCHW" else rank - 1
        shape = inputs.shape[axis : axis + 1]
        if not shape.is_fully_defined():
            raise UsageError(f"Inputs {inputs.name} has undefined channels dimension {shape}.")
        params = _Parameters(shape, inputs.dtype.base_dtype, variables_collections, trainable)
        given = param_initializers or {}
        beta = params.make("beta", given.get("beta", ZEROS)) if center else None
        gamma = params.make("gamma", given.get("gamma", ONES)) if scale else None
        # 1.15 reshapes the parameters here rather than let them broadcast, after making them flat.
        if data_format == "NCHW":
            broadcast = [1, shape[0], *[1] * (rank - 2)]
            beta = None if beta is None else tf.reshape(beta, broadcast)
            gamma = None if gamma is None else tf.reshape(gamma, broadcast)
        axes = [other for other in range(1, rank) if other != axis]
        mean, variance = tf.nn.moments(inputs, axes, keepdims=True)
        outputs = tf.nn.batch_normalization(
            inputs,
            mean,
            variance,
            offset=beta,
            scale=gamma,
            variance_epsilon=epsilon,
            name="instancenorm",
        )
        outputs = outputs if activation_fn is None else activation_fn(outputs)
        return collect_named_outputs(outputs_collections, opened.name, outputs)


def group_norm(
    inputs: TensorLike,
    groups: int = 32,
    channels_axis: int = -1,
    reduction_axes: Sequence[int] = (-3, -2),
    center: bool = True,
    scale: bool = True,
    epsilon: float = 1e-6,
    activation_fn: Activation | None = None,
    param_initializers: Mapping[str, Initializer] | None = None,
    reuse: Reuse = None,
    variables_collections: VariablesCollections = None,
    outputs_collections: CollectionKeys = None,
    trainable: bool = True,
    scope: ScopeLike = None,
    mean_close_to_zero: bool = False,
) -> Tensor:
    """Normalizes groups of channels of each example over `reduction_axes`.

    Mirrors `tf.contrib.layers.group_norm` (Wu & He, arXiv:1803.08494). Variables:
    `GroupNorm/beta` and `GroupNorm/gamma`, `[channels]`. Arguments not told here are those of
    `instance_norm`.

    Args:
      inputs: floating point tensor of known rank.
      groups: number of groups, which divides the channels.
      channels_axis: the channels' axis.
      reduction_axes: axes normalized over beside the channels of a group.
      mean_close_to_zero: whether to use the one-pass moments, better where means are near 0.

    Returns:
      A tensor like `inputs`.

    Raises:
      UsageError: (a `ValueError`) sizes not known, axes out of range or equal, groups that don't
        divide the channels.
    """
    inputs = as_tensor(inputs)
    rank = _known_rank(inputs)
    if channels_axis > rank - 1:
        raise UsageError("Axis is out of bounds.")
    axis = channels_axis + rank if channels_axis < 0 else channels_axis
    reduced = [a + rank if a < 0 else a for a in reduction_axes]
    channels = _checked_groups(inputs, groups, axis, reduced)
    dynamic: Any = None if inputs.shape.is_fully_defined() else v1.shape(inputs)
    sizes = [dynamic[i] if size is None else size for i, size in enumerate(inputs.shape.as_list())]
    split = [groups, channels // groups]
    # Before the scope opens, so `Reshape` lies outside of `GroupNorm/`, as in 1.15.
    grouped = tf.reshape(inputs, [*sizes[:axis], *split, *sizes[axis + 1 :]])
    axes = [axis + 1, *(a + 1 if a > axis else a for a in reduced)]
    with v1.variable_scope(scope, "GroupNorm", [grouped], reuse=reuse) as opened:
        params = _Parameters([channels], inputs.dtype.base_dtype, variables_collections, trainable)
        given = param_initializers or {}
        broadcast = [*[1] * axis, *split, *[1] * (rank - axis - 1)]
        beta = gamma = None
        if center:
            beta = tf.reshape(params.make("beta", given.get("beta", ZEROS)), broadcast)
        if scale:
            gamma = tf.reshape(params.make("gamma", given.get("gamma", ONES)), broadcast)
        mean, variance = _group_moments(grouped, axes, mean_close_to_zero)
        # contrib spells it out where the other two use `tf.nn.batch_normalization`: other rounding.
        gain = tf.math.rsqrt(variance + epsilon)
        offset = -mean * gain
        if gamma is not None:
            gain, offset = gain * gamma, offset * gamma
        if beta is not None:
            offset += beta
        outputs = tf.reshape(grouped * gain + offset, sizes)
        outputs = outputs if activation_fn is None else activation_fn(outputs)
        return collect_named_outputs(outputs_collections, opened.name, outputs)


def _known_rank(inputs: Tensor) -> int:
    if inputs.shape.rank is None:
        raise UsageError(f"Inputs {inputs.name} has undefined rank.")
    return inputs.shape.rank


@dataclasses.dataclass(frozen=True)
class _Parameters:
    """What `beta` and `gamma` of one normalization have in common."""

    shape: ShapeLike
    dtype: DTypeLike
    collections: VariablesCollections
    trainable: bool

    def make(self, name: str, initializer: Initializer) -> Variable:
        return model_variable(
            name,
            self.shape,
            collections_for(self.collections, name),
            dtype=self.dtype,
            initializer=initializer,
            trainable=self.trainable,
        )


def _checked_groups(inputs: Tensor, groups: int, axis: int, reduced: list[int]) -> int:
    """Returns the number of channels, after checking all axes and the groups."""
    channels = inputs.shape[axis]
    if channels is None:
        raise UsageError(f"Inputs {inputs.name} has undefined channel dimension: {axis}.")
    for other in reduced:
        if not 0 <= other < len(inputs.shape):
            raise UsageError("Axis is out of bounds.")
        if inputs.shape[other] is None:
            raise UsageError(f"Inputs {inputs.name} has undefined dimensions {other}.")
        if other == axis:
            raise UsageError("reduction_axis must be mutually exclusive with channels_axis")
    if groups > channels:
        raise UsageError(f"Invalid groups {groups} for {channels} channels.")
    if channels % groups != 0:
        raise UsageError(f"{channels} channels is not commensurate with {groups} groups.")
    return channels


def _group_moments(grouped: Tensor, axes: list[int], close_to_zero: bool) -> tuple[Tensor, Tensor]:
    if not close_to_zero:
        return tf.nn.moments(grouped, axes, keepdims=True)
    counts, sums, squares, _ = tf.nn.sufficient_statistics(grouped, axes, keepdims=True)
    return tf.nn.normalize_moments(counts, sums, squares, shift=None)
