"""`Layer`, the base of every layer and recurrent cell, as TensorFlow 1.15's `tf.layers.Layer`."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf1compat.errors import GraphError
from tf1compat.graph.building import root_graph
from tf1compat.graph.constraints import resolve_constraint
from tf1compat.graph.initializers import default_initializer, resolve_initializer
from tf1compat.graph.items import expand_parts
from tf1compat.graph.layers import calling
from tf1compat.graph.layers._record import LayerRecord
from tf1compat.graph.layers.input_spec import InputSpec, check_inputs
from tf1compat.graph.regularizers import resolve_regularizer
from tf1compat.graph.scopes.variable_scope import get_variable

__all__ = ["InputSpec", "Layer"]

v1 = tf.compat.v1

# Arguments of TF 1.15's base constructor that have no meaning outside Keras models.
_KERAS_ONLY = frozenset({"input_shape", "batch_input_shape", "batch_size", "autocast", "dynamic"})


class Layer(LayerRecord):
    """A layer whose variables live in a variable scope, made by `get_variable` at its first call.

    Mirrors `tf.layers.Layer` of TensorFlow 1.15. Subclasses override `build(input_shape)`, which
    makes the variables with `add_weight`, and `call(inputs, ...)`. The scope is fixed by the
    first call: `scope=`, else `name`, else a default name made unique in the current scope.

    Attributes:
      built: whether `build` has run.
      input_spec: an `InputSpec`, a structure of them, or None.
    """

    _config: tuple[str, ...] = ()  # attributes that `get_config` gives

    def __init__(
        self, trainable: bool = True, name: Any = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        scope = kwargs.pop("_scope", None)
        self._reuse = kwargs.pop("_reuse", None)
        super().__init__(trainable, kwargs.pop("activity_regularizer", None))
        for unknown in kwargs.keys() - _KERAS_ONLY:
            raise TypeError("Keyword argument not understood:", unknown)
        self._use_resource_variables = False
        self._dtype = None if dtype is None else tf.as_dtype(dtype).name
        self._graph: tf.Graph | None = None
        self._scope: Any = None
        self._current_scope: Any = None
        self.built = False
        self.supports_masking = False
        self.input_spec = None
        self._init_set_name(name)
        if scope:
            with v1.variable_scope(scope) as captured:
                self._scope = captured

    # --- names -------------------------------------------------------------------------------

    def _init_set_name(self, name: Any) -> None:
        self._name: str
        if isinstance(name, v1.VariableScope):
            self._base_name = name.name
            self._name = self._make_unique_name()[0]
        elif name:
            self._name = self._base_name = name
        else:
            self._name, self._base_name = self._make_unique_name()

    def _make_unique_name(self) -> tuple[str, str]:
        """Returns (a name unique in the graph, the base name of the default scope)."""
        base_name = snake_case(type(self).__name__)
        return calling.unique_name(base_name), base_name

    @property
    def name(self) -> str:
        """The layer's name; its variables' scope is `scope_name`."""
        return self._name

    @property
    def scope_name(self) -> str:
        """Name of the variable scope that holds the layer's variables.

        Raises:
          GraphError: (a `ValueError`) the layer hasn't been called, so it has no scope yet.
        """
        if not self._scope:
            raise GraphError(
                f'No name available for layer scope because the layer "{self._name}" has not '
                "been used yet: the first call fixes it; call the layer first"
            )
        return self._scope.name

    def _set_scope(self, scope: Any = None) -> None:
        if self._scope is not None:
            return
        if self._reuse:
            opened = v1.variable_scope(self._base_name if scope is None else scope)
        else:
            opened = v1.variable_scope(scope, default_name=self._base_name)
        with opened as captured:
            self._scope = captured

    def _name_scope(self) -> str:
        return self._current_scope.original_name_scope

    # --- properties --------------------------------------------------------------------------

    @property
    def dtype(self) -> Any:
        """Name of the variables' dtype, e.g. ``"float32"``; None until the first input tells."""
        return self._dtype

    @property
    def _compute_dtype(self) -> Any:
        return self._dtype

    @property
    def graph(self) -> tf.Graph | None:
        """The graph of the first call, None before (TF 1.15 returns None always)."""
        return self._graph

    @property
    def input_spec(self) -> Any:
        """The `InputSpec`, or structure of them, that inputs are checked against; may be set."""
        return self._input_spec

    @input_spec.setter
    def input_spec(self, value: Any) -> None:
        for spec in (value,) if isinstance(value, InputSpec) else tf.nest.flatten(value):
            if spec is not None and not isinstance(spec, InputSpec):
                raise TypeError(f"Layer input_spec must be an instance of InputSpec. Got: {spec}")
        self._input_spec = value

    # --- variables ---------------------------------------------------------------------------

    def add_weight(
        self,
        name: str,
        shape: Any,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool | None = None,
        constraint: Any = None,
        use_resource: bool | None = None,
        synchronization: Any = tf.VariableSynchronization.AUTO,
        aggregation: Any = tf.VariableAggregation.NONE,
        partitioner: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Gets or makes a variable in the layer's scope; mirrors 1.15's `Layer.add_weight`.

        Args:
          name: its name below the layer's scope, e.g. ``"kernel"``.
          shape: its shape; None is a scalar.
          dtype: its dtype; by default the layer's, else float32.
          initializer: function, class or name; by default the scope's, else Glorot uniform
            (floating point) or zeros (integers and bool).
          regularizer: maps the variable to a scalar loss, filed in REGULARIZATION_LOSSES when
            the variable is new to the graph.
          trainable: whether to train it, while the layer is trainable; by default True.
          constraint: projection applied by optimizers after updates.
          use_resource: asks for a resource variable.
          synchronization: ON_READ makes it non-trainable.
          aggregation: as in `tf.compat.v1.get_variable`.
          partitioner: as in `tf.compat.v1.get_variable`.
          **kwargs: `experimental_autocast`, which is ignored.

        Returns:
          The variable, or a `PartitionedVariable`.

        Raises:
          TypeError: an unknown keyword.
          ValueError: it exists and isn't to be reused, or the reverse; shape, dtype or
            trainability can't be had.
        """
        for unknown in kwargs.keys() - {"experimental_autocast"}:
            raise TypeError("Unknown keyword argument:", unknown)
        if trainable is None:
            trainable = synchronization != tf.VariableSynchronization.ON_READ
        elif trainable and synchronization == tf.VariableSynchronization.ON_READ:
            raise GraphError(
                f"{name}: Synchronization value can be set to VariableSynchronization.ON_READ "
                "only for non-trainable variables; pass trainable=False"
            )
        self._set_scope(None)
        options = {
            "trainable": trainable and self.trainable,
            "constraint": resolve_constraint(constraint),
            "use_resource": use_resource,
            "synchronization": synchronization,
            "aggregation": aggregation,
            "partitioner": partitioner,
        }
        asked = tf.as_dtype(dtype or self._dtype or tf.float32)
        reuse = self.built or self._reuse
        with v1.variable_scope(self._scope, reuse=reuse, auxiliary_name_scope=False) as scope:
            self._current_scope = scope
            with v1.name_scope(self._name_scope()):
                options["use_resource"] = (
                    use_resource or self._use_resource_variables or scope.use_resource
                )
                options["initializer"] = self._initializer_for(
                    name, asked, scope.initializer if initializer is None else initializer
                )
                return self._get_weight(
                    name, () if shape is None else shape, asked, options, regularizer
                )

    add_variable = add_weight

    def _initializer_for(self, name: str, dtype: tf.DType, given: Any) -> Any:
        initializer = resolve_initializer(given)
        if initializer is None:
            initializer = default_initializer(dtype)
        if initializer is None:
            raise GraphError(
                f"An initializer for variable {name} of type {dtype.base_dtype} is required for "
                f"layer {self.name}"
            )
        return initializer

    def _get_weight(
        self, name: str, shape: Any, dtype: tf.DType, options: dict[str, Any], regularizer: Any
    ) -> Any:
        graph = root_graph()
        known = graph.get_collection_ref(v1.GraphKeys.GLOBAL_VARIABLES)
        before = len(known)
        variable = get_variable(name, shape, dtype=dtype, **options)
        if self._dtype is None:
            self._dtype = dtype.base_dtype.name
        if regularizer and _is_new(variable, known, before):
            self._handle_weight_regularization(name, variable, resolve_regularizer(regularizer))
        # A custom getter may have had its own way with `trainable`: the collection tells.
        trained = graph.get_collection_ref(v1.GraphKeys.TRAINABLE_VARIABLES)
        if options["trainable"] and _holds(trained, variable):
            self._trainable_weights.append(variable)
        else:
            self._non_trainable_weights.append(variable)
        return variable

    # --- building and calling --------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Makes the variables; for subclasses. `input_shape`: a `tf.TensorShape`, or several."""
        self.built = True

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Computes the outputs; for subclasses."""
        return inputs

    def apply(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """As calling the layer."""
        return self(inputs, *args, **kwargs)

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Builds the layer if need be, computes its outputs, files its updates.

        Args:
          inputs: a tensor, array or structure of them.
          *args: more arguments of `call`.
          **kwargs: more arguments of `call`; `scope=` names the variable scope and is handed
            on only to a `call` that takes it. `training` is dropped where `call` takes none.

        Returns:
          What `call` returned.

        Raises:
          GraphError: (a `ValueError`) in eager mode, or when `call` returns None.
          UsageError: (a `ValueError`) inputs that don't fit `input_spec`.
        """
        if tf.executing_eagerly():
            raise GraphError(
                f"layer {self.name}: called in eager mode, where variable scopes hold nothing; "
                "call it under `with tf.Graph().as_default():`"
            )
        self._set_scope(kwargs.pop("scope", None))
        reuse = True if self.built else self._reuse
        with v1.variable_scope(self._scope, reuse=reuse, auxiliary_name_scope=False) as scope:
            self._current_scope = scope
            names = calling.argument_names(self.call)
            if "scope" in names:
                kwargs["scope"] = scope
            outputs = self._call_in_scope(calling.to_tensors(inputs), names, args, kwargs)
        if self._updates:
            calling.collect(self.updates, v1.GraphKeys.UPDATE_OPS)
        return outputs

    def _call_in_scope(
        self, inputs: Any, names: tuple[str, ...], args: Sequence[Any], kwargs: dict[str, Any]
    ) -> Any:
        training = calling.settle_training(names, args, kwargs)
        with calling.frame(inputs, training):
            check_inputs(self._input_spec, inputs, self._name)
            with v1.name_scope(self._name_scope()):
                self._maybe_build(inputs)
                outputs = self.call(inputs, *args, **kwargs)
                if outputs is None:
                    raise GraphError(
                        "A layer's `call` method should return a Tensor or a list of Tensors, "
                        f"not None (layer: {self.name})."
                    )
                self._handle_activity_regularization(inputs, outputs)
        return outputs

    def _maybe_build(self, inputs: Any) -> None:
        if self.built:
            return
        flat = tf.nest.flatten(inputs)
        if flat and self._dtype is None and hasattr(flat[0], "dtype"):
            self._dtype = flat[0].dtype.base_dtype.name
        if self._graph is None:
            self._graph = v1.get_default_graph()
        shapes = None
        if all(hasattr(tensor, "shape") for tensor in flat):
            shapes = tf.nest.map_structure(lambda tensor: tensor.shape, inputs)
        self.build(shapes)
        self.built = True

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the outputs' static shape; subclasses that know it override this."""
        raise NotImplementedError

    def count_params(self) -> int:
        """Returns the number of scalars in all variables.

        Raises:
          GraphError: (a `ValueError`) the layer isn't built.
        """
        if not self.built:
            raise GraphError(
                f"You tried to call `count_params` on {self.name}, but the layer isn't built; "
                "call it, or its `build` with the input shape"
            )
        return sum(int(np.prod(weight.shape.as_list())) for weight in self.weights)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments by name."""
        own = {name: getattr(self, name) for name in self._config}
        return {"name": self.name, "trainable": self.trainable, "dtype": self.dtype} | own

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Returns a layer made with the arguments that `get_config` gave."""
        return cls(**config)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """Copies the layer; tensors, variables, graph and scope stay the same objects."""
        result = type(self).__new__(type(self))
        memo[id(self)] = result
        for key, value in vars(self).items():
            shared = key == "_graph" or _is_graph_value(value)
            kept = copy.copy(value) if key == "_scope" or isinstance(value, list) else value
            setattr(result, key, kept if shared or key == "_scope" else copy.deepcopy(value, memo))
        return result


def snake_case(name: str) -> str:
    """Returns a class's name as a scope name.

    >>> snake_case("Conv2DTranspose"), snake_case("BasicLSTMCell"), snake_case("_Mine")
    ('conv2d_transpose', 'basic_lstm_cell', 'private__mine')
    """
    words = re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    snake = re.sub("([a-z])([A-Z])", r"\1_\2", words).lower()
    return "private" + snake if snake.startswith("_") else snake


def _holds(variables: Sequence[Any], variable: Any) -> bool:
    # From the end, where a variable just made is; by identity, since == may build an op.
    return any(known is variable for known in reversed(variables))


def _is_new(variable: Any, known: Sequence[Any], before: int) -> bool:
    """Tells whether no part of `variable` is among the first `before` of `known`."""
    parts = expand_parts(variable)
    if all(any(part is late for late in known[before:]) for part in parts):
        return True
    early = known[:before]
    return not any(_holds(early, part) for part in parts)


def _is_graph_value(value: Any) -> bool:
    leaves = tf.nest.flatten(value)
    kinds: tuple[Any, ...] = (tf.Tensor, tf.Variable, tf.Operation, tf.Graph)
    return bool(leaves) and isinstance(leaves[0], kinds)
