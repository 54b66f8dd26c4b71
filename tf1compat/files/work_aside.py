"""Work on values on other threads, while whoever made them makes the next.

What it is for: hashing and comparing let other threads run, and so does reading and writing. So one
thread reads, checks and writes while another hashes what was read before.
"""

from __future__ import annotations

import contextvars
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import TypeVar

__all__ = ["WorkAside"]

_WORKERS = 2
_IN_FLIGHT = 24 << 20  # bytes that may wait to be worked on while the next value is made
_ALONE = 1 << 18  # bytes below which handing over to another thread costs more than it saves

T = TypeVar("T")


class WorkAside:
    """Works on a bounded number of bytes beside its caller; no thread is left behind the block.

    >>> with WorkAside() as aside:
    ...     lengths = [aside.take(3, lambda: len("abc"))]
    >>> [one.result() for one in lengths]
    [3]
    """

    def __init__(self) -> None:
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="tf1compat-aside")
        self._waiting: deque[tuple[int, Future[object]]] = deque()
        self._held = 0

    def __enter__(self) -> WorkAside:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Behind an error, or a signal, only what runs is waited for: it can't be broken off.
        self._workers.shutdown(wait=True, cancel_futures=kind is not None)

    def make_room(self) -> None:
        """Waits until little is under way; to be called before the next value is made.

        A value larger than that is worked on by itself, then: of such values one is in memory.
        """
        while self._waiting and (self._held > _IN_FLIGHT or self._waiting[0][1].done()):
            size, oldest = self._waiting.popleft()
            wait([oldest])
            self._held -= size

    def finish(self) -> None:
        """Waits until all is done: whoever gave a value may put the next into the same memory."""
        if self._waiting:  # waiting for none takes its time too
            wait([future for _, future in self._waiting])

    def take(self, nbytes: int, work: Callable[[], T]) -> Future[T]:
        """Has work done that holds so many bytes; what it returns, or raises, is the future's.

        Work on little is done at once. It sees the context variables of the caller.
        """
        if nbytes <= _ALONE:
            return _done(work)
        future: Future[T] = self._workers.submit(contextvars.copy_context().run, work)
        self._waiting.append((nbytes, future))  # type: ignore[arg-type]
        self._held += nbytes
        return future


def _done(work: Callable[[], T]) -> Future[T]:
    future: Future[T] = Future()
    try:
        future.set_result(work())
    except Exception as error:
        future.set_exception(error)
    return future
