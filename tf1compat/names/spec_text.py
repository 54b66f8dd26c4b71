"""A dtype and a shape in one word, as errors and tables have them."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["spec_text"]


def spec_text(dtype: object, shape: Iterable[int | None]) -> str:
    """Returns the text of a dtype, by its name, and of dimensions, of which None is unknown.

    >>> spec_text("float32", (3, 64)), spec_text("int64", ())
    ('float32[3, 64]', 'int64[]')
    """
    return f"{dtype}{list(shape)}"
