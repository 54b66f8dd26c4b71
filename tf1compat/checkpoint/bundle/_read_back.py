"""Written means readable: a staged bundle is read as any other before it gets its names."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from tf1compat.checkpoint.bundle._commit import StagedBundle
from tf1compat.checkpoint.bundle.reader import Bundle
from tf1compat.checkpoint.table.reader import Table
from tf1compat.errors import CheckpointError, OutputError, VerificationError
from tf1compat.files.manifest import Manifest

__all__ = ["require_as_meant"]


def require_as_meant(
    staged: StagedBundle, records: Sequence[tuple[bytes, bytes]], *, manifest: Manifest
) -> None:
    """Reads all of a staged bundle, a window or a string tensor in memory at a time.

    Args:
      staged: where it is.
      records: what its index should hold, in order. They have the checksums that were taken of
        the tensors before these were written.
      manifest: what its manifest should say.

    Raises:
      OutputError: an index, a tensor or the manifest isn't as it was meant.
    """
    try:
        wrong = _difference(staged, records, manifest)
    except (CheckpointError, VerificationError) as error:
        wrong = str(error).replace(staged.prefix, staged.final)
    if wrong:
        raise OutputError(
            f"{staged.final}: what was written reads back otherwise, so nothing was left there; "
            f"look after the disk ({wrong})"
        )


def _difference(
    staged: StagedBundle, records: Sequence[tuple[bytes, bytes]], manifest: Manifest
) -> str:
    """Returns what isn't as it was meant, or ""; raises what the reader does where it can't be."""
    bundle = Bundle(staged.prefix)
    for meant, found in itertools.zip_longest(records, Table(staged.index).records()):
        if meant is None or found is None or meant != (bytes(found[0]), bytes(found[1])):
            return f"another index, from the record of {(meant or found)[0][:80]!r}"
    for name in bundle.names():
        for part in bundle.lookup(name)[2]:
            with part.stream(name) as stream:
                stream.skip(math.prod(part.region.shape))
                stream.finish()
    with open(staged.manifest, encoding="utf-8") as text:
        if Manifest.from_json(text.read()) != manifest:
            return "another manifest"
    return "; ".join(map(str, bundle.check()[:3]))
