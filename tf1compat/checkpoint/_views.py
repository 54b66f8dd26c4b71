"""What a checkpoint and its entries say of themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from tf1compat.names.screens import SCREEN, html_table
from tf1compat.names.sizes import human_bytes
from tf1compat.names.spec_text import spec_text
from tf1compat.names.training_state import training_reason
from tf1compat.printable import printable_name

if TYPE_CHECKING:
    from tf1compat.names import VariableName

__all__ = ["entry_text", "html", "text"]

_HEADER = ("name", "shape", "dtype", "role", "size")


class Shown(Protocol):
    """What is shown of an entry."""

    @property
    def key(self) -> str:
        """What it goes by."""

    @property
    def name(self) -> VariableName:
        """Its name taken apart."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its dimensions."""

    @property
    def dtype_name(self) -> str:
        """Its dtype."""

    @property
    def nbytes(self) -> int:
        """The bytes that its value takes."""


_WORDS = {"variable": "of a model", "slot": "slots", "shadow": "moving averages"}


def text(prefix: str, kind: str, entries: Mapping[str, Shown]) -> str:
    """Returns a line: how many variables there are of which kinds, and how large they are."""
    found = Counter(_WORDS.get(e.name.kind, "of training besides") for e in entries.values())
    size = human_bytes(sum(entry.nbytes for entry in entries.values()))
    kinds = ", ".join(f"{found[word]} {word}" for word in found)
    told = f"{len(entries)} variables of {size}" + f": {kinds}" * bool(kinds)
    return printable_name(f"{prefix}: {kind} checkpoint, {told}")


def html(headline: str, entries: Mapping[str, Shown]) -> str:
    """Returns a table of the first variables for a notebook."""
    shown = [entries[name] for name, _ in zip(entries, range(SCREEN), strict=False)]
    rows = [[e.key, str(e.shape), e.dtype_name, _role(e), human_bytes(e.nbytes)] for e in shown]
    return html_table(headline, _HEADER, rows, more=len(entries) - len(rows))


def entry_text(entry: Shown) -> str:
    """Returns a line: a variable's shape, dtype, what it is for and its size."""
    spec = spec_text(entry.dtype_name, entry.shape)
    told = f"{entry.key}: {spec}, {_role(entry)}, {human_bytes(entry.nbytes)}"
    return printable_name(told)


def _role(entry: Shown) -> str:
    reason = training_reason(entry.name)
    return entry.name.role if reason is None else reason.text
