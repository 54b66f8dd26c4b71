"""File operations that fail, and children in which they do."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import NamedTuple

import kills

from tf1compat.errors import Tf1CompatError

ERRORS = (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.ESTALE)
WRITING = {*kills.OPERATIONS, "pwrite", "write", "ftruncate", "fchown", "rename", "scandir"} - {
    "kill"
}
READING = ("open", "stat", "lstat", "fstat", "pread", "preadv", "read", "listdir", "scandir")


class Told(NamedTuple):
    """How a child ended: "written", "told" with the message, or what it shouldn't."""

    how: str
    message: str


class Failer(kills.Killer):
    """Has one of the file operations fail; what an error of closing closes is closed."""

    def __init__(self, at: int, *, number: int, names: tuple[str, ...]) -> None:
        super().__init__(at)
        self.number, self.names = number, names

    def strike(self) -> None:
        raise OSError(self.number, os.strerror(self.number))

    def install(self) -> None:
        """Puts itself before the operations, and below what `open` returns for writing."""
        close = os.close
        for name in self.names:
            setattr(os, name, self._wrapped(getattr(os, name)))
        if "close" in self.names:
            os.close = lambda handle: (close(handle), self.tick() and self.strike())[0]
        if "write" in self.names:
            kills.builtins.open = self._open  # type: ignore[assignment]


def in_child(run: Callable[[], None]) -> Told:
    """Runs in a fork, which ends as programs do; returns how that went."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        code = 1
        tell = os.write
        try:
            try:
                run()
                said = "written"
            except Tf1CompatError as error:
                said = f"told {error}"
            except BaseException as error:
                said = f"RAW {error!r:.300}"
            tell(writing, said.encode("utf-8", "replace"))
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    how, _, message = said.partition(" ")
    return Told(how if not status else f"DIED with {status} and said {how}", message)
