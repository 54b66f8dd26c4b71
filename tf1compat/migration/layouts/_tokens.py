"""Vocabulary files: a token a line, in the order of a table's rows."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Mapping

from tf1compat.budget import Budget, Meter
from tf1compat.errors import LayoutError
from tf1compat.text_files import read_bytes

__all__ = ["Tokens", "read_tokens"]

_BYTES = Meter("bytes of text", each=0, least=1 << 28)
_TOKENS = Meter(
    "tokens", each=1 / 6, least=300_000
)  # each is kept, at ten times a short one's size
_MARKS = ",|()"  # what a layout's text can't hold within a name


@dataclasses.dataclass(frozen=True)
class Tokens:
    """The tokens of a vocabulary.

    Attributes:
      rows: the row of each token.
      digest: a word that tells this file's content from any other.
    """

    rows: Mapping[str, int]
    digest: str


def read_tokens(path: str) -> Tokens:
    """Returns the tokens of a text file, as ``tf.contrib.lookup`` reads them: a line each, whole.

    Raises:
      LayoutError: it can't be read, isn't UTF-8, is empty, or has a token twice.
    """
    if not path.strip() or any(mark in path for mark in _MARKS):
        raise LayoutError(f"vocabulary {path!r}: expected a path without any of {_MARKS}")
    try:
        data = read_bytes(path, _BYTES)
        Budget(path, len(data)).spend(_TOKENS, data.count(b"\n"))
        lines = data.decode("utf-8").replace("\r\n", "\n").removesuffix("\n").split("\n")
    except ValueError as error:  # a UsageError, a BudgetError or one of UTF-8
        found = str(error).rpartition("found ")[2]
        raise LayoutError(
            f"vocabulary {path!r}: expected a readable text, found {found}"
        ) from error
    rows = {token: row for row, token in enumerate(lines)}
    if len(rows) < len(lines) or not data:
        token, times = Counter(lines).most_common(1)[0]
        raise LayoutError(
            f"vocabulary {path!r}: expected each token once, found {token!r} {times} times"
        )
    return Tokens(rows, f"v{hashlib.sha256(data).hexdigest()[:12]}")
