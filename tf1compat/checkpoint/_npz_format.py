"""Files of ``np.savez`` as checkpoints: an array a variable, each with the CRC-32 that zip has.

Nothing in one is executed: arrays of Python objects, which are pickles, are listed and not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tf1compat.checkpoint._one_file import OneFile

if TYPE_CHECKING:
    from tf1compat.checkpoint._array_index import ArrayIndex

__all__ = ["Npz"]


class Npz(OneFile):
    """``NAME.npz``, compressed or not; a variable is a member ``VARIABLE.npy``."""

    name = "npz"
    suffix = ".npz"
    summary = "an .npz file of numpy's; no pickles are loaded"

    def open(self, prefix: str) -> ArrayIndex:
        """Reads the list of arrays and the header of each."""
        from tf1compat.checkpoint._npz_index import npz_index  # others don't wait for zipfile

        return npz_index(prefix)
