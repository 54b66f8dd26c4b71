"""The command in forks of one process that has imported what it would import.

Importing TensorFlow and Keras takes four fifths of a task's time. A fork starts with them, and goes
through all the rest, `tf1compat.__main__` first. It is no good where it matters how Python starts,
or how libraries are imported; and only where the process that is forked has run nothing of theirs.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import os
import runpy
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO


def imported() -> None:
    """Imports what forks begin with."""
    for name in ("tensorflow", "keras"):
        importlib.import_module(name)
    gc.freeze()  # so that forks share it rather than copy it


class Warm:
    """A fork that runs the command; of `subprocess.Popen` it has what campaigns use."""

    def __init__(self, pid: int, files: Sequence[IO[bytes]]) -> None:
        self.pid, self._files = pid, files
        self.returncode: int | None = None

    def send_signal(self, number: int) -> None:
        """Sends it a signal, if it runs."""
        if self._ended() is None:
            os.kill(self.pid, number)

    def communicate(self, timeout: float) -> tuple[bytes, ...]:
        """Returns what it wrote to its streams, once it ended; TimeoutError if it doesn't."""
        end = time.monotonic() + timeout
        while self._ended() is None:
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                raise TimeoutError(f"{self.pid} runs for more than {timeout} s")
            time.sleep(0.01)
        said = []
        for file in self._files:
            with file:
                file.seek(0)
                said.append(file.read())
        return tuple(said)

    def _ended(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode


def started(
    arguments: Sequence[str],
    *,
    folder: str,
    env: Mapping[str, str],
    before: Callable[[], None] | None = None,
    customize: str = "",
) -> Warm:
    """Starts the command in a fork.

    Args:
      arguments: of the command, from the task's name on.
      folder: where it runs.
      env: its environment.
      before: is called in it, before anything else.
      customize: Python that is run in it, then.
    """
    files = [tempfile.TemporaryFile() for _ in range(2)]  # noqa: SIM115 - closed when it was read
    signals = {signal.SIGINT, signal.SIGTERM}
    masked = signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # until the fork is somebody
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, masked)
        return Warm(pid, files)
    status = 1
    try:
        _enter(folder, env, files)
        if before is not None:
            before()
        exec(customize, {})
        signal.pthread_sigmask(signal.SIG_SETMASK, masked)
        status = _status(arguments)
    finally:
        os._exit(status)


def _enter(folder: str, env: Mapping[str, str], files: Sequence[IO[bytes]]) -> None:
    """Has a fork be where it runs, with streams and an environment of its own."""
    atexit._clear()  # the campaign's own, which would take away its folders
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for handle, file in enumerate(files, 1):
        os.dup2(file.fileno(), handle)
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(
            io.BufferedWriter(io.FileIO(handle, "wb", closefd=False)),
            encoding="utf-8",
            errors=errors,
            line_buffering=handle == 2,
        )
        for handle, errors in ((1, "strict"), (2, "backslashreplace"))
    )
    os.environ.clear()
    os.environ.update(env)
    tempfile.tempdir = None
    os.chdir(folder)
    sys.path.insert(0, folder)


def _status(arguments: Sequence[str]) -> int:
    """Runs the command as `python -m` does, and what libraries do at the end of a process."""
    sys.argv = ["tf1compat", *arguments]
    try:
        runpy.run_module("tf1compat", run_name="__main__", alter_sys=True)
        code: object = 0
    except SystemExit as end:
        code = end.code or 0
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return code if isinstance(code, int) else 1
