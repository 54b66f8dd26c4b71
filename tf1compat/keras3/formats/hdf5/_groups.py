"""One walk through an HDF5 file, for all that look for datasets."""

from __future__ import annotations

from collections.abc import Iterator

import h5py

from tf1compat.budget import Budget, Meter

__all__ = ["links_out", "walk"]

# HDF5 opens what it reads the headers of, a few kB of memory each; a stored dataset takes hundreds
# of bytes, so that only links that share one come near.
_LINKS = Meter("groups and datasets", each=1 / 500, least=30_000)
_NAMES = Meter("bytes of names", each=4, least=16 << 20)


def walk(
    file: h5py.File, *, budget: Budget
) -> Iterator[tuple[bytes, h5py.h5g.GroupID, list[tuple[bytes, h5py.h5d.DatasetID]]]]:
    """Yields every group: its name and a slash, itself, and its datasets by their names in it.

    A group comes before those within it, and once, however many names it has. Only hard links are
    followed: soft and external ones lead out of what was written. By HDF5's own calls, because
    h5py's objects take four times as long, which tells in large models.

    Raises:
      BudgetError: there are far more datasets, or longer names, than the file's size warrants.
    """
    root = h5py.h5g.open(file.id, b"/")
    waiting = [(b"", root, h5py.h5g.get_objinfo(root).objno[0])]
    seen: set[int] = set()
    while waiting:
        prefix, group, address = waiting.pop()
        if address in seen:  # a hard link can lead back
            continue
        seen.add(address)
        datasets = []
        for name in group:
            link = group.links.get_info(name)
            if link.type != h5py.h5l.TYPE_HARD:
                continue
            budget.spend(_LINKS, 1)
            budget.spend(_NAMES, len(prefix) + len(name))
            item = h5py.h5o.open(group, name)
            if isinstance(item, h5py.h5g.GroupID):
                waiting.append((prefix + name + b"/", item, link.u))
            elif isinstance(item, h5py.h5d.DatasetID):
                datasets.append((name, item))
        yield prefix, group, datasets


def links_out(file: h5py.File, *, budget: Budget) -> Iterator[tuple[str, str]]:
    """Yields each link to another file, by its name, with the other file's.

    Errors are those of :func:`walk`.
    """
    for prefix, group, _ in walk(file, budget=budget):
        for name in group:
            if group.links.get_info(name).type == h5py.h5l.TYPE_EXTERNAL:
                to = group.links.get_val(name)[0]
                yield (prefix + name).decode(errors="replace"), to.decode(errors="replace")
