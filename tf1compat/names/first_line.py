"""What another library's error says, in one line."""

from __future__ import annotations

__all__ = ["first_line"]


def first_line(error: BaseException, *, otherwise: str | None = None) -> str:
    r"""Returns the first line of an error's message.

    Args:
      error: the error.
      otherwise: what stands for a message that says nothing; by default the error's type.

    >>> first_line(ValueError("\nno such layer\n  at ...")), first_line(KeyError())
    ('no such layer', 'KeyError')
    """
    lines = str(error).strip().splitlines()
    return lines[0] if lines else (otherwise or type(error).__name__)
