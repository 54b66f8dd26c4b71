"""What a graph holds of a shared function, and what later calls of it may ask for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tf1compat.errors import Problem, SharingError
from tf1compat.graph.scopes._origins import caller_line
from tf1compat.names import nearest_names

__all__ = ["Made", "Tower", "check_asked", "refuse_creation"]

v1 = tf.compat.v1


@dataclasses.dataclass(frozen=True)
class Made:
    """One variable of the first call."""

    shape: Any  # as asked for where that was given, else the variable's
    dtype: Any  # as asked for, or None
    origin: str


class Tower:
    """What one graph holds of a shared function."""

    def __init__(self) -> None:
        self.scope: Any = None
        self.made: dict[str, Made] = {}
        self.variables: list[Any] = []
        self.first_call = ""
        self.complete = False


def check_asked(name: str, tower: Tower, variable: str, shape: Any, dtype: Any) -> None:
    """Checks what a later call of the shared function `name` asks for.

    Raises:
      SharingError: the first call didn't make `variable`, or made it otherwise.
    """
    known = tower.made.get(variable)
    if known is None:
        raise _unknown_variable(name, tower, variable, shape)
    complaint = None
    # Compatible, not equal, as _VariableStore.get_variable asks: None fits any size.
    asked_dtype = None if dtype is None else tf.as_dtype(dtype).base_dtype
    if shape is not None and not tf.TensorShape(shape).is_compatible_with(known.shape):
        complaint = f"shape {known.shape}", f"shape {tf.TensorShape(shape)}"
    elif asked_dtype is not None and known.dtype is not None and asked_dtype != known.dtype:
        complaint = f"dtype {known.dtype.name}", f"dtype {asked_dtype.name}"
    if complaint is None:
        return
    problem = Problem(
        variable,
        f"{complaint[0]}, as first made at {known.origin}",
        complaint[1],
        origin=caller_line(),
        remedy="feed every call the same sizes, or give this call its own builder",
    )
    raise SharingError.from_problems(
        f"shared scope {name!r}: a later call asks for a variable that differs", [problem]
    )


def _unknown_variable(name: str, tower: Tower, variable: str, shape: Any) -> SharingError:
    near = nearest_names(variable, tower.made)
    nearest = "; ".join(f"{n} {tower.made[n].shape} made at {tower.made[n].origin}" for n in near)
    asked = "no shape given" if shape is None else f"shape {tf.TensorShape(shape)}"
    problem = Problem(
        variable,
        f"one of the {len(tower.made)} variables of the first call (at {tower.first_call})"
        + (f", nearest: {nearest}" if near else ""),
        f"a new variable ({asked})",
        origin=caller_line(),
        remedy="make it in the first call too (is its name or a branch dependent on the "
        "arguments?), or give this call its own builder",
    )
    return SharingError.from_problems(
        f"shared scope {name!r}: a later call would create a variable that the first did not",
        [problem],
    )


def refuse_creation(name: str) -> Any:
    """Returns a context in which making a global variable raises a `SharingError`."""

    def creator(next_creator: Callable[..., Any], **kwargs: Any) -> Any:
        # Template._call_func refuses trainable variables only, and merely logs other global ones;
        # of either kind each call would make one more. Local ones (metrics) are let pass by both.
        keys = kwargs.get("collections")
        if keys is not None and v1.GraphKeys.GLOBAL_VARIABLES not in keys:
            return next_creator(**kwargs)
        problem = Problem(
            str(kwargs.get("name") or "Variable"),
            "only variables of the first call",
            "a new variable, made by tf.Variable or outside the shared scope",
            origin=caller_line(),
            remedy="use get_variable inside the scope, or make it before and pass it in",
        )
        raise SharingError.from_problems(
            f"shared scope {name!r}: a later call would create a variable", [problem]
        )

    return v1.variable_creator_scope(creator)
