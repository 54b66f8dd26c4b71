"""Where in the caller's own code something was asked for."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

__all__ = ["called_by_keras", "caller_line"]

_LIBRARIES = tuple(
    os.path.dirname(path) + os.sep
    for path in (tf.__file__, os.path.dirname(os.path.dirname(__file__)))
)


def caller_line() -> str:
    """Returns ``file:line`` of the innermost frame of the caller's own code.

    That is neither TensorFlow's nor this package's, nor Keras'. Standard library frames between
    (`contextlib`, `functools`) are passed over too.
    """
    outermost = sys._getframe(1)
    for frame in _own_frames(outermost):
        outermost = frame
        if not _is_keras(frame):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
    return f"{outermost.f_code.co_filename}:{outermost.f_lineno}"


def called_by_keras() -> bool:
    """Returns whether it is Keras that called TensorFlow, rather than code that Keras called."""
    return any(_is_keras(frame) for frame in itertools.islice(_own_frames(sys._getframe(1)), 1))


def _is_keras(frame: Any) -> bool:
    # By the module's name: this room imports no Keras, and there is more than one.
    return str(frame.f_globals.get("__name__", "")).split(".")[0] in ("keras", "tf_keras")


def _own_frames(frame: Any) -> Iterator[Any]:
    """Yields the frames from `frame` outwards that are no library's of `_LIBRARIES`."""
    while frame is not None:
        path = frame.f_code.co_filename
        if not path.startswith(_LIBRARIES) and os.path.basename(path) != "contextlib.py":
            yield frame
        frame = frame.f_back
