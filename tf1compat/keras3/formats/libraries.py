"""What a format needs: libraries that don't come with this package by themselves, and a backend."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Iterator
from typing import NamedTuple

from tf1compat.errors import UsageError

__all__ = ["LITERT", "ORBAX", "SAFETENSORS", "Backend", "Library", "needing"]


class Library(NamedTuple):
    """A library that an extra of this package installs.

    Attributes:
      name: what pip calls it.
      module: what is imported of it.
      extra: the extra.
      purpose: what it does here, as ``"reads back what is written"``.
    """

    name: str
    module: str
    extra: str
    purpose: str

    def require(self) -> None:
        """Does nothing where it is installed; it isn't imported, which may take seconds.

        Raises:
          UsageError: it isn't installed.
        """
        with needing(self):
            # of a module within a package, looking for it imports the package
            if importlib.util.find_spec(self.module) is None:
                raise ModuleNotFoundError(f"No module named {self.module!r}")


class Backend(NamedTuple):
    """A backend of Keras, without which a format can't be written.

    Attributes:
      name: what Keras calls it.
      purpose: what it does here, as ``"whose graph is exported"``.
    """

    name: str
    purpose: str

    def require(self) -> None:
        """Does nothing where Keras runs on it; Keras is imported.

        Raises:
          UsageError: it runs on another.
        """
        import keras

        found = str(keras.config.backend())
        if found != self.name:
            raise UsageError(
                f"expected Keras on {self.name}, {self.purpose}, found {found}; set "
                f"KERAS_BACKEND={self.name}"
            )


@contextlib.contextmanager
def needing(library: Library) -> Iterator[None]:
    """Lets the block import a library; it does nothing else.

    Raises:
      UsageError: it isn't installed, or can't be imported here.
    """
    try:
        yield
    except ImportError as error:
        raise UsageError(
            f"expected {library.name}, which {library.purpose}, found that it can't be imported "
            f"({error}); pip install 'tf1compat[{library.extra}]'"
        ) from error


SAFETENSORS = Library("safetensors", "safetensors", "safetensors", "reads back what is written")
LITERT = Library("ai-edge-litert", "ai_edge_litert", "tflite", "runs what is written")
ORBAX = Library("orbax-checkpoint", "orbax.checkpoint", "orbax", "writes and reads these folders")
