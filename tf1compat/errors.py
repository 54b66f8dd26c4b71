"""The exceptions of tf1compat, and the value that describes one problem.

Every error of this package derives from :class:`Tf1CompatError` and from the builtin that a caller
would catch without knowing this package (``KeyError`` for an unknown name, ``ValueError`` for a
plan that doesn't add up, ...). Functions that check many things collect a :class:`Problem` for
each offender and raise once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import ClassVar, TypeVar

from tf1compat.printable import joined, printable_name

__all__ = [
    "BudgetError",
    "CheckpointError",
    "CheckpointExistsError",
    "CheckpointNotFoundError",
    "CorruptCheckpointError",
    "GraphError",
    "InLines",
    "LayoutError",
    "MisfitError",
    "ModelError",
    "ModelNotFoundError",
    "OutputError",
    "PlanError",
    "Problem",
    "RuleError",
    "SharingError",
    "Tf1CompatError",
    "UnknownNameError",
    "UnsupportedCheckpointError",
    "UsageError",
    "VerificationError",
]

_SHOWN = 30  # problems spelled out in a message; `.problems` always holds all of them

_E = TypeVar("_E", bound="Tf1CompatError")


@dataclasses.dataclass(frozen=True)
class Problem:
    """One offender: what it is, what was expected, what was found and what to do.

    Attributes:
      name: the variable, weight, file, flag or rule concerned.
      expected: what would have been right, e.g. ``"shape (3, 3, 64, 64)"``.
      found: what was there instead.
      origin: where it came from (a file and offset, a rule's line, a scope); may be empty.
      remedy: what the reader can do about it; may be empty.

    >>> print(Problem("a/w", "shape (2,)", "shape (3,)", "m.ckpt", "drop it with a rule"))
    a/w: expected shape (2,), found shape (3,) [m.ckpt]; drop it with a rule
    """

    name: str
    expected: str
    found: str
    origin: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        origin = f" [{self.origin}]" if self.origin else ""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return printable_name(
            f"{self.name}: expected {self.expected}, found {self.found}{origin}{remedy}"
        )


class InLines(str):
    r"""A message of several lines, in which no name makes a line of its own.

    >>> print(InLines.of(["damaged", "  a/w\nb/w"]))
    damaged
      a/w\nb/w
    """

    __slots__ = ()

    @classmethod
    def of(cls, lines: Iterable[str]) -> InLines:
        """Returns the message of these lines."""
        return cls(joined(lines))

    def within(self, prefix: str) -> InLines:
        """Returns the message behind a beginning of its first line."""
        return InLines(printable_name(prefix) + self)


class Tf1CompatError(Exception):
    """Base of every error raised by tf1compat.

    Names in messages are shown, not obeyed: controls are written out, and so are line ends, unless
    the message is one of :class:`InLines`.

    Attributes:
      code: of the kind of error, ``"TF1C017"``: ``tf1compat help TF1C017`` and ``docs/errors.md``
        say what causes it and what cures it. It never changes.
      problems: every offender, in order; empty where the message alone says it all.
    """

    code: ClassVar[str] = "TF1C000"
    problems: tuple[Problem, ...]
    # AutoGraph makes a StagingError of what it can't make anew; what has this it lets through.
    ag_pass_through = True

    def __init__(self, message: str, *, problems: Iterable[Problem] = ()) -> None:
        self.message = message if isinstance(message, InLines) else printable_name(message)
        super().__init__(self.message)
        self.problems = tuple(problems)

    @classmethod
    def from_problems(cls: type[_E], headline: str, problems: Sequence[Problem]) -> _E:
        """Returns one error whose message lists `problems` below `headline`.

        >>> print(PlanError.from_problems("1 weight", [Problem("w", "a source", "none")]))
        1 weight
          w: expected a source, found none
        """
        lines = [headline, *(f"  {problem}" for problem in problems[:_SHOWN])]
        if len(problems) > _SHOWN:
            lines.append(f"  ... and {len(problems) - _SHOWN} more (the error's .problems has all)")
        return cls(InLines.of(lines), problems=problems)

    def __str__(self) -> str:  # KeyError would print the message's repr
        return self.message


class CheckpointError(Tf1CompatError):
    """Something is wrong with a checkpoint's files."""

    code = "TF1C001"


class CheckpointNotFoundError(CheckpointError, FileNotFoundError):
    """No checkpoint where one was named."""

    code = "TF1C002"


class CheckpointExistsError(CheckpointError, FileExistsError):
    """A checkpoint (or part of one) stands where one should be written."""

    code = "TF1C003"


class UnsupportedCheckpointError(CheckpointError, ValueError):
    """A readable file that isn't a name-based checkpoint this package supports."""

    code = "TF1C004"


class CorruptCheckpointError(CheckpointError, ValueError):
    """A checkpoint's bytes contradict its checksums or its own structure.

    Attributes:
      file: path of the damaged file.
      variable: name of the variable concerned, or None where the damage is not within one.
      offset: byte offset in `file`, or None where no single place is at fault.
    """

    code = "TF1C005"

    def __init__(
        self,
        message: str,
        *,
        file: str = "",
        variable: str | None = None,
        offset: int | None = None,
        problems: Iterable[Problem] = (),
    ) -> None:
        where = file + (f" at byte {offset}" if offset is not None else "")
        what = f"variable {variable!r}: " if variable is not None else ""
        prefix = f"{where}: {what}" if where else what
        told = message.within(prefix) if isinstance(message, InLines) else prefix + message
        super().__init__(told, problems=problems)
        self.file = file
        self.variable = variable
        self.offset = offset


class BudgetError(CheckpointError, ValueError):
    """A file, of whatever kind, that would take far more memory or time than its size warrants.

    Attributes:
      file: path of the file.
      meter: what would grow, e.g. ``"bytes of names"``.
    """

    code = "TF1C006"

    def __init__(
        self, message: str, *, file: str = "", meter: str = "", problems: Iterable[Problem] = ()
    ) -> None:
        super().__init__(message, problems=problems)
        self.file = file
        self.meter = meter


class UnknownNameError(Tf1CompatError, KeyError):
    """A name that isn't there; the message gives the nearest names that are."""

    code = "TF1C007"


class RuleError(Tf1CompatError, ValueError):
    """A rename rule that can't be read, matches nothing, or collides with another."""

    code = "TF1C008"


class LayoutError(Tf1CompatError, ValueError):
    """A layout that can't be applied to the shape or dtype it was given."""

    code = "TF1C009"


class PlanError(Tf1CompatError, ValueError):
    """A migration plan that doesn't account for every source and every target."""

    code = "TF1C010"


class ModelError(Tf1CompatError, ValueError):
    """A Keras model that can't be used as it is, for example because it isn't built."""

    code = "TF1C011"


class ModelNotFoundError(ModelError):
    """No model, or function that makes one, where one was named."""

    code = "TF1C012"


class OutputError(Tf1CompatError, OSError):
    """An output that couldn't be written; the message says what stands there now."""

    code = "TF1C013"


class VerificationError(Tf1CompatError, ValueError):
    """Converted weights or outputs that differ from what they were converted from."""

    code = "TF1C014"


class GraphError(Tf1CompatError, ValueError):
    """A graph, collection or session that doesn't hold what was asked of it."""

    code = "TF1C015"


class SharingError(GraphError):
    """A shared scope that would create a variable its first call did not create."""

    code = "TF1C016"


class UsageError(Tf1CompatError, ValueError):
    """An argument, a flag or a configuration that can't be used."""

    code = "TF1C017"


class MisfitError(Tf1CompatError, ValueError):
    """Values, names or parts of a checkpoint that don't fit what is to be made of them."""

    code = "TF1C018"
