"""Structures of HDF5 files: honest ones pass, and what HDF5 would go round in is refused first."""

import struct

import h5py
import numpy as np
import pytest
from h5_kinds import KINDS, written
from shares import share

from tf1compat.budget import Budget
from tf1compat.errors import BudgetError, CorruptCheckpointError, OutputError
from tf1compat.files.positioned import Descriptor
from tf1compat.keras3.formats.hdf5.sound._metadata import Metadata
from tf1compat.keras3.formats.hdf5.sound.check import require_sound
from tf1compat.keras3.formats.hdf5.source import open_source

UNDEFINED = (1 << 64) - 1


@pytest.fixture
def look(tmp_path):
    def look_at(data):
        path = tmp_path / "m.h5"
        path.write_bytes(data)
        with open(path, "rb") as file:
            require_sound(
                Descriptor(file), start=0, size=len(data), budget=Budget("m.h5", len(data))
            )

    return look_at


@pytest.fixture
def unsummed(monkeypatch):
    """Whoever means harm sets checksums right."""
    monkeypatch.setattr(Metadata, "require_checksum", lambda *args, **named: None)


@pytest.mark.parametrize("kind", share(KINDS, 4, lambda k: "large" if k.startswith("large") else k))
def test_what_h5py_writes_is_sound(look, kind):
    look(KINDS[kind]())


def test_a_file_that_is_none_is_left_to_hdf5(look):
    look(b"no HDF5")


def nodes(data, kind, level=None):
    """Returns where B-tree nodes begin: of groups 0, of chunks 1."""
    found, at = [], data.find(b"TREE")
    while at >= 0:
        if data[at + 4] == kind and level in (None, data[at + 5]):
            found.append(at)
        at = data.find(b"TREE", at + 1)
    return found


def many(fill_kind):
    """Returns a file with a B-tree of two levels: of a group, or of chunks."""

    def fill(file):
        if fill_kind:
            file.create_dataset("w", data=np.zeros(100, "i1"), chunks=(1,))
            return
        file["w"] = 1
        for number in range(300):
            file[f"w{number}"] = file["w"]

    return bytearray(written(fill))


FIRST = {0: 24 + 8, 1: 24 + 8 + 2 * 8}  # of a node, where the first child's address is


@pytest.mark.parametrize("kind", [0, 1], ids=["group", "chunks"])
def test_a_node_that_is_its_own_child(tmp_path, kind):
    data = many(kind)
    (root,) = nodes(data, kind, level=1)
    struct.pack_into("<Q", data, root + FIRST[kind], root)
    path = tmp_path / "m.weights.h5"
    path.write_bytes(data)
    with pytest.raises(OutputError, match=r"m\.weights\.h5: .*a node of .*is reached twice"):
        open_source(str(path))


@pytest.mark.parametrize(("kind", "level"), [(0, 0), (0, 2), (0, 255), (1, 2), (1, 255)])
def test_a_node_of_another_level(look, kind, level):
    data = many(kind)
    data[nodes(data, kind, level=1)[0] + 5] = level
    with pytest.raises(CorruptCheckpointError, match=r"m\.h5: .*(of level|expected|neighbours)"):
        look(data)


@pytest.mark.parametrize("kind", [0, 1], ids=["group", "chunks"])
def test_a_child_that_two_have(look, kind):
    data = many(kind)
    (root,) = nodes(data, kind, level=1)
    step = 16 if kind == 0 else FIRST[1] - 24 + 8
    first = data[root + FIRST[kind] : root + FIRST[kind] + 8]
    data[root + FIRST[kind] + step : root + FIRST[kind] + step + 8] = first
    with pytest.raises(CorruptCheckpointError, match=r"wrong neighbours|reached twice"):
        look(data)


@pytest.mark.parametrize("kind", [0, 1], ids=["group", "chunks"])
def test_a_neighbour_that_is_the_node_itself(look, kind):
    """HDF5 goes from each node to the next where it is asked how much room they take."""
    data = many(kind)
    at = nodes(data, kind, level=0)[0]
    struct.pack_into("<Q", data, at + 16, at)
    with pytest.raises(CorruptCheckpointError, match="wrong neighbours or count"):
        look(data)


@pytest.mark.parametrize("to", [UNDEFINED, UNDEFINED - 100, 1 << 40])
def test_a_node_outside_of_the_file(look, to):
    data = many(0)
    struct.pack_into("<Q", data, nodes(data, 0, level=1)[0] + FIRST[0], to)
    with pytest.raises(CorruptCheckpointError, match=r"outside of the file \((now|at)"):
        look(data)


def continued():
    """Returns a file whose root's header goes on elsewhere, and where it says so."""

    def fill(file):
        for number in range(9):
            file.attrs[f"a{number}"] = number

    data = bytearray(written(fill))
    at = data.find(struct.pack("<HH", 0x10, 16), 96)
    return data, at + 8


def test_a_header_that_goes_on_where_it_began(look):
    data, at = continued()
    where, length = struct.unpack_from("<QQ", data, at)
    body = struct.pack("<HHBxxx", 0x10, 16, 0) + struct.pack("<QQ", where, length)
    data[where : where + len(body)] = body
    with pytest.raises(CorruptCheckpointError, match="header is reached twice"):
        look(data)


def test_a_header_that_goes_on_within_itself(look):
    data, at = continued()
    struct.pack_into("<QQ", data, at, at - 8, 24)
    with pytest.raises(CorruptCheckpointError, match=r"within|reached twice|longer"):
        look(data)


def test_free_blocks_of_a_heap_that_go_round(look):
    data = bytearray(written(lambda file: file.create_group("g")))
    heap = data.find(b"HEAP")
    free, where = struct.unpack_from("<QQ", data, heap + 16)
    struct.pack_into("<Q", data, where + free, free)
    with pytest.raises(CorruptCheckpointError, match="free blocks of a heap of names go round"):
        look(data)


def nested(levels):
    datatype = h5py.h5t.NATIVE_INT8
    for _ in range(levels):
        datatype = h5py.h5t.array_create(datatype, (1,))

    def fill(file):
        h5py.h5d.create(file.id, b"w", datatype, h5py.h5s.create_simple((1,)))

    return written(fill)


def test_a_datatype_is_as_deep_as_anybody_needs(look):
    look(nested(31))
    with pytest.raises(BudgetError, match=r"m\.h5: .*33 levels of a datatype or more"):
        look(nested(32))


def test_a_datatype_that_is_another_object_s(look):
    """HDF5 would go on from one to the next."""

    def fill(file):
        file["t"] = np.dtype("f4")
        file.create_dataset("w", (3,), dtype=file["t"])

    data = bytearray(written(fill))
    at = data.find(struct.pack("<HHB", 3, 16, 2))
    if at < 0:
        at = data.find(struct.pack("<HHB", 3, 16, 3))
    root = struct.unpack_from("<Q", data, 64)[0]
    struct.pack_into("<Q", data, at + 8 + 2, root)
    with pytest.raises(CorruptCheckpointError, match=r"reached twice|another object's"):
        look(data)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((8, 0), "whose values aren't within it"),  # of which HDF5 goes round
        ((8, 1 << 40), "whose values aren't within it"),
    ],
)
def test_a_heap_of_values_that_go_round(look, change, said):
    data = bytearray(written(lambda file: file.attrs.__setitem__("a", "text" * 9)))
    heap = data.find(b"GCOL")
    size = struct.unpack_from("<Q", data, heap + 16 + 8)[0]
    rest = heap + 16 + 16 + -(-size // 8) * 8  # what is free
    struct.pack_into("<Q", data, rest + change[0], change[1])
    with pytest.raises(CorruptCheckpointError, match=said):
        look(data)


def test_a_value_of_a_heap_that_is_longer_than_is_said(look):
    """HDF5 copies all of it to where there is room for what is said."""
    data = bytearray(written(lambda file: file.attrs.__setitem__("a", "text" * 9)))
    heap = data.find(b"GCOL")
    at = data.find(struct.pack("<LQL", 36, heap, 1))
    struct.pack_into("<L", data, at, 4)
    with pytest.raises(CorruptCheckpointError, match="a value of 36 bytes where 4 are said to be"):
        look(data)


@pytest.mark.parametrize(
    ("signature", "at", "value"),
    [
        (b"BTHD", 12, 300),  # levels
        (b"BTHD", 16, 0),  # where its root is
        (b"BTIN", 4, 3),
        (b"FRHP", 5, 9),  # bytes of an ID
        (b"FRHP", 132, 0),  # where its first block is
        (b"FHIB", 5, 7),  # where its header is
        (b"FAHD", 8, 7),  # entries
        (b"EAHD", 7, 9),  # bits of the longest
        (b"EAIB", 6, 0),
        (b"EADB", 6, 0),
        (b"FADB", 6, 0),
    ],
)
def test_newer_structures_that_lead_astray(look, unsummed, signature, at, value):
    kind = "many_chunks latest" if signature[:2] in (b"FA", b"EA") else "links latest"
    data = bytearray(KINDS[kind]())
    struct.pack_into("<H", data, data.find(signature) + at, value)
    with pytest.raises(
        (CorruptCheckpointError, BudgetError), match=r"m\.h5: .* \(at byte \d+\)|m\.h5: .*--budget="
    ):
        look(data)


@pytest.mark.parametrize(("at", "value"), [(1, 0x58), (1, 0x38), (2, 7), (2, 0)])
def test_a_link_that_hdf5_does_not_know(look, unsummed, at, value):
    """It frees such a link's memory twice; one that is hard has an address, no name."""
    data = bytearray(written(lambda f: f.__setitem__("s", h5py.SoftLink("x")), libver="latest"))
    link = data.find(b"\1\x08\1\1s\1\0x")
    link = data.find(b"\1s\1\0x") - 3 if link < 0 else link
    data[link + at] = value
    with pytest.raises(CorruptCheckpointError, match="a link that is cut off, or of no known kind"):
        look(data)


@pytest.mark.parametrize(
    ("signature", "at", "kind"),
    [
        *((b"FHDB", -1, "links latest"), (b"BTLF", 12, "links latest")),
        *((b"FRHP", 40, "links latest"), (b"BTHD", 20, "links latest")),
        *((b"OHDR", 20, "links latest"), (b"EAHD", 20, "many_chunks latest")),
        *((b"EAIB", 40, "many_chunks latest"), (b"FAHD", 12, "many_chunks latest")),
    ],
)
def test_checksums_are_looked_at_before_hdf5_does(look, signature, at, kind):
    """A byte that nothing uses of a heap's block had HDF5 free its memory twice."""
    data = bytearray(KINDS[kind]())
    start = data.find(signature)
    data[start + at if at > 0 else start + 511] ^= 0xEE
    with pytest.raises(CorruptCheckpointError, match="doesn't have the checksum that it says"):
        look(data)


@pytest.mark.parametrize(("kind", "at"), [("links latest", 46), ("links earliest", 47)])
@pytest.mark.parametrize("field", [0, 8, 18])
def test_a_heap_that_counts_other_space_than_it_has(look, unsummed, kind, at, field):
    """HDF5 looks for its blocks where the header says that there would be some."""
    data = bytearray(KINDS[kind]())
    data[data.find(b"FRHP") + at + field] ^= 0x78
    with pytest.raises(CorruptCheckpointError, match="a heap that counts other space than it has"):
        look(data)
