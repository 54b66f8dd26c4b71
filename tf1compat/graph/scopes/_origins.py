"""Where in the caller's own code something was asked for."""

from __future__ import annotations

import os
import sys

import tensorflow as tf

__all__ = ["caller_line"]

_LIBRARIES = tuple(
    os.path.dirname(path) + os.sep
    for path in (tf.__file__, os.path.dirname(os.path.dirname(__file__)))
)


def caller_line() -> str:
    """Returns ``file:line`` of the innermost frame that's neither TensorFlow's nor this package's.

    Standard library frames between (`contextlib`, `functools`) are passed over too.
    """
    frame = sys._getframe(1)
    outermost = frame
    while frame is not None:
        path = frame.f_code.co_filename
        outermost = frame
        if not path.startswith(_LIBRARIES) and os.path.basename(path) != "contextlib.py":
            return f"{path}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return f"{outermost.f_code.co_filename}:{outermost.f_lineno}"
