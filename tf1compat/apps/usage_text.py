"""How a task is asked for, said once: its help, manual page and completion are made of it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from types import MappingProxyType

from tf1compat.errors import UsageError

__all__ = ["ENDED", "Operand", "Usage"]

NOT_UNDERSTOOD = "the command wasn't understood, or names what isn't there, or an output that is"

ENDED: Mapping[int, str] = MappingProxyType(
    {
        129: "ended by SIGHUP",
        130: "interrupted (Ctrl-C)",
        141: "all was well, and nobody read the output to its end",
        143: "ended by SIGTERM",
    }
)
"""Exit codes that every task has, besides its own."""

_WORD = re.compile(r"(?P<open>\[?)(?P<name>[A-Z][A-Z0-9_]*)(?P<more>(\.\.\.)?)(?P<close>\]?)")


@dataclasses.dataclass(frozen=True)
class Operand:
    """An argument that goes by its place; the flag of its name takes it as well.

    Attributes:
      name: as usage lines have it, ``"CHECKPOINT"``.
      required: whether the task needs it.
      repeated: whether it takes all arguments that no other takes; its flag is a repeated one.
    """

    name: str
    required: bool = True
    repeated: bool = False

    @property
    def flag(self) -> str:
        """Name of the flag that takes it as well."""
        return self.name.lower()

    def __str__(self) -> str:
        text = self.name + "..." * self.repeated
        return text if self.required else f"[{text}]"


@dataclasses.dataclass(frozen=True)
class Usage:
    """What a task's help says before and after its flags.

    Attributes:
      arguments: what goes by its place, as in ``"CHECKPOINT MODEL [OUTPUT]"``: each word is the
        name of a flag in capitals, in brackets where the task does without; dots after one, at
        most, say that it takes several.
      about: what the task does, in a few sentences.
      examples: commands without ``tf1compat``, and what each is for.
      exits: what the task's exit codes say; 2 and those of signals need no words.

    >>> [str(one) for one in Usage("SOURCE... [OUTPUT]").operands]
    ['SOURCE...', '[OUTPUT]']
    """

    arguments: str = ""
    about: str = ""
    examples: tuple[tuple[str, str], ...] = ()
    exits: Mapping[int, str] = dataclasses.field(
        default_factory=lambda: {0: "all is well", 1: "something is wrong"}
    )

    def __post_init__(self) -> None:
        if sum(one.repeated for one in self.operands) > 1:
            raise UsageError(f"usage {self.arguments!r}: expected one repeated argument at most")

    @property
    def operands(self) -> tuple[Operand, ...]:
        """What goes by its place, in order.

        Raises:
          UsageError: `arguments` can't be read.
        """
        return tuple(map(_operand, self.arguments.split()))

    def line(self, task: str) -> str:
        """Returns the line that says how a task is asked for."""
        words = ["tf1compat", task, *map(str, self.operands), "[--flag=value ...]"]
        return " ".join(words)

    def statuses(self) -> dict[int, str]:
        """Returns what each exit code says, signals' too."""
        own = {**self.exits, 2: self.exits.get(2, NOT_UNDERSTOOD)}
        return {**dict(sorted(own.items())), **ENDED}


def _operand(word: str) -> Operand:
    found = _WORD.fullmatch(word)
    if found is None or bool(found["open"]) != bool(found["close"]):
        raise UsageError(
            f"usage: expected words like NAME, [NAME] or NAME... for arguments, found {word!r}"
        )
    return Operand(found["name"], required=not found["open"], repeated=bool(found["more"]))
