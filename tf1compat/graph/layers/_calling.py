"""What a layer's call needs around it: its frame, argument names, unique names, collections."""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf1compat.graph.building import kept_with, withdrawn
from tf1compat.graph.types import Nested, Operation, Tensor, Training

__all__ = [
    "Frame",
    "argument_names",
    "choose",
    "collect",
    "constant_value",
    "current_frame",
    "frame",
    "reaches",
    "settle_training",
    "to_tensors",
    "unique_name",
]

v1 = tf.compat.v1

# The innermost layer call of this thread or task.
_FRAME: contextvars.ContextVar[Frame | None] = contextvars.ContextVar("layer_call", default=None)


@dataclasses.dataclass(frozen=True)
class Frame:
    """One layer call: its inputs and the `training` argument that inner layers inherit."""

    inputs: Nested
    training: Training


def current_frame() -> Frame | None:
    """Returns the innermost layer call, or None outside of any."""
    return _FRAME.get()


@contextlib.contextmanager
def frame(inputs: Nested, training: Training) -> Iterator[None]:
    """Marks a layer call with these `inputs` and this `training` (None: not told)."""
    token = _FRAME.set(Frame(inputs, training))
    try:
        yield
    finally:
        _FRAME.reset(token)


def argument_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """Returns the argument names of a `call` method, ``self`` left out, ``**kwargs`` as ``**``."""
    # The code object spares the work of `inspect.signature` at every call of a layer.
    code = getattr(getattr(function, "__func__", None), "__code__", None)
    if code is None or hasattr(function, "__wrapped__"):
        return _inspected_names(function)
    count = code.co_argcount + code.co_kwonlyargcount
    names = code.co_varnames[1:count]
    return (*names, "**") if code.co_flags & inspect.CO_VARKEYWORDS else names


def _inspected_names(function: Callable[..., Any]) -> tuple[str, ...]:
    parameters = inspect.signature(function).parameters.values()
    named = [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    many = ["**"] if any(p.kind == p.VAR_KEYWORD for p in parameters) else []
    return tuple([name for name in named if name != "self"] + many)


def settle_training(names: Sequence[str], args: Sequence[Any], kwargs: dict[str, Any]) -> Training:
    """Returns the call's `training` and puts it into, or takes it out of, `kwargs` as 1.15 did.

    An explicit argument wins; else the enclosing layer call's is inherited.
    """
    # 1.15 fills `training` in from the outer call only where the inner layer's `call` can take it.
    takes = "training" in names or "**" in names
    if "training" in kwargs:
        return kwargs["training"] if takes else kwargs.pop("training")
    if "training" in names[1 : len(args) + 1]:
        return args[names.index("training") - 1]
    outer = current_frame()
    inherited = None if outer is None else outer.training
    if takes and inherited is not None:
        is_tensor = tf.is_tensor(inherited)
        kwargs["training"] = tf.cast(inherited, tf.bool) if is_tensor else bool(inherited)
    return inherited


def to_tensors(inputs: Nested) -> Nested:
    """Returns `inputs` with arrays and Python numbers made tensors."""
    if tf.is_tensor(inputs):
        return inputs
    plain = (np.ndarray, float, int)
    if not any(isinstance(leaf, plain) for leaf in tf.nest.flatten(inputs)):
        return inputs
    return tf.nest.map_structure(
        lambda leaf: tf.convert_to_tensor(leaf) if isinstance(leaf, plain) else leaf, inputs
    )


def unique_name(base_name: str) -> str:
    """Returns `base_name` with a number, from 1, not given out before in the default graph."""
    # 1.15 counted in Keras' backend, graph by graph (`PER_GRAPH_OBJECT_NAME_UIDS`).
    counters: Counter[str] = kept_with(v1.get_default_graph(), "layer names", Counter)
    counters[base_name] += 1
    # From 1: the first `Dense` is named `dense_1`, while its scope is `dense`.
    return f"{base_name}_{counters[base_name]}"


def collect(elements: Iterable[Any], key: str) -> None:
    """Adds to a collection of the default graph those `elements` that it lacks.

    Not those that were taken out to be held: a layer files all its updates at every call.
    """
    graph = v1.get_default_graph()
    collection = graph.get_collection_ref(key)
    # By identity, as 1.15's `ObjectIdentitySet`: == of variables may make an op.
    known = {id(element) for element in [*collection, *withdrawn(graph, key)]}
    for element in elements:
        if id(element) not in known:
            known.add(id(element))
            collection.append(element)


def reaches(target: Operation | Tensor, inputs: Nested) -> bool:
    """Tells whether `target`, an operation or tensor, depends on any of `inputs`."""
    leaves = tf.nest.flatten(inputs, expand_composites=True)
    sources = {id(leaf) for leaf in leaves}
    sources |= {id(leaf.op) for leaf in leaves if isinstance(leaf, tf.Variable)}
    if id(target) in sources:
        return True
    waiting: list[Any] = [getattr(target, "op", target)]
    seen = {id(waiting[0])}
    while waiting:
        op = waiting.pop()
        if id(op) in sources or any(id(tensor) in sources for tensor in op.inputs):
            return True
        for source in [*(tensor.op for tensor in op.inputs), *op.control_inputs]:
            if id(source) not in seen:
                seen.add(id(source))
                waiting.append(source)
    return False


def constant_value(condition: Training) -> bool | None:
    """Returns the truth of a Python or constant condition, None where only a run tells."""
    # `tf_utils.constant_value` never looks into a variable: its value may change between runs.
    if isinstance(condition, tf.Variable):
        return None
    value = tf.get_static_value(condition) if tf.is_tensor(condition) else condition
    return None if value is None else bool(value)


def choose(condition: Training, if_true: Callable[[], Any], if_false: Callable[[], Any]) -> Any:
    """Returns what one of two functions makes; a `tf.cond` only where the condition isn't known."""
    known = constant_value(condition)
    if known is None:
        return v1.cond(tf.cast(condition, tf.bool), if_true, if_false)
    return if_true() if known else if_false()
