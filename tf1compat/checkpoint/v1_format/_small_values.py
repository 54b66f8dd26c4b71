"""The values of a V1 file's blocks, each block decoded once for all that are small in it.

TensorFlow ends a block at 256 kB. So all of its values but the largest are small together, and
are kept as copies, of the blocks used last; a large one is left in the block's own memory.
"""

from __future__ import annotations

import threading

from tf1compat.budget import Budget, Meter
from tf1compat.checkpoint.table.reader import Table

__all__ = ["Values"]

BESIDE = Meter("bytes of values that share a block", each=1, least=32 << 20)
_KEPT = 32 << 20  # bytes of values, but for those of one block


class Values:
    """The values of one file, which is `table`."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._lock = threading.Lock()
        self._blocks: dict[int, dict[bytes, bytes]] = {}
        self._size = 0

    def take(self, key: bytes, place: int, *, table: Table, limit: int) -> memoryview | None:
        """Returns a value in memory that is the caller's own; None where its block hasn't got it.

        Args:
          key: what it goes by in the file.
          place: which block it is in.
          table: the file, as errors are to name it.
          limit: how many bytes the block may become.
        """
        with self._lock:
            kept = self._blocks.pop(place, None)
            if kept is not None:
                self._blocks[place] = kept
                if key in kept:
                    return memoryview(bytearray(kept[key]))
            held = {one.key: one.value for one in table.block(place, limit=limit)}
            value = held.get(key)
            if kept is None:
                self._keep(place, self._small(held))
            alone = value is not None and key not in self._blocks[place]
            return value if alone or value is None else memoryview(bytearray(value))

    def _small(self, held: dict[bytes, memoryview]) -> dict[bytes, bytes]:
        """Returns copies of a block's values but for one that is more than half of them."""
        whole = sum(map(len, held.values()))
        small = {key: value for key, value in held.items() if 2 * len(value) <= whole}
        beside = sum(map(len, small.values()))
        Budget(self.table.path, self.table.size).spend(BESIDE, beside)
        return {key: bytes(value) for key, value in small.items()}

    def _keep(self, place: int, small: dict[bytes, bytes]) -> None:
        self._blocks[place] = small
        self._size += sum(map(len, small.values()))
        while self._size > _KEPT and len(self._blocks) > 1:
            oldest = next(iter(self._blocks))
            self._size -= sum(map(len, self._blocks.pop(oldest).values()))
