"""Signals that ask a process to end, raised as an exception: what is under way cleans up.

Little is imported here, for a command installs this before anything else.
"""

from __future__ import annotations

import contextlib
import contextvars
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

__all__ = [
    "SIGNALS",
    "ExitedError",
    "Stopped",
    "asked_to_stop",
    "contained",
    "ignore",
    "install",
    "stoppable",
    "unstoppable",
]

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}
_PATIENCE = 5.0  # seconds that cleaning up may take before a further signal counts
_LONG_AGO = float("-inf")
_SOON = 0.01  # seconds, after which Python is done with what swallowed an exception

# Whether a block of stoppable is around: to ask for a signal's handler takes microseconds, which
# tells where thousands of short answers are asked for.
_WITHIN: contextvars.ContextVar[bool] = contextvars.ContextVar("within", default=False)


class Stopped(KeyboardInterrupt):
    """A signal asked the process to end. It passes wherever Ctrl-C does.

    Attributes:
      signal: its number.
    """

    # AutoGraph makes a StagingError of what it can't make anew; what has this it lets through.
    ag_pass_through = True

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.signal = number

    @property
    def status(self) -> int:
        """The exit status that shells give for the signal."""
        return 128 + self.signal

    def __str__(self) -> str:
        return _WORDS.get(signal.Signals(self.signal), "stopped")


class ExitedError(RuntimeError):
    """Code of others ended the program by itself."""


class _Handler:
    """Raises Stopped for the first signal; those that come while that is cleaned up are let go."""

    def __init__(self) -> None:
        self.asked: Stopped | None = None
        self._since = 0.0
        self._holds = 0
        self._late: Stopped | None = None
        self.sending = threading.Lock()  # a signal that is sent meets this handler, no earlier one

    def __call__(self, number: int, frame: object = None) -> None:
        now = time.monotonic()
        if self.asked is not None and now - self._since < _PATIENCE:
            return
        self.asked, self._since = Stopped(number), now
        if self._holds:
            self._late = self.asked
        else:
            raise self.asked

    def again(self, stopped: Stopped) -> None:
        """Has a signal come once more, soon, whose exception Python swallowed.

        At once it would be raised in whoever asks for that, where Python swallows it, too.
        """
        import _thread

        self._since = _LONG_AGO
        _thread.start_new_thread(self._repeat, (stopped.signal,))

    def _repeat(self, number: int) -> None:
        main = threading.main_thread().ident
        while main is not None:
            time.sleep(_SOON)
            with self.sending:
                if self._since != _LONG_AGO or signal.getsignal(number) is not self:
                    return
                signal.pthread_kill(main, number)

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
            late = self._late
            if late is not None and not self._holds:
                self._late = None
                raise late


def install(signals: Iterable[signal.Signals] = SIGNALS) -> Callable[[], None]:
    """Has signals raise :class:`Stopped` in the main thread; returns what undoes that.

    A signal that the process ignores (``nohup``, a background job), or that a program handles by
    itself, stays as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    handler, before, hook = _Handler(), dict[int, Any](), sys.unraisablehook
    for one in signals:
        if signal.getsignal(one) in (signal.SIG_DFL, signal.default_int_handler):
            before[one] = signal.signal(one, handler)
    if before:
        sys.unraisablehook = _insisting(hook)

    def undo() -> None:
        with handler.sending:
            for one, earlier in before.items():
                signal.signal(one, earlier)
        if before:
            sys.unraisablehook = hook

    return undo


def ignore() -> None:
    """Lets signals go from here on: what was to be done is done."""
    for one in SIGNALS:
        if isinstance(signal.getsignal(one), _Handler):
            signal.signal(one, signal.SIG_IGN)


@contextlib.contextmanager
def stoppable(signals: Iterable[signal.Signals] = SIGNALS) -> Iterator[None]:
    """Has signals raise :class:`Stopped` within the block, in the main thread."""
    undo = install(signals)
    before = _WITHIN.get()
    try:
        _WITHIN.set(True)
        yield
    finally:
        _WITHIN.set(before)
        undo()


def contained() -> contextlib.AbstractContextManager[None]:
    """Has code of others that the block calls end itself, at most, and not the program.

    A script's main, ``absl.app.run`` and argparse exit by themselves, and have done nothing then of
    what they were called for.

    Raises:
      ExitedError: for a SystemExit, or a KeyboardInterrupt that nobody asked for.
      Stopped: the user interrupted it.
    """
    return _Contained()


class _Contained(contextlib.AbstractContextManager[None]):
    """The block of :func:`contained`, entered for each short answer of what may come from outside.

    Within :func:`stoppable` it does nothing before an error comes.
    """

    def __enter__(self) -> None:
        self._around: contextlib.AbstractContextManager[None] | None = None
        if not _WITHIN.get():
            self._around = stoppable(SIGNALS[:1])
            self._around.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: Any
    ) -> None:
        told_apart = not isinstance(error, KeyboardInterrupt) or _tells_apart()
        if self._around is not None:
            self._around.__exit__(None, None, None)
        if error is None or isinstance(error, (Exception, Stopped)) or not told_apart:
            return
        said = f": {error}" if str(error) else ""
        raise ExitedError(f"it ends the program ({type(error).__name__}{said})") from error


@contextlib.contextmanager
def unstoppable() -> Iterator[None]:
    """Has a signal that comes within the block raise :class:`Stopped` at its end.

    For steps that leave something behind where they are done by half; they are short.
    """
    handler = _handler()
    if handler is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    with handler.hold():
        yield


def asked_to_stop() -> Stopped | None:
    """Returns what a signal raised, whatever became of it; None if there was none."""
    handler = _handler()
    return None if handler is None else handler.asked


def _tells_apart() -> bool:
    """Tells whether a plain KeyboardInterrupt was raised by some code of its own accord.

    An interrupt of the user always is a Stopped then, or nothing at all.
    """
    if threading.current_thread() is not threading.main_thread():
        return True
    found = signal.getsignal(signal.SIGINT)
    return isinstance(found, _Handler) or found is signal.SIG_IGN


def _handler() -> _Handler | None:
    found = (signal.getsignal(one) for one in SIGNALS)
    return next((one for one in found if isinstance(one, _Handler)), None)


def _insisting(hook: Any) -> Any:
    """Returns a hook that lets no Stopped be lost in a destructor, where it would be noise.

    Nor does it tell what else fails in one after a signal: what was interrupted half-way (h5py's
    objects, with "KeyError: 0") is done away with as the process stops, which is told once.
    """

    def insist(unraisable: Any) -> None:
        handler = _handler()
        if handler is None or handler.asked is None:
            hook(unraisable)
        elif isinstance(unraisable.exc_value, Stopped):
            handler.again(unraisable.exc_value)

    return insist
