"""Code of the user's own, which makes a model: whatever it raises is an error that says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tf1compat.errors import ModelError, Tf1CompatError
from tf1compat.names.first_line import first_line
from tf1compat.stopping import ExitedError, contained

__all__ = ["called"]

_T = TypeVar("_T")


def called(call: Callable[[], _T], *, what: str) -> _T:
    """Returns what `call` returns.

    Args:
      call: runs code that isn't this package's.
      what: what it does, as an error says it: ``"m:build: importing m failed"``.

    Raises:
      ModelError: it raised something, SystemExit or KeyboardInterrupt included: a script's main,
        ``absl.app.run`` and argparse exit by themselves, and have made no model.
      Stopped: the user interrupted it.
    """
    try:
        with contained():
            return call()
    except Tf1CompatError:
        raise
    except Exception as error:
        exited = isinstance(error, ExitedError) and error.__cause__
        cause: BaseException = exited or error
        reason = first_line(cause, otherwise="no message")
        raise ModelError(f"{what} {type(cause).__name__}: {reason}") from cause
