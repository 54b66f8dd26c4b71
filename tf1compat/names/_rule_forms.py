"""The forms that a rule can have: which keys stand together, and what their values may be."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from tf1compat.errors import Problem
from tf1compat.names.roles import ROLES

__all__ = ["FORMS", "KEYS", "VOCABULARIES", "form_of", "form_problems"]


@dataclasses.dataclass(frozen=True)
class Form:
    """One form of rules.

    Attributes:
      name: what the rule does.
      keys: those that make the form; a rule has all of them.
      may: those that it may have besides.
      said: the keys as errors call them.
    """

    name: str
    keys: frozenset[str]
    may: frozenset[str]
    said: str


def _form(name: str, keys: str, may: str, said: str) -> Form:
    return Form(name, frozenset(keys.split()), frozenset(may.split()), said)


FORMS = (
    _form(
        "map",
        "source target",
        "layout role cross_roles shared source_vocabulary target_vocabulary",
        "source + target",
    ),
    _form("drop", "source drop", "layout copy_of", "source + drop (a reason)"),
    _form("keep", "target keep", "", "target + keep (a reason)"),
    _form("layer", "scope layer", "cross_roles shared", "scope + layer"),
    _form("role", "source role", "", "source + role"),
)
_FLAGS = ("cross_roles", "shared")
_MAKERS = frozenset().union(*(form.keys for form in FORMS))
KEYS = (
    *("source", "target", "scope", "layer", "drop", "keep", "role", "layout", "copy_of"),
    *("source_vocabulary", "target_vocabulary", *_FLAGS),
)
"""Every key of a rule."""
VOCABULARIES = ("source_vocabulary", "target_vocabulary")


def form_of(keys: Mapping[str, object]) -> Form | None:
    """Returns the form that a rule of these keys has, or would have with fewer; None if none."""
    main = _MAKERS.intersection(keys)
    exact = [form for form in FORMS if main - form.may == form.keys]
    return exact[0] if exact else None


def form_problems(keys: Mapping[str, object], origin: str) -> list[Problem]:
    """Returns what is wrong with the combination of keys, or with the kind of their values.

    Args:
      keys: the keys that the rule has, and their values.
      origin: where the rule was written.
    """
    # A function may say where sources go; which targets are kept, a pattern has to.
    text = {"target"} if "keep" in keys else set()
    problems = [_kind_problem(key, value, origin, text) for key, value in keys.items()]
    found = [problem for problem in problems if problem is not None]
    form = form_of(keys)
    if form is None:
        expected = f"{', '.join(form.said for form in FORMS[:-1])} or {FORMS[-1].said}"
        listed = " + ".join(sorted(keys)) or "nothing"
        return [*found, Problem("rule", expected, listed, origin, _form_remedy(set(keys)))]
    found += [
        Problem(key, f"no {key} beside {form.said}", repr(keys[key]), origin, "remove it")
        for key in keys
        if key not in form.keys | form.may
    ]
    given = [key for key in VOCABULARIES if key in keys]
    if len(given) == 1 or (given and "layout" in keys):
        listed = " + ".join(sorted({*given, "layout"} & set(keys)))
        expected = "source_vocabulary and target_vocabulary together, without a layout"
        found.append(Problem("rule", expected, listed, origin, "add the other, or say the layout"))
    return found


def _kind_problem(key: str, value: object, origin: str, text: set[str]) -> Problem | None:
    if key in _FLAGS:
        if value is True:
            return None
        return Problem(key, "true, or no such key", repr(value), origin, f"remove {key}")
    function = key == "target" and key not in text and callable(value)
    if not isinstance(value, str) and not function:
        return Problem(key, "text", repr(value), origin, f"write {key} as a string")
    if key == "role" and value not in ROLES:
        return Problem(key, f"one of {', '.join(ROLES)}", repr(value), origin, "name one of them")
    return None


def _form_remedy(keys: set[str]) -> str:
    if keys == {"source"}:
        return "add target='...', or drop='<reason>'"
    if keys == {"target"}:
        return "add source='...', or keep='<reason>'"
    if keys & {"scope", "layer"} and not {"scope", "layer"} <= keys:
        return "a rule about a whole layer has scope='...' and layer='...'"
    return "split it into one rule for each purpose"
