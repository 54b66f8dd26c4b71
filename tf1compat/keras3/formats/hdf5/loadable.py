"""Files that Keras is let load: looked at first, and what was looked at is what it reads."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import h5py

from tf1compat.errors import OutputError, Problem
from tf1compat.files.regular import RegularFile, open_regular
from tf1compat.keras3.formats.hdf5._groups import links_out
from tf1compat.keras3.formats.hdf5._storage import misfit
from tf1compat.keras3.formats.hdf5.source import Source, explained, h5_file

__all__ = ["loadable"]


@contextlib.contextmanager
def loadable(path: str, weights_in: Callable[[RegularFile], Source]) -> Iterator[str]:
    """Yields a path for Keras to load from, of a file that is safe to load.

    Args:
      path: of the file. The path to load from ends in its name, and leads to what was looked at.
      weights_in: opens the HDF5 file that it is, or holds.

    Raises:
      OutputError: it can't be read; or it has links to other files, or datasets that can't be
        read: Keras would open the ones, and unpack the others however much that is.
    """
    with contextlib.ExitStack() as stack:
        with explained(path):
            file = stack.enter_context(open_regular(path))
        _require_loadable(weights_in(file))
        name = stack.enter_context(file.leading_path())
        try:
            yield name
        except (OSError, ValueError) as error:
            if name not in str(error):
                raise
            raise ValueError(str(error).replace(name, path)) from error


def _misfits(file: h5py.File, source: Source) -> Iterator[tuple[str, str]]:
    """Yields each dataset that can't be read, and why; what is packed is unpacked to tell."""
    for name, extent in source.extents.items():
        in_pieces = extent.offset is None and not extent.wrong
        wrong = misfit(h5py.h5d.open(file.id, name.encode())) if in_pieces else extent.wrong
        if wrong:
            yield name, wrong


def _require_loadable(source: Source) -> None:
    with explained(source.path), h5_file(source.handle, source.start) as file:
        outward = list(links_out(file, budget=source.budget()))
        wrong = dict(_misfits(file, source))
    within = "all values within the file"
    problems = [Problem(name, within, f"a link to {to!r}", source.path) for name, to in outward]
    problems += [
        Problem(name, "a value that can be read", found, source.path)
        for name, found in wrong.items()
    ]
    if problems:
        raise OutputError.from_problems(f"{source.path}: Keras isn't let load it", problems)
