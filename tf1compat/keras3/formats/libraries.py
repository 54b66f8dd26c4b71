"""Libraries that a format needs and that don't come with this package by themselves."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tf1compat.errors import UsageError

__all__ = ["needing"]


@contextlib.contextmanager
def needing(library: str, *, extra: str, purpose: str) -> Iterator[None]:
    """Lets the block import a library; it does nothing else.

    Args:
      library: what pip calls it.
      extra: the extra of this package that installs it.
      purpose: what it does here, as ``"reads back what is written"``.

    Raises:
      UsageError: it isn't installed, or can't be imported here.
    """
    try:
        yield
    except ImportError as error:
        raise UsageError(
            f"expected {library}, which {purpose}, found that it can't be imported ({error}); "
            f"pip install 'tf1compat[{extra}]'"
        ) from error
