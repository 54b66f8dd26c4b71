"""How far something is, told to whoever shows it: bytes written and read back, steps that are done.

By context variables, for between who writes a window or pairs a layer and who shows it stand
formats and evidence that others may have added. Where nobody listens, telling costs a look.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Callable, Iterator

__all__ = ["steps_are_heard", "steps_told_to", "tell", "tell_step", "told_to"]

Listener = Callable[[int], object]
StepListener = Callable[[str, int, int], object]

_LISTENER: contextvars.ContextVar[Listener | None] = contextvars.ContextVar(
    "tf1compat_listener", default=None
)
_STEPS: contextvars.ContextVar[StepListener | None] = contextvars.ContextVar(
    "tf1compat_step_listener", default=None
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


def steps_are_heard() -> bool:
    """Tells whether somebody listens to :func:`tell_step`."""
    return _STEPS.get() is not None


def tell_step(what: str, done: int = 0, total: int = 0) -> None:
    """Says what is being done, and how many of how many are; 0 of what isn't counted.

    >>> heard = []
    >>> with steps_told_to(lambda *step: heard.append(step)):
    ...     tell_step("layers paired", 3, 12)
    >>> heard
    [('layers paired', 3, 12)]
    """
    listener = _STEPS.get()
    if listener is not None:
        listener(what, done, total)


@contextlib.contextmanager
def steps_told_to(listener: StepListener) -> Iterator[None]:
    """Has `listener` called with each step that is told within the block."""
    token = _STEPS.set(listener)
    try:
        yield
    finally:
        _STEPS.reset(token)
