"""Long calls into TensorFlow that a signal ends at once."""

from __future__ import annotations

import concurrent.futures
import contextvars
from collections.abc import Callable
from typing import TypeVar

__all__ = ["interruptible"]

_T = TypeVar("_T")


def interruptible(call: Callable[[], _T], *, stop: Callable[[], None]) -> _T:
    """Returns what `call` returns, which runs in a thread of its own.

    Python heeds signals in its main thread alone, between two of its own steps: a graph that the
    main thread runs, and that never ends, would be deaf.

    Args:
      call: what takes long.
      stop: has it end soon, with an error that nobody sees; called from the calling thread.
    """
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(contextvars.copy_context().run, call)
        try:
            return running.result()
        except BaseException:
            if not running.done():
                stop()
            raise
