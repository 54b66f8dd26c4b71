"""One walk through an HDF5 file, for all that look for datasets."""

from __future__ import annotations

from collections.abc import Iterator

import h5py

__all__ = ["walk"]


def walk(
    file: h5py.File,
) -> Iterator[tuple[bytes, h5py.h5g.GroupID, list[tuple[bytes, h5py.h5d.DatasetID]]]]:
    """Yields every group: its name and a slash, itself, and its datasets by their names in it.

    A group comes before those within it, and once, however many names it has. Only hard links are
    followed: soft and external ones lead out of what was written. By HDF5's own calls, because
    h5py's objects take four times as long, which tells in large models.
    """
    waiting = [(b"", h5py.h5g.open(file.id, b"/"))]
    seen: set[int] = set()
    while waiting:
        prefix, group = waiting.pop()
        address = h5py.h5o.get_info(group).addr
        if address in seen:  # a hard link can lead back
            continue
        seen.add(address)
        datasets = []
        for name in group:
            if group.links.get_info(name).type != h5py.h5l.TYPE_HARD:
                continue
            item = h5py.h5o.open(group, name)
            if isinstance(item, h5py.h5g.GroupID):
                waiting.append((prefix + name + b"/", item))
            elif isinstance(item, h5py.h5d.DatasetID):
                datasets.append((name, item))
        yield prefix, group, datasets
