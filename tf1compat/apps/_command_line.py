"""A command line as people type it: arguments by their places, flags anywhere beside them."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from absl import flags

from tf1compat.apps.usage_text import Operand, Usage
from tf1compat.errors import Problem, UsageError

__all__ = ["set_flags"]


@dataclasses.dataclass
class _Line:
    """A command line taken apart.

    Attributes:
      flags: the flags that were given, and their values, in order.
      operands: what isn't a flag.
      unknown: words that look like flags and aren't any.
    """

    flags: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    operands: list[str] = dataclasses.field(default_factory=list)
    unknown: list[str] = dataclasses.field(default_factory=list)

    @property
    def named(self) -> dict[str, str]:
        """The values of the flags that were given, by their names; of several the last."""
        return dict(self.flags)


def set_flags(
    task: str, args: Sequence[str], *, usage: Usage, flag_values: flags.FlagValues
) -> None:
    """Sets a task's flags from a command line.

    A flag stands anywhere, with its value in the same word or the next, with dashes for
    underscores if one likes; ``--`` ends them.

    Raises:
      UsageError: a flag isn't one of the task's, doesn't take its value, or is missing; or an
        argument is missing, too much, or given by its flag as well.
      flags.Error: values that each flag takes by itself aren't taken together.
    """
    line = _taken_apart(flag_values.read_flags_from_files(list(args), force_gnu=True), flag_values)
    if line.unknown:
        raise _unknown(task, line.unknown, flag_values)
    given = [*line.flags, *_placed(task, line, usage)]
    _require_values(given, flag_values)
    flag_values.unparse_flags()  # what an earlier run in this process was given
    try:
        flag_values([task, *(f"--{name}={value}" for name, value in given)])
    except flags.IllegalFlagValueError:
        if missing := _still_required(flag_values):
            told = f"expected {' and '.join(missing)}, found none; usage: {usage.line(task)}"
            raise UsageError(told) from None
        raise


def _require_values(given: Sequence[tuple[str, str]], known: flags.FlagValues) -> None:
    """Refuses what flags don't take, all of it at once and in words that are no parser's."""
    problems = []
    for name, value in given:
        parser = known[name].parser
        if not _takes(parser, value):
            problems.append(Problem(f"--{name}", _taken_by(parser), repr(value)))
    if len(problems) == 1:
        raise UsageError(str(problems[0]))
    if problems:
        raise UsageError.from_problems("flags don't take their values:", problems)


def _takes(parser: flags.ArgumentParser, value: str) -> bool:
    try:
        taken = parser.parse(value)
    except (TypeError, ValueError):
        return False
    return not isinstance(taken, float) or math.isfinite(taken)  # absl's bounds let NaN through


def _taken_by(parser: flags.ArgumentParser) -> str:
    if isinstance(parser, flags.EnumParser):
        return f"one of {', '.join(parser.enum_values)}"
    if isinstance(parser, flags.BooleanParser):
        return "true or false"
    kind = parser.syntactic_help or "another value"
    floats = isinstance(parser, flags.FloatParser)
    return kind.replace("number", "finite number", 1) if floats else kind


def _still_required(known: flags.FlagValues) -> list[str]:
    """Returns the flags that have no value and need one, as help writes them."""
    from tf1compat.apps._help import flag_form

    return [
        flag_form(known[name])
        for name in known
        if known[name].value is None and not all(_holds(v, known) for v in known[name].validators)
    ]


def _holds(validator: Any, known: flags.FlagValues) -> bool:
    try:
        validator.verify(known)
    except flags.ValidationError:
        return False
    return True


def _taken_apart(args: Iterable[str], known: flags.FlagValues) -> _Line:
    line = _Line()
    rest = iter(args)
    for arg in rest:
        if arg == "--":
            line.operands.extend(rest)
        elif not arg.startswith("-") or arg == "-":
            line.operands.append(arg)
        else:
            _take_flag(arg, rest, known=known, line=line)
    return line


def _take_flag(arg: str, rest: Iterator[str], *, known: flags.FlagValues, line: _Line) -> None:
    dashed, equals, value = arg[2 if arg.startswith("--") else 1 :].partition("=")
    name = dashed.replace("-", "_")
    negated = name.removeprefix("no").lstrip("_")
    if name not in known and negated in known and known[negated].boolean and not equals:
        line.flags.append((negated, "false"))
    elif name not in known:
        line.unknown.append(arg.partition("=")[0])
    else:
        if value.startswith("~/"):  # shells put the home directory at the start of words alone
            value = os.path.expanduser(value)
        if not equals:
            value = "true" if known[name].boolean else next(rest, None) or _missing(name)
        line.flags.append((name, value))


def _missing(name: str) -> str:
    raise UsageError(f"--{name}: expected a value (--{name}=VALUE), found none")


def _unknown(task: str, words: Sequence[str], known: flags.FlagValues) -> UsageError:
    more = f"`tf1compat help {task}` lists the flags"
    told = [f"{word}{_nearest(word, known)}" for word in words]
    if len(told) == 1:
        return UsageError(f"expected a flag of {task}, found {told[0]}; {more}")
    problems = [
        Problem(word, "a flag", "none of this name", remedy=_nearest(word, known)[2:])
        for word in words
    ]
    return UsageError.from_problems(f"expected flags of {task}; {more}:", problems)


def _nearest(word: str, known: Iterable[str]) -> str:
    name = word.lstrip("-").replace("-", "_")
    import difflib  # what is right doesn't wait for it

    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; nearest: --{near[0]}" if near else ""


def _placed(task: str, line: _Line, usage: Usage) -> list[tuple[str, str]]:
    """Returns what goes by its place as flags and their values.

    Raises:
      UsageError: there are too few or too many of them, or one is given by its flag as well.
    """
    hint = f"; usage: {usage.line(task)}"
    taken = _by_place(usage.operands, line.operands)
    if taken is None:
        most = len(usage.operands)
        raise UsageError(
            f"expected {most or 'no'} argument{'s' * (most != 1)}"
            f"{' at most' * any(not one.required for one in usage.operands)}, found "
            f"{len(line.operands)}: {' '.join(map(repr, line.operands))}{hint}"
        )
    named = line.named
    twice = [
        Problem(one.name, "one of both", f"{values[0]!r} by its place and {given!r} by its flag")
        for one, values in taken.items()
        if values and (given := named.get(one.flag)) is not None
    ]
    if twice:
        raise UsageError.from_problems(f"an argument is given twice{hint}", twice)
    missing = [
        one.name
        for one, values in taken.items()
        if one.required and not values and one.flag not in named
    ]
    if missing:
        raise UsageError(f"expected {' and '.join(missing)}, found none{hint}")
    return [(one.flag, value) for one, values in taken.items() for value in values]


def _by_place(
    operands: Sequence[Operand], values: Sequence[str]
) -> dict[Operand, Sequence[str]] | None:
    """Returns which values each operand takes, in order; None where some are left.

    What is repeated takes what the others leave.
    """
    at = next((i for i, one in enumerate(operands) if one.repeated), None)
    if at is None:
        if len(values) > len(operands):
            return None
        return {one: values[i : i + 1] for i, one in enumerate(operands)}
    after = len(operands) - at - 1
    end = max(at, len(values) - after)
    shares = [*(values[i : i + 1] for i in range(at)), values[at:end]]
    shares += [values[end + i : end + i + 1] for i in range(after)]
    return dict(zip(operands, shares, strict=True))
