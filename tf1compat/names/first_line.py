"""What another library's error says, in one line."""

from __future__ import annotations

import re

__all__ = ["first_line"]

# How TensorFlow and Keras begin where the reason comes later: they say where it was first.
_WHERE = re.compile(
    r"Graph execution error|Detected at node|Node:|node \(|Exception encountered when calling"
)
# TensorFlow writes the reason of an eager op in bold, behind the op's place.
_MARKS = re.compile(r"\x1b\[\d*m|\{\{function_node [^{}]*\}\} ?")


def first_line(error: BaseException, *, otherwise: str | None = None) -> str:
    r"""Returns the first line of an error's message that tells more than where it was.

    Args:
      error: the error.
      otherwise: what stands for a message that says nothing; by default the error's type.

    >>> first_line(ValueError("\nno such layer\n  at ...")), first_line(KeyError())
    ('no such layer', 'KeyError')
    """
    lines = [line.strip() for line in _MARKS.sub("", _said(error)).splitlines() if line.strip()]
    telling = [line for line in lines if not _WHERE.match(line)]
    return (telling or lines or [otherwise or type(error).__name__])[0]


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # of a class of others, which can't say it itself
        return ""
