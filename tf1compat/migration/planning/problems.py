"""What is said of a source or target that nothing accounts for, and what could be done."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from tf1compat.errors import Problem
from tf1compat.files.dtypes import resolution
from tf1compat.migration.layouts.basic import Transpose
from tf1compat.migration.layouts.casts import Cast
from tf1compat.migration.layouts.layout import Layout, Spec
from tf1compat.names import nearest_names

__all__ = ["OpenQuestion", "mending_step", "misfit", "orphaned", "unexplained", "unfilled"]


@dataclasses.dataclass(frozen=True)
class OpenQuestion(Problem):
    """A problem that no evidence can solve: what it asks for, no file tells."""

    @classmethod
    def of(cls, name: str, asks: str) -> OpenQuestion:
        """Returns the question of a source or target; `asks` says what, and how to say it."""
        return cls(name, "an answer", "none in the file", remedy=asks)


def mending_step(made: Spec, wanted: Spec) -> Layout | None:
    """Returns the layout that a user may ask for where `made` doesn't fit; None if none is near.

    Never taken by itself: a cast loses precision, and which matrix is to be turned nobody tells.
    """
    if made.shape == wanted.shape:
        return None if _quantized(made, wanted) else Cast(wanted.dtype)
    turned = made.shape == wanted.shape[::-1] and len(wanted.shape) == 2
    return Transpose((1, 0)) if turned else None


def _quantized(given: Spec, wanted: Spec) -> bool:
    """Tells whether floats would become whole numbers: a cast makes 0 of nearly all weights."""
    return bool(resolution(given.dtype)) and not resolution(wanted.dtype)


def misfit(
    source: str, target: str, *, given: Spec, wanted: Spec
) -> tuple[tuple[str, Problem], tuple[str, Problem]]:
    """Returns a problem for either end of a pair that evidence supports and no layout joins."""
    remedy = f"give {target} a rule with layout='{Cast(wanted.dtype)}' if that is meant"
    if _quantized(given, wanted):
        remedy = "migrate onto the model as it is before it is quantized, and quantize that"
    return (
        (target, Problem(target, f"a source of {wanted}", f"{source} of {given}", "", remedy)),
        (source, Problem(source, f"a target of {given}", f"{target} of {wanted}", "", remedy)),
    )


def orphaned(name: str, what: str) -> Problem:
    """Returns the problem of a source that is named as a slot or average of one that isn't there.

    Its numbers are an optimizer's or an average's, so it is never taken for the variable itself.
    """
    return Problem(
        name,
        f"its variable: it is the {what}",
        "no such variable in the file",
        remedy="drop it, or take it for the weight itself, by a rule",
    )


def unexplained(name: str, role: str, spec: Spec) -> Problem:
    """Returns the problem of a source of this role that goes nowhere."""
    return Problem(
        name,
        f"a target for {described(role, spec)}, or a reason to drop it",
        "neither",
        remedy="send it somewhere, or drop it, by a rule",
    )


def unfilled(
    path: str, role: str, spec: Spec, free: Iterable[str], sources: Mapping[str, Spec]
) -> Problem:
    """Returns the problem of a target of this role that nothing fills; `free` are sources left."""
    left = list(free)
    # A square one fits as it stands too, and nothing says that it is to be turned.
    transposed = [n for n in left if spec.shape != sources[n].shape == spec.shape[::-1]]
    alike = [name for name in left if len(sources[name].shape) == len(spec.shape)]
    near = nearest_names(path, transposed or alike)
    listed = ", ".join(f"{name} {sources[name]}" for name in near)
    fits = any(sources[name].shape == spec.shape for name in near)
    none = "none that evidence supports" if fits else "none that fits"
    found = f"{none}; nearest of what is left: {listed}" if near else "none"
    remedy = "fill it, or keep its initial value, by a rule"
    turned = mending_step(sources[near[0]], spec) if transposed else None
    if turned is not None:
        remedy = f"{near[0]} fits transposed: a rule with layout='{turned}' says so"
    return Problem(path, f"a source of {described(role, spec)}", found, remedy=remedy)


def described(role: str, spec: Spec) -> str:
    """Returns what something is, in words: ``kernel float32[3, 4]``."""
    return f"{'a variable' if role == 'unknown' else role} {spec}"
