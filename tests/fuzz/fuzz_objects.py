"""Targets of object-based checkpoints: the graph of objects, alone and within its checkpoint."""

from __future__ import annotations

import contextlib
import functools

from fuzz_bundles import read_all
from fuzz_scratch import FIXTURES, place, written

from tf1compat.checkpoint import Checkpoint
from tf1compat.checkpoint.bundle._records import header_bytes, parse_record, record_bytes
from tf1compat.checkpoint.bundle._strings import encode_strings
from tf1compat.checkpoint.object_based._object_graph import parse_object_graph
from tf1compat.checkpoint.object_based.keys import OBJECT_GRAPH
from tf1compat.checkpoint.table.reader import Table
from tf1compat.checkpoint.table.writer import table_bytes
from tf1compat.checkpoint.wire import WireError
from tf1compat.errors import Tf1CompatError

_FOLDER = FIXTURES / "object_based"


def object_graph(data: bytes) -> None:
    """Objects refer to objects that are there, and are read the same twice."""
    with contextlib.suppress(WireError):
        graph = parse_object_graph(data)
        assert graph == parse_object_graph(data)
        numbers = range(len(graph.nodes))
        for node in graph.nodes:
            assert all(number in numbers for number in (*node.children.values(), *node.slots))


def object_graph_seeds() -> list[bytes]:
    checkpoint = Checkpoint(str(_FOLDER / "model.ckpt-1"))
    return [bytes(checkpoint[OBJECT_GRAPH].read()[()]), b"\x0a\0", b"\x0a\x08\x0a\6\x08\1\x12\1a"]


@functools.cache
def _records() -> dict[bytes, bytes]:
    table = Table(str(_FOLDER / "model.ckpt-1.index"))
    return {record.key: bytes(record.value) for record in table.records()}


def object_based(data: bytes) -> None:
    """The names of a checkpoint's variables, whatever its graph of objects says of them."""
    head, crc = encode_strings([data])
    records = {b"": header_bytes(1)}
    for key, value in _records().items():
        if key:
            record = parse_record(value, num_shards=2)
            records[key] = record_bytes(record._replace(shape=(0,), shard=0, offset=0, size=0))
    mine = parse_record(_records()[OBJECT_GRAPH.encode()], num_shards=2)
    whole = mine._replace(shard=0, offset=0, size=len(head) + len(data), crc=crc)
    records[OBJECT_GRAPH.encode()] = record_bytes(whole)
    written("o/m.index", b"".join(table_bytes(sorted(records.items()))))
    written("o/m.data-00000-of-00001", head + data)
    read_all(place("o/m"))
    with contextlib.suppress(Tf1CompatError):
        checkpoint = Checkpoint(place("o/m"))
        assert set(checkpoint.saved_names) <= set(checkpoint)
        names = {entry.name for entry in checkpoint.values()}
        assert {name.full for name in names} == set(checkpoint)


def object_based_seeds() -> list[bytes]:
    return object_graph_seeds()
