"""An app: its flags, its command line, its help and what it does."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from absl import flags

from tf1compat.apps._command_line import set_flags
from tf1compat.apps._outlets import others_aside
from tf1compat.apps._printing import say_lines
from tf1compat.apps.usage_text import Usage
from tf1compat.budget import budget_times

if TYPE_CHECKING:
    from tf1compat.apps._help import HelpText

__all__ = ["EXIT_FOUND", "EXIT_OK", "EXIT_USAGE", "App"]

EXIT_OK = 0
EXIT_FOUND = 1
EXIT_USAGE = 2


@dataclasses.dataclass(frozen=True)
class App:
    """A task that takes absl's flags: ``run = App(...).run`` makes a module one.

    Attributes:
      name: of the task.
      main: does the work and returns the status.
      flag_values: the app's flags.
      usage: how it is asked for; help, manual page and completion are made of it.
      notes: what the app's help says after its flags, told when it is asked for: a program may
        have added formats since the app was imported.
      define: defines further flags, of what a program may have added.
    """

    name: str
    main: Callable[[], int]
    flag_values: flags.FlagValues
    usage: Usage = dataclasses.field(default_factory=Usage)
    notes: Sequence[Callable[[], str]] = ()
    define: Callable[[], None] = dataclasses.field(default_factory=lambda: lambda: None)

    def help(self) -> HelpText:
        """Returns all that the app's help says."""
        from tf1compat.apps._help import HelpText

        self._define()
        return HelpText(self.name, self.usage, self.flag_values, self.notes)

    def run(self, args: Sequence[str]) -> int:
        """Sets the flags and does the work; returns the exit status. Its task guards it.

        Args:
          args: the command line after the task.

        Raises:
          UsageError: the command line can't be understood.
          flags.Error: a flag doesn't take its value.
        """
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's greeting isn't ours
        # absl knows --help as a flag of its global FLAGS alone, and an app has flags of its own.
        if any(arg in ("--help", "-h", "--helpfull") for arg in args):
            from tf1compat.apps._help import help_lines

            say_lines(help_lines(self.help()))
            return EXIT_OK
        self._define()
        set_flags(self.name, args, usage=self.usage, flag_values=self.flag_values)
        budget = float(self.flag_values["budget"].value or 1.0)
        with budget_times(budget), others_aside():
            return self.main()

    def _define(self) -> None:
        _define_budget(self.flag_values)
        self.define()


def _define_budget(flag_values: flags.FlagValues) -> None:
    if "budget" not in flag_values:
        flags.DEFINE_float(
            "budget",
            1.0,
            "How many times the memory and time that their size warrants files may take; for a "
            "file that you trust and that an error says is over its budget.",
            lower_bound=1.0,
            upper_bound=1e9,
            flag_values=flag_values,
        )
