"""Which readers a table of tensors is for: the VersionDef that both formats hold."""

from __future__ import annotations

from tf1compat.checkpoint.wire import fields, signed64
from tf1compat.errors import UnsupportedCheckpointError

__all__ = ["READ_VERSION", "parse_versions"]

READ_VERSION = 1
"""The version of both formats that this package reads and writes."""

_MIN_CONSUMER = 2  # the field of a VersionDef


def parse_versions(data: memoryview, *, path: str) -> None:
    """Checks a VersionDef: that the file doesn't ask for a newer reader.

    Raises:
      WireError: it is malformed.
      UnsupportedCheckpointError: it does.
    """
    for field in fields(data):
        if field.number == _MIN_CONSUMER and signed64(field.integer()) > READ_VERSION:
            raise UnsupportedCheckpointError(
                f"{path}: needs a reader of format {field.value}, this one knows {READ_VERSION}"
            )
