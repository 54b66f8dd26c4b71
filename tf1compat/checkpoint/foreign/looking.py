"""What a file is by its content, for readers: the kinds are imported once one is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tf1compat.checkpoint.foreign._file_keys import FROZEN, GRAPH, SAVED, ZIP

if TYPE_CHECKING:
    from tf1compat.checkpoint.foreign.recognition import Foreign

__all__ = ["FROZEN", "GRAPH", "SAVED", "ZIP", "recognise", "require_own"]


def recognise(path: str) -> Foreign | None:
    """As :func:`tf1compat.checkpoint.foreign.recognition.recognise`."""
    from tf1compat.checkpoint.foreign import recognition

    return recognition.recognise(path)


def require_own(path: str) -> None:
    """As :func:`tf1compat.checkpoint.foreign.recognition.require_own`."""
    from tf1compat.checkpoint.foreign import recognition

    recognition.require_own(path)
