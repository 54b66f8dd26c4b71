"""What of a file is looked at to tell its kind: both ends, never the whole."""

from __future__ import annotations

import dataclasses
import re

from tf1compat.checkpoint.foreign._file_keys import FROZEN, GRAPH, SAVED, ZIP
from tf1compat.files.regular import open_regular

__all__ = ["FROZEN", "GRAPH", "SAVED", "STAND_IN", "ZIP", "Foreign", "Sample", "read_sample"]

STAND_IN = "stand_in"
"""The key of what stands where another file should."""

_HEAD = 1 << 16
_TAIL = (1 << 16) + 22  # the comment and the last record of a zip file
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


@dataclasses.dataclass(frozen=True)
class Foreign:
    """What a file is.

    Attributes:
      what: with its article: ``"an HDF5 file"``.
      remedy: what to do about it.
      key: a word to decide by, of those kinds that are also read.
      is_model: whether it may hold a model's weights, so that it is worth naming.
    """

    what: str
    remedy: str
    key: str = ""
    is_model: bool = True


@dataclasses.dataclass(frozen=True)
class Sample:
    """Both ends of a file.

    Attributes:
      path: the file.
      size: its bytes.
      head: its first ones.
      tail: its last ones, which may be the same.
    """

    path: str
    size: int
    head: bytes
    tail: bytes

    @property
    def whole(self) -> bool:
        """Whether the head is all there is."""
        return self.size == len(self.head)

    @property
    def text(self) -> str | None:
        """The head as text without what may stand before a first word; None where it is none."""
        if not self.head or _CONTROL.search(self.head):
            return None
        try:
            # a character may be cut off at the end of the head
            text = self.head.decode("utf-8", "strict" if self.whole else "ignore")
        except UnicodeDecodeError:
            return None
        return text.lstrip("\ufeff \t\r\n")


def read_sample(path: str) -> Sample:
    """Reads both ends of a file.

    Raises:
      CheckpointError: it is no regular file, or can't be read.
    """
    with open_regular(path) as file:
        head = file.read(0, min(file.size, _HEAD))
        length = min(file.size, _TAIL)
        tail = file.read(file.size - length, length)
        return Sample(path, file.size, bytes(head), bytes(tail))
