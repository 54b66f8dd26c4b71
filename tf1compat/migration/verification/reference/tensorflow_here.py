"""Whether TensorFlow is here: v1 graphs are run by it, whatever Keras' backend is."""

from __future__ import annotations

from tf1compat.errors import UsageError
from tf1compat.names.first_line import first_line

__all__ = ["require_tensorflow"]


def require_tensorflow() -> None:
    """Does nothing where TensorFlow can be imported.

    Raises:
      UsageError: it can't.
    """
    try:
        import tensorflow  # noqa: F401
    except ImportError as error:
        raise UsageError(
            "running a v1 graph needs TensorFlow, whatever Keras' backend is, and it "
            f"can't be imported ({first_line(error)}); pip install tensorflow"
        ) from error
