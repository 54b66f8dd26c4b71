"""What every app shares: its flags' parsing, its errors, its exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from absl import flags

from tf1compat.apps._outlets import EXIT_PIPE, others_aside
from tf1compat.apps._printing import failed, say_lines
from tf1compat.budget import budget_times
from tf1compat.errors import CheckpointNotFoundError, ModelNotFoundError, Tf1CompatError, UsageError
from tf1compat.names.first_line import first_line
from tf1compat.printable import printable_name
from tf1compat.stopping import Stopped, asked_to_stop

__all__ = ["EXIT_FOUND", "EXIT_OK", "EXIT_USAGE", "guarded", "run_app"]

EXIT_OK = 0
EXIT_FOUND = 1
EXIT_USAGE = 2

_USAGE = (UsageError, CheckpointNotFoundError, ModelNotFoundError)  # what a flag says can't be used


def run_app(
    name: str,
    main: Callable[[], int],
    *,
    flag_values: flags.FlagValues,
    args: Sequence[str],
    notes: Sequence[Callable[[], str]] = (),
) -> int:
    """Parses an app's flags and runs it; returns its exit status. Its task guards it.

    Args:
      name: of the task.
      main: does the work and returns the status.
      flag_values: the app's flags.
      args: the command line after the task.
      notes: what the app's help says after its flags, told when it is asked for: a program may
        have added formats since the app was imported.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's greeting isn't ours
    _define_budget(flag_values)
    # absl knows --help as a flag of its global FLAGS alone, and an app has flags of its own.
    if any(arg in ("--help", "-h", "--helpfull") for arg in args):
        told = [f"tf1compat {name}", flag_values.get_help(include_special_flags=False)]
        told += [f"\n{note()}" for note in notes]
        say_lines("\n".join(told).split("\n"))
        return EXIT_OK
    flag_values.unparse_flags()  # what an earlier run in this process was given
    rest = flag_values([name, *args])[1:]
    if rest:
        raise UsageError(f"expected flags only (--name=value), found {' '.join(rest)!r}")
    with budget_times(float(flag_values["budget"].value or 1.0)), others_aside():
        return main()


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


def guarded(name: str, main: Callable[[], int]) -> int:
    """Runs a task and turns its errors into lines; returns its exit status."""
    try:
        return main()
    except flags.Error as error:
        return failed(name, printable_name(str(error).strip()), EXIT_USAGE)
    except Tf1CompatError as error:
        return failed(name, str(error), EXIT_USAGE if isinstance(error, _USAGE) else EXIT_FOUND)
    except BrokenPipeError:  # `... | head`, of a stream that a program put in place of the standard
        # Python flushes standard output once more as it ends, and would complain of the pipe again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PIPE
    except Stopped as stopped:
        return failed(name, str(stopped), stopped.status)
    # A task that exits by itself hasn't done what was asked, whatever status it gives.
    except BaseException as error:
        if asked := asked_to_stop():  # what came of it isn't what happened
            return failed(name, str(asked), asked.status)
        return _unexpected(name, error)


def _unexpected(name: str, error: BaseException) -> int:
    if isinstance(error, KeyboardInterrupt):
        return failed(name, "interrupted", 130)
    if os.environ.get("TF1COMPAT_TRACEBACK"):
        raise error
    what = first_line(error, otherwise="no message")
    hint = "TF1COMPAT_TRACEBACK=1 shows where"
    return failed(name, f"unexpected {type(error).__name__}: {what}; {hint}", EXIT_FOUND)
