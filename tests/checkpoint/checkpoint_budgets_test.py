"""Files that would take far more than their size warrants, each beside an honest one that opens."""

import struct
import time

import numpy as np
import pytest

from tf1compat.budget import Budget, budget_times
from tf1compat.checkpoint import open_checkpoint, read_meta, write_checkpoint
from tf1compat.checkpoint.covering import uncovered
from tf1compat.checkpoint.meta._variable_sets import NONE, VariableSet, VariableSets
from tf1compat.checkpoint.slices import Region, ordered_slice_key
from tf1compat.checkpoint.state_file import read_state_file
from tf1compat.checkpoint.table import crc32c
from tf1compat.checkpoint.table._snappy import uncompressed_length
from tf1compat.checkpoint.table.reader import MAGIC, Table
from tf1compat.checkpoint.table.writer import table_bytes
from tf1compat.checkpoint.wire import varint
from tf1compat.errors import (
    BudgetError,
    CorruptCheckpointError,
    UnsupportedCheckpointError,
)
from tf1compat.testing import assert_arrays_equal

HEADER = b"\x08\x01\x1a\x02\x08\x01"
EMPTY = b"\0\0\0\0\1\0\0\0"


def message(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def integer(number, value):
    return varint(number << 3) + varint(value)


def shape(*sizes):
    return b"".join(message(2, integer(1, size)) for size in sizes)


def stored(block, kind=0):
    typed = block + bytes([kind])
    return typed + crc32c.mask(crc32c.value(typed)).to_bytes(4, "little")


def record(shared, key, value):
    return varint(shared) + varint(len(key)) + varint(len(value)) + key + value


def table(block, *, index=None, kind=0):
    """Returns a table of one block; with the records of another index block, if given."""
    handle = varint(0) + varint(len(block))
    body = stored(block, kind)
    of_blocks = (record(0, b"\xff", handle) if index is None else index) + EMPTY
    out = body + stored(EMPTY) + stored(of_blocks)
    handles = varint(len(body)) + varint(8) + varint(len(body) + 13) + varint(len(of_blocks))
    return out + handles.ljust(40, b"\0") + MAGIC


def repeating(length, count):
    """Returns records whose keys all repeat the first, which is long."""
    tails = (b"%04d" % n for n in range(count))
    return record(0, b"k" * length, b"") + b"".join(record(length, t, b"") for t in tails)


def literal(data):
    return bytes([62 << 2]) + struct.pack("<I", len(data) - 1)[:3] + data


def compressed(data):
    return varint(len(data)) + literal(data)


@pytest.mark.parametrize("kind", [0, 1])
def test_keys_that_repeat_a_long_one(tmp_path, kind):
    block = record(0, b"", HEADER) + repeating(10_000, 4_000) + EMPTY
    (tmp_path / "m.index").write_bytes(table(compressed(block) if kind else block, kind=kind))
    with pytest.raises(BudgetError, match=r"m\.index: reading it takes .* bytes of keys or more"):
        open_checkpoint(tmp_path / "m")


def test_keys_of_the_index_block_that_repeat_a_long_one(tmp_path):
    block = record(0, b"", HEADER) + EMPTY
    (tmp_path / "m.index").write_bytes(table(block, index=repeating(10_000, 1_000)))
    with pytest.raises(BudgetError, match="bytes of its blocks' keys or more"):
        open_checkpoint(tmp_path / "m")


def test_more_records_than_tensors_take_bytes(tmp_path):
    records = b"".join(record(0, n.to_bytes(3, "big"), b"") for n in range(15_000))
    (tmp_path / "m.index").write_bytes(table(records + EMPTY))
    with budget_times(1 / 10), pytest.raises(BudgetError, match="records or more"):
        list(Table(str(tmp_path / "m.index")).records())


def test_long_names_of_many_variables_are_honest(tmp_path):
    scope = "encoder/" * 30
    rows = [(f"{scope}{n:06}/kernel".encode(), b"v" * 25) for n in range(20_000)]
    (tmp_path / "t").write_bytes(b"".join(table_bytes(rows)))
    assert sum(1 for _ in Table(str(tmp_path / "t")).records()) == len(rows)


def v1(values):
    """Returns a V1 file of these values by name, all in its first blocks."""
    metas, rows = b"", []
    for name, value in sorted(values.items()):
        whole = message(1, b"") * value.ndim
        metas += message(
            1,
            message(1, name) + message(2, shape(*value.shape)) + integer(3, 1) + message(4, whole),
        )
        proto = integer(1, 1) + message(5, value.tobytes())
        body = message(1, name) + message(2, whole) + message(3, proto)
        rows.append((ordered_slice_key(name, ((0, -1),) * value.ndim), message(2, body)))
    return b"".join(table_bytes([(b"", message(1, metas + message(2, integer(1, 1)))), *rows]))


def test_a_block_of_a_v1_file_is_read_once_for_all_its_values(tmp_path, monkeypatch):
    values = {b"v%04d" % n: np.full((2,), n, np.float32) for n in range(500)}
    (tmp_path / "m").write_bytes(v1(values))
    opened, read = open_checkpoint(tmp_path / "m"), []
    block = Table.block
    monkeypatch.setattr(
        Table, "block", lambda self, place, **kw: read.append(place) or block(self, place, **kw)
    )
    found = {name: entry.read() for name, entry in opened.items()}
    assert len(read) <= 2
    assert_arrays_equal(found, {name.decode(): value for name, value in values.items()}, "values")


def test_a_value_of_a_v1_file_does_not_keep_its_block(tmp_path):
    (tmp_path / "m").write_bytes(v1({b"v%d" % n: np.ones(2, np.float32) for n in range(900)}))
    value = open_checkpoint(tmp_path / "m")["v7"].read()
    owner = value
    while isinstance(owner, np.ndarray) and owner.base is not None:
        owner = owner.base
    assert memoryview(owner).nbytes < 200
    value[...] = 5  # which is the caller's own
    assert open_checkpoint(tmp_path / "m")["v7"].read().tolist() == [1, 1]


def test_a_v1_file_that_was_replaced_is_no_longer_the_one_that_was_opened(tmp_path):
    (tmp_path / "m").write_bytes(v1({b"a": np.ones(9, np.float32)}))
    opened = open_checkpoint(tmp_path / "m")
    (tmp_path / "new").write_bytes(v1({b"a": np.zeros(9, np.float32)}))
    (tmp_path / "new").replace(tmp_path / "m")
    with pytest.raises(CorruptCheckpointError, match="replaced or written to since it was opened"):
        opened["a"].read()


def test_crossing_slices_are_told_in_the_time_of_reading_them():
    count = 3_000
    crossing = [Region((n, n), (count, 1)) for n in range(count)]
    start = time.process_time()
    assert "slices hold" in uncovered(crossing, (2 * count, count))
    assert time.process_time() - start < 2
    grid = [Region((x, y, 0), (1, 2, 5)) for x in range(40) for y in range(0, 40, 2)]
    assert uncovered(grid, (40, 40, 5)) == ""
    doubled = [*grid[:-1], grid[0]]  # as many elements as the whole
    assert "overlap" in uncovered(doubled, (40, 40, 5))


@pytest.mark.parametrize("sizes", [(1,) * 65, (1,) * 254, (2**61, 0), (0, 2**62)])
def test_shapes_that_numpy_refuses(tmp_path, sizes):
    data = b"" if 0 in sizes else b"\0" * 4
    crc = crc32c.mask(crc32c.value(data)).to_bytes(4, "little")
    entry = integer(1, 1) + message(2, shape(*sizes)) + integer(5, len(data)) + b"\x35" + crc
    index = b"".join(table_bytes([(b"", HEADER), (b"w", entry)]))
    (tmp_path / "m.index").write_bytes(index)
    (tmp_path / "m.data-00000-of-00001").write_bytes(data)
    entry = open_checkpoint(tmp_path / "m")["w"]
    for index in (None, ...):
        with pytest.raises(UnsupportedCheckpointError, match="variable 'w': expected a shape that"):
            entry.read(index)


def node(name, op, *inputs, size=None):
    out = message(1, name.encode()) + message(2, op.encode())
    out += b"".join(message(3, one.encode()) for one in inputs)
    if size is not None:
        out += message(5, message(1, b"shape") + message(2, message(7, shape(size))))
        out += message(5, message(1, b"dtype") + message(2, integer(6, 1)))
    return message(1, out)


def meta(path, *nodes):
    path.write_bytes(message(2, b"".join(nodes)))
    return path


def test_variables_that_are_added_up_share_what_they_are_made_of(tmp_path):
    count = 3_000
    nodes, last = [node("v0", "VariableV2", size=2)], "v0"
    for n in range(1, count):
        nodes += [node(f"v{n}", "VariableV2", size=2), node(f"a{n}", "Add", last, f"v{n}")]
        last = f"a{n}"
    start = time.process_time()
    assert len(read_meta(meta(tmp_path / "x.meta", *nodes)).variables) == count
    assert time.process_time() - start < 5


def test_variables_of_a_residual_net_are_fed_by_all_before(tmp_path):
    nodes, last = [node("x", "Placeholder")], "x"
    for n in range(200):
        nodes += [node(f"v{n}", "VariableV2", size=2), node(f"m{n}", "Mul", last, f"v{n}")]
        nodes.append(node(f"r{n}", "AddV2", last, f"m{n}"))
        last = f"r{n}"
    flow = read_meta(meta(tmp_path / "x.meta", *nodes)).flow
    assert len(flow) == 200
    assert flow["v3"] == ("v0", "v1", "v2")
    assert set(flow["v199"]) == {f"v{n}" for n in range(199)}


def test_more_nodes_than_a_graph_has_bytes_for(tmp_path):
    nodes = [node(f"{n:x}", "A") for n in range(6_000)]
    with (
        budget_times(1 / 10),
        pytest.raises(BudgetError, match=r"x\.meta: reading it takes 5,001 nodes or more"),
    ):
        read_meta(meta(tmp_path / "x.meta", *nodes))


def test_a_meta_file_of_a_hole_is_not_read(tmp_path):
    with open(tmp_path / "x.meta", "wb") as file:
        file.truncate(40 << 30)
    with pytest.raises(CorruptCheckpointError, match="expected a message of less than"):
        read_meta(tmp_path / "x.meta")


def test_sets_of_variables_cost_their_bytes():
    sets = VariableSets(map(str, range(1000)), Budget("x.meta", 1))
    all_ = sets.union(map(sets.of, map(str, range(1000))))
    assert sets.names(all_ - sets.of("7")) == sorted(str(n) for n in range(1000) if n != 7)
    assert sets.union((all_, sets.of("3"))) is all_
    assert all_ - all_ == VariableSet(0, 0) == NONE
    assert sets.names(sets.of("999") | sets.of("0")) == ["0", "999"]
    large = VariableSets(map(str, range(100_000)), Budget("x.meta", 1))
    ends = large.of("0"), large.of("99999")
    with pytest.raises(BudgetError, match="bytes of sets of variables"):
        [large.union(ends) for _ in range(5_000)]


def test_state_files_take_the_time_of_their_size(tmp_path):
    line = 'all_model_checkpoint_paths: "model.ckpt-1"\n'
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "m"\n' + line * 20_000)
    start = time.process_time()
    assert len(read_state_file(str(tmp_path / "checkpoint"))[1]) == 20_000
    assert time.process_time() - start < 2


@pytest.mark.parametrize("escape", ["\\8", "\\u00e9", "\\/", "\\x", "\\é"])
def test_an_escape_that_readers_take_for_different_things(tmp_path, escape):
    state = tmp_path / "checkpoint"
    state.write_text(f'model_checkpoint_path: "m{escape}"\n', encoding="utf-8")
    with pytest.raises(CorruptCheckpointError, match=r"expected an escape such as .* in \"m"):
        read_state_file(str(state))


def test_escapes_are_bytes(tmp_path):
    state = tmp_path / "checkpoint"
    state.write_text(r"""model_checkpoint_path: "m\1018\x41\n\303\251\\\"\'\?" """)
    assert read_state_file(str(state)) == ("mA8A\né\\\"'?", ())


def test_a_checkpoint_of_many_small_variables_is_honest(tmp_path):
    write_checkpoint(tmp_path / "m", {f"scope/v{n:05}": np.float32(n) for n in range(5_000)})
    assert len(open_checkpoint(tmp_path / "m")) == 5_000


def test_compressed_bytes_give_at_most_22_times_as_many():
    assert uncompressed_length(varint(44) + b"x") == 44
