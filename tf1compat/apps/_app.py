"""What every task shares: its errors as lines, its exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from absl import flags

from tf1compat.apps._outlets import EXIT_PIPE
from tf1compat.apps._printing import failed
from tf1compat.apps.flag_app import EXIT_FOUND, EXIT_OK, EXIT_USAGE, App
from tf1compat.errors import (
    CheckpointExistsError,
    CheckpointNotFoundError,
    ModelNotFoundError,
    Tf1CompatError,
    UsageError,
)
from tf1compat.names.first_line import first_line
from tf1compat.printable import printable_name
from tf1compat.stopping import Stopped, asked_to_stop

__all__ = ["EXIT_FOUND", "EXIT_OK", "EXIT_USAGE", "App", "guarded"]

# What a command says can't be used: it can't be understood, or names what isn't there, or what is
# there already.
_USAGE = (UsageError, CheckpointNotFoundError, CheckpointExistsError, ModelNotFoundError)


def guarded(name: str, main: Callable[[], int]) -> int:
    """Runs a task and turns its errors into lines; returns its exit status."""
    try:
        return main()
    except flags.Error as error:
        message = printable_name(str(error).strip())
        return failed(name, message, status=EXIT_USAGE, code=UsageError.code)
    except Tf1CompatError as error:
        status = EXIT_USAGE if isinstance(error, _USAGE) else EXIT_FOUND
        return failed(name, str(error), status=status, code=error.code)
    except BrokenPipeError:  # `... | head`, of a stream that a program put in place of the standard
        # Python flushes standard output once more as it ends, and would complain of the pipe again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PIPE
    except Stopped as stopped:
        return failed(name, str(stopped), status=stopped.status)
    # A task that exits by itself hasn't done what was asked, whatever status it gives.
    except BaseException as error:
        if asked := asked_to_stop():  # what came of it isn't what happened
            return failed(name, str(asked), status=asked.status)
        return _unexpected(name, error)


def _unexpected(name: str, error: BaseException) -> int:
    if isinstance(error, KeyboardInterrupt):
        return failed(name, "interrupted", status=130)
    if os.environ.get("TF1COMPAT_TRACEBACK"):
        raise error
    what = first_line(error, otherwise="no message")
    hint = "TF1COMPAT_TRACEBACK=1 shows where"
    message = f"unexpected {type(error).__name__}: {what}; {hint}"
    return failed(name, message, status=EXIT_FOUND)
