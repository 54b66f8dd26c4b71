"""Files of np.savez, as numpy writes them, as checkpoints; nothing in one is unpickled."""

import io
import os
import zipfile

import numpy as np
import pytest

from tf1compat.checkpoint import open_checkpoint
from tf1compat.checkpoint.source_formats import checkpoint_names
from tf1compat.errors import BudgetError, CorruptCheckpointError, UnsupportedCheckpointError
from tf1compat.testing import assert_arrays_equal

VALUES = {
    "net/fc/kernel": np.arange(6, dtype="f4").reshape(2, 3),
    "net/fc/bias": np.arange(3, dtype=">f8"),
    "columns": np.asfortranarray(np.arange(6, dtype="i2").reshape(3, 2)),
    "text": np.array(["a", "bcd"]),
    "quantized": np.zeros(2, [("qint8", "i1")]),
    "step": np.array(7, "i8"),
    "none": np.zeros((0, 4), "f2"),
}


@pytest.fixture(params=[np.savez, np.savez_compressed])
def path(tmp_path, request):
    request.param(tmp_path / "m.npz", **VALUES)
    return str(tmp_path / "m.npz")


def test_what_numpy_writes_is_read(path):
    checkpoint = open_checkpoint(path)
    assert (checkpoint.format, checkpoint.files) == ("npz", (path,))
    assert list(checkpoint) == sorted(VALUES)
    assert checkpoint.check() == ()
    for name in ("net/fc/kernel", "net/fc/bias", "columns", "step", "none"):
        value = VALUES[name].astype(VALUES[name].dtype.newbyteorder("="))
        assert (checkpoint[name].shape, checkpoint[name].nbytes) == (value.shape, value.nbytes)
        assert_arrays_equal(checkpoint[name].read(), value)
    assert checkpoint["text"].read().tolist() == [b"a", b"bcd"]
    assert (checkpoint["text"].dtype_name, checkpoint["text"].nbytes) == ("string", 24)
    assert checkpoint["quantized"].dtype_name == "qint8"
    assert checkpoint["net/fc/kernel"].name.role == "kernel"
    assert checkpoint_names(os.path.dirname(path)) == ("m.npz",)


def test_pickles_are_listed_and_not_loaded(tmp_path):
    np.savez(tmp_path / "m.npz", objects=np.array([print], object), date=np.zeros(2, "M8[s]"))
    checkpoint = open_checkpoint(tmp_path / "m.npz")
    assert (checkpoint["objects"].dtype_name, checkpoint["date"].nbytes) == ("object", 16)
    with pytest.raises(UnsupportedCheckpointError, match="dtype object can't be read as an array"):
        checkpoint["objects"].read()


def zipped(**members):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("_npy", ".npy"), data)
    return memory.getvalue()


def twice():
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("w.npy", array())
        archive.writestr("v.npy", array())
    return memory.getvalue().replace(b"v.npy", b"w.npy")


def swallowed():
    """The directory's first record takes the next one for its comment."""
    data = bytearray(zipped(w_npy=array(), v_npy=array()))
    first = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", first + 1)
    data[first + 32 : first + 34] = (data.index(b"PK\x05\x06") - second).to_bytes(2, "little")
    return bytes(data)


def array():
    memory = io.BytesIO()
    np.save(memory, np.arange(3))
    return memory.getvalue()


BAD = {
    "empty": (lambda: b"", "found an empty file; fetch it again"),
    "another member": (lambda: zipped(w_npy=array(), readme=b"x"), "found 'readme', which is no"),
    "behind something": (lambda: b"x" + zipped(w_npy=array()), "something before the archive"),
    "twice": (twice, r"sound zip archive \(the member 'w.npy' 2 times\)"),
    "swallowed": (swallowed, "expected 2 members, as its end says, found 1"),
    "no array": (lambda: zipped(w_npy=b"x" * 99), "found in 'w.npy': "),
    "cut short": (lambda: zipped(w_npy=array())[:-30], "an .npz file, found no sound zip archive"),
}


@pytest.mark.parametrize("kind", BAD)
def test_damage_is_one_error_that_names_the_file(tmp_path, kind):
    make, message = BAD[kind]
    (tmp_path / "m.npz").write_bytes(make())
    with pytest.raises(CorruptCheckpointError, match=message) as caught:
        open_checkpoint(tmp_path / "m.npz")
    assert str(caught.value).startswith(str(tmp_path / "m.npz"))


def test_an_archive_of_nothing_is_said_to_be_one(tmp_path):
    np.savez(tmp_path / "m.npz")
    with pytest.raises(
        UnsupportedCheckpointError, match=r"m\.npz: .*one array or more, found one of"
    ):
        open_checkpoint(tmp_path / "m.npz")


def test_a_file_of_another_kind_is_named(tmp_path):
    (tmp_path / "m.npz").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    with pytest.raises(UnsupportedCheckpointError, match=r"an \.npz file, found a git-LFS pointer"):
        open_checkpoint(tmp_path / "m.npz")


# Of a smaller array, reading the header reads all of it, and opening the file tells.
def test_a_changed_byte_of_a_value_is_noticed(tmp_path):
    np.savez(tmp_path / "m.npz", w=np.arange(2000, dtype="f4"), v=np.ones(3))
    data = bytearray((tmp_path / "m.npz").read_bytes())
    data[data.index(np.arange(2000, dtype="f4").tobytes()) + 50] ^= 1
    (tmp_path / "m.npz").write_bytes(data)
    checkpoint = open_checkpoint(tmp_path / "m.npz")
    with pytest.raises(CorruptCheckpointError, match="'w': expected a sound array, found Bad CRC"):
        checkpoint["w"].read()
    assert_arrays_equal(checkpoint["v"].read(), np.ones(3))
    assert len(checkpoint.check()) == 1


def test_a_bomb_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "m.npz", w=np.zeros(60 << 20, "u1"))
    with pytest.raises(BudgetError, match="bytes of unpacked members"):
        open_checkpoint(tmp_path / "m.npz")


def test_another_file_in_its_place_is_not_read(tmp_path):
    np.savez(tmp_path / "m.npz", w=np.ones(3))
    entry = open_checkpoint(tmp_path / "m.npz")["w"]
    np.savez(tmp_path / "n.npz", w=np.zeros(3))
    os.rename(tmp_path / "n.npz", tmp_path / "m.npz")
    with pytest.raises(CorruptCheckpointError, match=r"'w': .*changed since; open it again"):
        entry.read()
