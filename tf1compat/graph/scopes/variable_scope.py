"""`get_variable` and `variable_scope` as TensorFlow 1.15 had them, where today's differ.

Today's `tf.compat.v1.get_variable` runs a regularizer twice as a variable is made, once more
whenever its loss is used, and puts a stand-in, not a `tf.Tensor`, into REGULARIZATION_LOSSES.
"""

from __future__ import annotations

import contextlib
import enum
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from tf1compat.errors import GraphError, Problem
from tf1compat.graph.building import require_graph, require_lasting_graph
from tf1compat.graph.scopes._origins import called_by_keras, caller_line
from tf1compat.graph.types import (
    CollectionKeys,
    Constraint,
    Device,
    DTypeLike,
    InitializerLike,
    Partitioner,
    Regularizer,
    Reuse,
    ScopeLike,
    ShapeLike,
    TensorLike,
    Variable,
    VariableGetter,
    VariableScope,
)

__all__ = ["get_variable", "variable_scope"]

v1 = tf.compat.v1


def get_variable(
    name: str,
    shape: ShapeLike = None,
    dtype: DTypeLike | None = None,
    initializer: InitializerLike | TensorLike = None,
    regularizer: Regularizer | None = None,
    trainable: bool | None = None,
    collections: CollectionKeys = None,
    caching_device: Device = None,
    partitioner: Partitioner | None = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: VariableGetter | None = None,
    constraint: Constraint | None = None,
    synchronization: enum.Enum = tf.VariableSynchronization.AUTO,
    aggregation: enum.Enum = tf.VariableAggregation.NONE,
) -> Variable:
    """Gets or makes a variable of the current variable scope.

    Mirrors `tf.get_variable` of TensorFlow 1.15, whose arguments it takes. It differs from
    `tf.compat.v1.get_variable` in regularizers: each runs once, for a new variable, and its
    loss goes into REGULARIZATION_LOSSES as a plain scalar tensor.

    Args:
      name: the variable's name in the scope.
      shape: its shape; may be None where it exists or the initializer is a value.
      dtype: its dtype; by default the scope's, else float32.
      initializer: function, class, array or tensor; by default the scope's, else Glorot uniform
        (floating point) or zeros.
      regularizer: maps a new variable to a scalar loss; by default the scope's.
      trainable: whether to file it in TRAINABLE_VARIABLES.
      collections: keys to file it in; by default GLOBAL_VARIABLES.
      caching_device: where reads are cached.
      partitioner: splits it; by default the scope's.
      validate_shape: whether the shape must be known.
      use_resource: asks for a resource variable; by default the scope's.
      custom_getter: wraps the getter.
      constraint: projection applied by optimizers after updates.
      synchronization: see `tf.VariableSynchronization`.
      aggregation: see `tf.VariableAggregation`.

    Returns:
      The variable, a `PartitionedVariable`, or what a custom getter made of it.

    Raises:
      GraphError: (a `ValueError`) it has a regularizer, and no v1 graph is being built: a loss
        there would be one number, or go with the function that is being traced.
      ValueError: the variable exists and is not to be reused, or the reverse; or its shape or
        dtype differs from the one asked for.
    """
    if regularizer is None:
        # As VariableScope.get_variable does; here, since a scope of tf.compat.v1 has it unwrapped.
        regularizer = v1.get_variable_scope().regularizer
    if regularizer is not None:
        require_lasting_graph(f"regularizer of {name}")
    return v1.get_variable(
        name,
        shape=shape,
        dtype=dtype,
        initializer=initializer,
        regularizer=_once(regularizer),
        trainable=trainable,
        collections=collections,
        caching_device=caching_device,
        partitioner=partitioner,
        validate_shape=validate_shape,
        use_resource=use_resource,
        custom_getter=custom_getter,
        constraint=constraint,
        synchronization=synchronization,
        aggregation=aggregation,
    )


class variable_scope(tf.compat.v1.variable_scope):  # noqa: N801 - TensorFlow's own name
    """As `tf.compat.v1.variable_scope`, with the regularizers of TensorFlow 1.15.

    A `regularizer` given here runs once for each new variable, also where code inside calls
    `tf.compat.v1.get_variable`; see `get_variable`.

    Where its variables are to be reused (`reuse=True`, `reuse_variables()`), a Keras layer that
    would make variables raises a `GraphError` (a `ValueError`): Keras knows no variable scopes, and
    in 1.15 too made the layer's weights a second time. So does entering a scope to be reused in
    eager mode, where 1.15 made every variable anew.
    """

    def __init__(
        self,
        name_or_scope: ScopeLike,
        default_name: str | None = None,
        values: Sequence[Any] | None = None,
        initializer: InitializerLike | TensorLike = None,
        regularizer: Regularizer | None = None,
        caching_device: Device = None,
        partitioner: Partitioner | None = None,
        custom_getter: VariableGetter | None = None,
        reuse: Reuse = None,
        dtype: DTypeLike | None = None,
        use_resource: bool | None = None,
        constraint: Constraint | None = None,
        auxiliary_name_scope: bool = True,
    ) -> None:
        super().__init__(
            name_or_scope,
            default_name=default_name,
            values=values,
            initializer=initializer,
            regularizer=_once(regularizer),
            caching_device=caching_device,
            partitioner=partitioner,
            custom_getter=custom_getter,
            reuse=reuse,
            dtype=dtype,
            use_resource=use_resource,
            constraint=constraint,
            auxiliary_name_scope=auxiliary_name_scope,
        )
        self._sharing = name_or_scope if reuse else None
        self._guards: list[contextlib.AbstractContextManager[None]] = []

    def __enter__(self) -> VariableScope:
        if self._sharing is not None:  # eager scopes all say AUTO_REUSE, so it is asked here
            name = getattr(self._sharing, "name", self._sharing)
            require_graph(f"variable scope {name}, to be reused")
        opened = super().__enter__()
        # Always, and asked when a variable is made: `reuse_variables` may come later.
        self._guards.append(v1.variable_creator_scope(_refuse_keras))
        self._guards[-1].__enter__()
        return opened

    def __exit__(self, *details: Any) -> bool | None:
        self._guards.pop().__exit__(*details)
        return super().__exit__(*details)


def _refuse_keras(next_creator: Callable[..., Any], **kwargs: Any) -> Any:
    scope = v1.get_variable_scope()
    if scope.reuse is True and called_by_keras():  # AUTO_REUSE makes what isn't there
        name = "/".join([*filter(None, [v1.get_default_graph().get_name_scope()]), _named(kwargs)])
        problem = Problem(
            name,
            f"to be reused, as variable scope {scope.name!r} says",
            "a Keras layer, which makes it anew",
            origin=caller_line(),
            remedy="make the layer once and call it in both places, or use tf1compat.graph.layers",
        )
        raise GraphError(str(problem), problems=[problem])
    return next_creator(**kwargs)


def _named(kwargs: Mapping[str, Any]) -> str:
    return str(kwargs.get("name") or "Variable")


def _once(regularizer: Regularizer | None) -> Regularizer | None:
    """Returns a regularizer that files the loss itself, so that TF makes none of its own."""
    # Scopes inside of one that has a regularizer inherit it as it was filed there: wrapped.
    filing = getattr(regularizer, "func", None) is _file_loss
    if regularizer is None or not callable(regularizer) or filing:
        return regularizer
    return functools.update_wrapper(functools.partial(_file_loss, regularizer), regularizer)


def _file_loss(regularizer: Regularizer, variable: Variable) -> None:
    require_lasting_graph(f"regularizer of {variable.name}")
    # _VariableStore._get_single_variable opens this scope by its full name (the slash at the end),
    # so a loss is called after its variable wherever it is asked for; of parts each has its own.
    scope = f"{variable.op.name}/Regularizer/"
    graph = v1.get_default_graph()
    with graph.colocate_with(variable.op), v1.name_scope(scope), tf.init_scope():
        loss = regularizer(variable)
    if loss is not None:
        v1.add_to_collection(v1.GraphKeys.REGULARIZATION_LOSSES, loss)
