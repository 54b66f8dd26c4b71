"""The first kind of B-trees, of groups and of chunks: nodes of a level lead to the next below."""

from __future__ import annotations

import struct

from tf1compat.keras3.formats.hdf5.sound._metadata import UNDEFINED, Metadata

__all__ = ["CHUNKS", "GROUP", "read_tree"]

GROUP, CHUNKS = 0, 1
_WHAT = ("a node of a group's B-tree", "a node of a B-tree of chunks")
_HEADER = struct.Struct("<4sBBHQQ")


def read_tree(metadata: Metadata, root: int, *, kind: int, half: int, key: int) -> list[int]:
    """Returns the addresses that a tree leads to, in order of its keys.

    Args:
      metadata: of the file.
      root: address of the root node.
      kind: of the tree, `GROUP` or `CHUNKS`.
      half: half of the most entries of a node.
      key: bytes of a key, a multiple of eight.

    Raises:
      CorruptCheckpointError: a node is reached twice, isn't of the level below its parent's, has
        other neighbours than the tree gives it, or lies outside of the file.
    """
    stride, length = 1 + key // 8, 24 + 2 * half * (8 + key) + key
    addresses, level = [root], -1
    while True:
        children: list[int] = []
        around = [UNDEFINED, *addresses, UNDEFINED]
        for number, address in enumerate(addresses, 1):
            node = metadata.claim(address, length, _WHAT[kind])
            signature, of, depth, count, left, right = _HEADER.unpack_from(node)
            if signature != b"TREE" or of != kind:
                raise metadata.damaged(f"expected {_WHAT[kind]}, found something else", address)
            if level < 0:
                level = depth
            if depth != level:
                found = f"{_WHAT[kind]} of level {depth} where one of level {level} belongs"
                raise metadata.damaged(found, address)
            if count > 2 * half or (left, right) != (around[number - 1], around[number + 1]):
                raise metadata.damaged(f"{_WHAT[kind]} with wrong neighbours or count", address)
            if level or kind == GROUP:
                words = struct.unpack_from(f"<{count * stride}Q", node, 24)
                children.extend(words[stride - 1 :: stride])
        if not level:
            return children
        addresses, level = children, level - 1
