"""What a format of outputs may be told: the fields of the frozen dataclass that it is.

A format with options is a frozen dataclass; each field is one, with a default, and :func:`option`
gives it the words of a command line's help and what makes its value of a text. A format that isn't
a dataclass has none.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from tf1compat.errors import Problem, UsageError

__all__ = ["Option", "configured", "option", "options_of"]

_T = TypeVar("_T")


@dataclasses.dataclass(frozen=True)
class Option:
    """One option of a format.

    Attributes:
      name: of the field, and of the flag.
      default: its value where nothing is said.
      help: what it is, for a command line.
      parse: returns its value by a text; raises ValueError for a text that says none.
    """

    name: str
    default: Any
    help: str
    parse: Callable[[str], Any]


def option(default: _T, help_text: str, parse: Callable[[str], _T]) -> _T:
    """Returns the field of a format's dataclass that is an option."""
    held: _T = dataclasses.field(default=default, metadata={"help": help_text, "parse": parse})
    return held


def options_of(one: Any) -> dict[str, Option]:
    """Returns a format's options by name."""
    if not dataclasses.is_dataclass(one):
        return {}
    return {
        field.name: Option(
            field.name,
            field.default,
            field.metadata.get("help", ""),
            field.metadata.get("parse", str),
        )
        for field in dataclasses.fields(one)
    }


def configured(one: _T, given: Mapping[str, Any]) -> _T:
    """Returns a format with some of its options set.

    Args:
      one: a format.
      given: values by name; texts are parsed as a command line's.

    Raises:
      UsageError: it has no such option, or the option no such value; all of them are named.
    """
    known = options_of(one)
    own = ", ".join(known) or "no options"
    values, problems = {}, []
    for name, value in given.items():
        try:
            parse = known[name].parse
            values[name] = parse(value) if isinstance(value, str) else value
        except KeyError:
            called = getattr(one, "name", one)
            problems.append(Problem(name, f"what the format {called!r} has ({own})", "another"))
        except ValueError as error:
            problems.append(Problem(name, "a value of this option", str(error)))
    if problems:
        raise UsageError.from_problems("an output can't have these options:", problems)
    return dataclasses.replace(one, **values) if values else one  # type: ignore[type-var]
