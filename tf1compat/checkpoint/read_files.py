"""Which files a checkpoint is, so that none of them is written over."""

from __future__ import annotations

import os
from collections.abc import Mapping

from tf1compat.checkpoint.bundle.file_names import MANIFEST
from tf1compat.checkpoint.checkpoint import Checkpoint
from tf1compat.checkpoint.entry import Entry
from tf1compat.checkpoint.state_file import STATE_FILE

__all__ = ["files_of"]


def files_of(entries: Mapping[str, Entry]) -> tuple[str, ...]:
    """Returns the files that a checkpoint is read from: values, index, graph, and what names it.

    Some may not be there. Of entries that aren't a checkpoint's, those that hold their values.
    """
    if not isinstance(entries, Checkpoint):
        return tuple(sorted({path for entry in entries.values() for path in entry.shards}))
    state = os.path.join(os.path.dirname(entries.prefix), STATE_FILE)
    graph = [entries.graph_path] if entries.graph_path else []
    return (*entries.files, *graph, entries.prefix + MANIFEST, state)
