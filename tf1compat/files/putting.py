"""Something of another's put in its place for a moment, where nothing is offered to be called."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

__all__ = ["put"]


@contextlib.contextmanager
def put(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Has an attribute of a module or a class be `value` within the block, for all that use it.

    >>> import math
    >>> with put(math, "pi", 3):
    ...     math.pi
    3
    >>> round(math.pi, 2)
    3.14
    """
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)
