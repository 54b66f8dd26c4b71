"""Bytes as they are written and read back, told to whoever shows somebody how far that is.

By a context variable, for between who writes a window and who shows it stand formats that others
may have added.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Callable, Iterator

__all__ = ["tell", "told_to"]

Listener = Callable[[int], object]

_LISTENER: contextvars.ContextVar[Listener | None] = contextvars.ContextVar(
    "tf1compat_listener", default=None
)


def tell(nbytes: int) -> None:
    """Says that so many bytes more were written, or read back, to whoever listens.

    >>> heard = []
    >>> with told_to(heard.append):
    ...     tell(8)
    >>> heard
    [8]
    """
    listener = _LISTENER.get()
    if listener is not None:
        listener(nbytes)


@contextlib.contextmanager
def told_to(listener: Listener) -> Iterator[None]:
    """Has `listener` called with the bytes that are written and read back within the block."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)
