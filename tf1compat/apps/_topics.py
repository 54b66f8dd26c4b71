"""What ``tf1compat help`` tells besides tasks: what plans are made with, and errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tf1compat.apps._error_pages import error_pages

__all__ = ["TOPIC_TEXTS"]


def _layouts() -> str:
    from tf1compat.migration.layouts import LAYOUTS
    from tf1compat.migration.layouts.text import written_form

    lines = [f"  {written_form(one)}\n      {_first_line(one)}" for one in LAYOUTS.values()]
    return "\n".join(["layouts that rules may name, with their arguments:", *lines])


def _evidence() -> str:
    from tf1compat.migration.matching.evidence import EVIDENCE

    lines = [f"  {one.name}: {_first_line(type(one))}" for one in EVIDENCE.values()]
    return "\n".join(["evidence by which plans pair what no rule speaks of:", *lines])


def _optimizers() -> str:
    from tf1compat.names.optimizers import OPTIMIZERS

    lines = [f"  {', '.join(one.names)}" for one in OPTIMIZERS.values()]
    return "\n".join(["optimizers whose slots are told from variables:", *lines])


def _errors() -> str:
    return "\n".join(error_pages())


def _first_line(thing: type) -> str:
    return (thing.__doc__ or "").strip().split("\n")[0]


TOPIC_TEXTS: Mapping[str, Callable[[], str]] = MappingProxyType(
    {"layouts": _layouts, "evidence": _evidence, "optimizers": _optimizers, "errors": _errors}
)
"""By the word that asks for it, what makes its text."""
