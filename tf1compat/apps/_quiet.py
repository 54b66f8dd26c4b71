"""TensorFlow imported without its greeting, which would stand before an app's one error line."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

from tf1compat.apps._printing import encodable
from tf1compat.apps._progress import progress
from tf1compat.errors import UsageError
from tf1compat.names.first_line import first_line
from tf1compat.printable import printable
from tf1compat.stopping import unstoppable

__all__ = ["import_tensorflow"]


def import_tensorflow() -> None:
    """Imports TensorFlow and starts its devices, with standard error put aside meanwhile.

    Its C++ part greets before any setting of log levels is read. If the import fails, what it
    printed is printed after all. A signal waits until it is done: an exception that is raised in
    Python which C++ calls there aborts the process.
    """
    if "tensorflow" in sys.modules:
        return
    with progress("starting TensorFlow"), unstoppable(), _aside():
        # Keras first: where torch is its backend, the process dies if TensorFlow was there before.
        _import_keras()

        # isort: split
        import tensorflow as tf

        tf.config.list_logical_devices()


def _import_keras() -> None:
    try:
        import tf1compat.keras3.index.model_index  # noqa: F401
    except Exception as error:
        raise UsageError(
            f"expected a Keras that can be imported, found {type(error).__name__}: "
            f"{first_line(error)}; see what KERAS_BACKEND and keras.json (in KERAS_HOME, or "
            "~/.keras) say"
        ) from error


@contextlib.contextmanager
def _aside() -> Iterator[None]:
    # Below Python's own stream: TensorFlow's C++ part writes to the descriptor.
    sys.stderr.flush()
    original = os.dup(2)
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(original, 2)
            kept.seek(0)
            sys.stderr.write(encodable(printable(kept.read().decode(errors="replace")), sys.stderr))
            raise
        finally:
            os.dup2(original, 2)
            os.close(original)
