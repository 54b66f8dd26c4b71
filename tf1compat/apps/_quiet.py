"""Keras and TensorFlow imported without TensorFlow's greeting, which would precede an error line.

What needs neither imports neither; what needs Keras imports the backend that Keras is set to, and
TensorFlow is imported for v1 graphs alone where that is another.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Iterator

from tf1compat.apps._printing import encodable
from tf1compat.apps._progress import progress
from tf1compat.errors import UsageError
from tf1compat.files.stderr_aside import stderr_aside
from tf1compat.names.first_line import first_line
from tf1compat.printable import printable
from tf1compat.stopping import unstoppable

__all__ = ["import_keras", "import_tensorflow"]


def import_keras() -> None:
    """Imports Keras and its backend, with standard error put aside meanwhile.

    The C++ part of TensorFlow greets before any setting of log levels is read. If the import fails,
    what it printed is printed after all. A signal waits until it is done: an exception that is
    raised in Python which C++ calls there aborts the process.

    Raises:
      UsageError: it can't be imported.
    """
    if "tf1compat.keras3.index.model_index" in sys.modules:
        return
    with progress("starting Keras"), unstoppable(), _aside():
        _import_keras()
        if sys.modules.get("tensorflow"):
            _start_tensorflow()


def import_tensorflow() -> None:
    """Imports TensorFlow too, which runs v1 graphs, in the same way.

    Raises:
      UsageError: it isn't installed, or can't be imported.
    """
    if importlib.util.find_spec("tensorflow") is None:  # and then Keras isn't waited for
        _require_tensorflow()
    # Keras first: where torch is its backend, the process dies if TensorFlow was there before.
    import_keras()
    if sys.modules.get("tensorflow"):
        return
    with progress("starting TensorFlow"), unstoppable(), _aside():
        _require_tensorflow()
        _start_tensorflow()


def _require_tensorflow() -> None:
    from tf1compat.migration.verification.reference.tensorflow_here import require_tensorflow

    require_tensorflow()


def _start_tensorflow() -> None:
    """Starts its devices, which it greets as well."""
    import tensorflow as tf

    tf.config.list_logical_devices()


def _import_keras() -> None:
    try:
        import tf1compat.keras3.index.model_index  # noqa: F401
    except Exception as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        install = f"pip install {missing}, or " if missing else ""
        raise UsageError(
            f"expected a Keras that can be imported, found {type(error).__name__}: "
            f"{first_line(error)}; {install}see what KERAS_BACKEND and keras.json (in KERAS_HOME, "
            "or ~/.keras) say"
        ) from error


@contextlib.contextmanager
def _aside() -> Iterator[None]:
    text = ""
    try:
        with stderr_aside() as printed:
            try:
                yield
            finally:
                text = printed()
    except BaseException:
        sys.stderr.write(encodable(printable(text), sys.stderr))
        raise
