"""`Layer`, the base of every layer and recurrent cell, as TensorFlow 1.15's `tf.layers.Layer`."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf1compat.errors import GraphError
from tf1compat.graph.building import require_graph, root_graph, variables_filed
from tf1compat.graph.constraints import resolve_constraint
from tf1compat.graph.initializers import default_initializer, resolve_initializer
from tf1compat.graph.items import expand_parts
from tf1compat.graph.layers import _calling as calling
from tf1compat.graph.layers._copies import copy_of
from tf1compat.graph.layers._scoped import ScopedLayer
from tf1compat.graph.layers.input_spec import InputSpec, check_inputs
from tf1compat.graph.regularizers import resolve_regularizer
from tf1compat.graph.scopes.variable_scope import get_variable
from tf1compat.graph.types import (
    ConstraintLike,
    DTypeLike,
    Initializer,
    InitializerLike,
    Nested,
    Partitioner,
    RegularizerLike,
    ScopeLike,
    ShapeLike,
    Variable,
    VariableScope,
)

__all__ = ["InputSpec", "Layer"]

v1 = tf.compat.v1

# Arguments of TF 1.15's base constructor that have no meaning outside Keras models.
_KERAS_ONLY = frozenset({"input_shape", "batch_input_shape", "batch_size", "autocast", "dynamic"})


class Layer(ScopedLayer):
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
        self,
        trainable: bool = True,
        name: ScopeLike = None,
        dtype: DTypeLike | None = None,
        **kwargs: Any,
    ) -> None:
        scope = kwargs.pop("_scope", None)
        self._reuse = kwargs.pop("_reuse", None)
        super().__init__(trainable, kwargs.pop("activity_regularizer", None))
        for unknown in kwargs.keys() - _KERAS_ONLY:
            raise TypeError("Keyword argument not understood:", unknown)
        # `tf.layers` leave the kind of variable to the scope, where Keras asks for resource ones.
        self._use_resource_variables = False
        self._dtype = None if dtype is None else tf.as_dtype(dtype).name
        self._graph: tf.Graph | None = None
        self._scope: VariableScope | None = None
        self._current_scope: Any = None
        self.built = False
        self.supports_masking = False
        self.input_spec = None
        self._init_set_name(name)
        if scope:
            # Function forms fix the scope now, by its exact name: `reuse` is theirs to tell.
            with v1.variable_scope(scope) as captured:
                self._scope = captured

    # --- properties --------------------------------------------------------------------------

    @property
    def dtype(self) -> str | None:
        """Name of the variables' dtype, e.g. ``"float32"``; None until the first input tells."""
        return self._dtype

    @property
    def _compute_dtype(self) -> str | None:
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
    def input_spec(self, value: Any) -> Any:
        for spec in (value,) if isinstance(value, InputSpec) else tf.nest.flatten(value):
            if spec is not None and not isinstance(spec, InputSpec):
                raise TypeError(f"Layer input_spec must be an instance of InputSpec. Got: {spec}")
        self._input_spec = value

    # --- variables ---------------------------------------------------------------------------

    def add_weight(
        self,
        name: str,
        shape: ShapeLike,
        dtype: DTypeLike | None = None,
        initializer: InitializerLike = None,
        regularizer: RegularizerLike = None,
        trainable: bool | None = None,
        constraint: ConstraintLike = None,
        use_resource: bool | None = None,
        synchronization: enum.Enum = tf.VariableSynchronization.AUTO,
        aggregation: enum.Enum = tf.VariableAggregation.NONE,
        partitioner: Partitioner | None = None,
        **kwargs: Any,
    ) -> Variable:
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
          GraphError: (a `ValueError`) no graph is being built that could file it.
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
        require_graph(f"layer {self.name}")
        # A variable may be added before the first call: the default scope is fixed by that, too.
        self._set_scope(None)
        # The layer's dtype, else float32: `get_variable`'s, the scope's, never comes to its turn.
        asked = tf.as_dtype(dtype or self._dtype or tf.float32)
        options = {
            "shape": () if shape is None else shape,
            "dtype": asked,
            # Made frozen, a variable isn't in TRAINABLE_VARIABLES, and thawing won't add it.
            "trainable": trainable and self.trainable,
            "constraint": resolve_constraint(constraint),
            "use_resource": use_resource,
            "synchronization": synchronization,
            "aggregation": aggregation,
            "partitioner": partitioner,
        }
        # Once built a layer only gets variables: one that `call` adds later must exist already.
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
                return self._get_weight(name, regularizer, **options)

    add_variable = add_weight

    def _initializer_for(self, name: str, dtype: tf.DType, given: InitializerLike) -> Initializer:
        initializer = resolve_initializer(given)
        if initializer is None:
            # Keras' default comes before `get_variable`'s own, and has none for complex or string.
            initializer = default_initializer(dtype)
        if initializer is None:
            raise GraphError(
                f"An initializer for variable {name} of type {dtype.base_dtype} is required for "
                f"layer {self.name}"
            )
        return initializer

    def _get_weight(
        self, name: str, regularizer: RegularizerLike, *, dtype: tf.DType, **options: Any
    ) -> Variable:
        graph = root_graph()
        known = graph.get_collection(v1.GraphKeys.GLOBAL_VARIABLES) if regularizer else []
        known_ids = set(map(id, known))
        with variables_filed(f"layer {self.name}"):
            variable = get_variable(name, dtype=dtype, **options)
        if self._dtype is None:
            self._dtype = dtype.base_dtype.name
        # Sharing a variable adds no second loss: 1.15 regularizes what is new to the graph only.
        penalty = resolve_regularizer(regularizer)
        if penalty and known_ids.isdisjoint(map(id, expand_parts(variable))):
            self._handle_weight_regularization(name, variable, penalty)
        # A custom getter may have had its own way with `trainable`: the collection tells.
        trained = graph.get_collection_ref(v1.GraphKeys.TRAINABLE_VARIABLES)
        # A partitioned variable is never there, its parts are: 1.15 reports it as not trainable.
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

    def apply(self, inputs: Nested, *args: Any, **kwargs: Any) -> Any:
        """As calling the layer."""
        return self(inputs, *args, **kwargs)

    # Left as it is inside of a tf.function, or AutoGraph would rewrite the layers' own code.
    @tf.autograph.experimental.do_not_convert
    def __call__(self, inputs: Nested, *args: Any, **kwargs: Any) -> Any:
        """Builds the layer if need be, computes its outputs, files its updates.

        Args:
          inputs: a tensor, array or structure of them.
          *args: more arguments of `call`.
          **kwargs: more arguments of `call`; `scope=` names the variable scope and is handed
            on only to a `call` that takes it. `training` is dropped where `call` takes none.

        Returns:
          What `call` returned.

        Raises:
          GraphError: (a `ValueError`) in eager mode; at a first call inside of a `tf.function`,
            where no collection would hold the variables; in a graph that isn't the variables';
            or when `call` returns None.
          UsageError: (a `ValueError`) inputs that don't fit `input_spec`.
        """
        require_graph(f"layer {self.name}")
        self._check_graph()
        self._set_scope(kwargs.pop("scope", None))
        reuse = True if self.built else self._reuse
        opened = v1.variable_scope(self._scope, reuse=reuse, auxiliary_name_scope=False)
        with variables_filed(f"layer {self.name}"), opened as scope:
            self._current_scope = scope
            # A `call` that takes `scope` is given the open one, as recurrent cells of old expect.
            names = calling.argument_names(self.call)
            if "scope" in names:
                kwargs["scope"] = scope
            outputs = self._call_in_scope(calling.to_tensors(inputs), names, args, kwargs)
        # After `call`, and each op once, however often the layer is called (UPDATE_OPS).
        if self._updates:
            calling.collect(self.updates, v1.GraphKeys.UPDATE_OPS)
        return outputs

    def _check_graph(self) -> None:
        """Raises where the variables are of another graph than the one being built."""
        graph = root_graph()
        for variable in self._trainable_weights + self._non_trainable_weights:
            # Those of eager code, which wrap_function makes, have no op and go with all it traces.
            operation = getattr(variable, "op", None) if isinstance(variable, tf.Variable) else None
            if operation is not None and operation.graph is not graph:
                raise GraphError(
                    f"layer {self.name}: expected a call in the graph of its variables, where "
                    f"{operation.name} is, found another graph; make a layer for each graph"
                )

    def _call_in_scope(
        self, inputs: Nested, names: tuple[str, ...], args: Sequence[Any], kwargs: dict[str, Any]
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

    def _maybe_build(self, inputs: Nested) -> None:
        if self.built:
            return
        flat = tf.nest.flatten(inputs)
        # The first input decides: float64 inputs make float64 variables (`Layer._maybe_build`).
        if flat and self._dtype is None and hasattr(flat[0], "dtype"):
            self._dtype = flat[0].dtype.base_dtype.name
        # 1.15 stopped telling the graph; it costs nothing and helps where several are about.
        if self._graph is None:
            self._graph = v1.get_default_graph()
        shapes = None
        if all(hasattr(tensor, "shape") for tensor in flat):
            shapes = tf.nest.map_structure(lambda tensor: tensor.shape, inputs)
        self.build(shapes)
        self.built = True

    def compute_output_shape(self, input_shape: ShapeLike) -> Any:
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
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """Returns a layer made with the arguments that `get_config` gave."""
        return cls(**config)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """Copies the layer; tensors, variables, graph and scope stay the same objects."""
        twin = type(self).__new__(type(self))
        memo[id(self)] = twin
        for name, value in vars(self).items():
            setattr(twin, name, copy_of(name, value, memo))
        return twin


def _holds(variables: Sequence[Variable], variable: Variable) -> bool:
    # From the end, where a variable just made is; by identity, since == may build an op.
    return any(known is variable for known in reversed(variables))
