"""Files that targets write their inputs to, in memory where the system has such a place."""

from __future__ import annotations

import atexit
import functools
import os
import pathlib
import shutil
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "checkpoint" / "testdata"
GOLDENS = ROOT / "tests" / "goldens"


@functools.cache
def scratch() -> str:
    """Returns a folder of this process, which goes when it ends."""
    given = os.environ.get("FUZZ_SCRATCH")  # of a process that may be ended at any moment
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = given or tempfile.mkdtemp(prefix="fuzz-", dir=memory)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def place(name: str) -> str:
    """Returns a path in the scratch folder; its own folders are made."""
    path = os.path.join(scratch(), name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


def written(name: str, data: bytes) -> str:
    """Returns the path of a file of the scratch folder that holds `data` now."""
    path = os.path.join(scratch(), name)
    try:
        file = open(path, "wb")  # noqa: SIM115 - closed below
    except FileNotFoundError:
        file = open(place(name), "wb")  # noqa: SIM115
    with file:
        file.write(data)
    return path
