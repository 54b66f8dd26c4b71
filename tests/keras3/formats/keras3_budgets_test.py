"""Small model and weights files that stand for gigabytes, or for what lies elsewhere."""

import errno
import os
import zipfile
import zlib

import h5py
import numpy as np
import pytest

from tf1compat.errors import BudgetError, CorruptCheckpointError, ModelError, OutputError
from tf1compat.keras3 import load_model_file, read_exported

OVER = 60 << 20  # bytes, more than any small file may unpack to


def read(path):
    return [array.read() for array in read_exported(path).values()]


def weights(folder, **settings):
    path = folder / "m.weights.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("w", **settings)
    return path


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"chunks": (1 << 20,)}, CorruptCheckpointError, "claims 2000000000 bytes, more than"),
        ({"chunks": (1 << 20,), "compression": "gzip"}, BudgetError, "2,000,000,000 bytes of val"),
    ],
)
def test_values_that_are_not_there_take_no_memory(tmp_path, settings, error, said):
    path = weights(tmp_path, shape=(500_000_000,), dtype="f4", **settings)
    with pytest.raises(error, match=rf"m\.weights\.h5.*{said}"):
        read(path)


def test_chunks_are_counted(tmp_path):
    path = weights(tmp_path, shape=(40 << 20,), dtype="u1", chunks=(1,), compression="gzip")
    with pytest.raises(BudgetError, match=r"41,943,040 chunks or more"):
        read(path)


def test_values_packed_small_are_read_as_far_as_their_file_warrants(tmp_path):
    path = weights(tmp_path, data=np.zeros(OVER, "u1"), chunks=(1 << 22,), compression="gzip")
    with pytest.raises(BudgetError, match=r"bytes of values or more, and a file of .* --budget=2"):
        read(path)


def test_a_chunk_does_not_unpack_to_more_than_a_chunk(tmp_path):
    path = tmp_path / "m.weights.h5"
    with h5py.File(path, "w") as file:
        made = file.create_dataset("w", (1024,), "f4", chunks=(1024,), compression="gzip")
        made.id.write_direct_chunk((0,), zlib.compress(bytes(OVER)))
    with pytest.raises(CorruptCheckpointError, match="unpacks to more than the 4096 bytes"):
        read(path)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"shape": (9,), "dtype": "f4", "external": [("fifo", 0, 36)]}, "lie in another file"),
        ({"data": ["a"], "dtype": h5py.string_dtype()}, "strings of any length or references"),
        ({"shape": (3,), "dtype": h5py.ref_dtype}, "strings of any length or references"),
    ],
)
def test_what_holds_no_numbers_of_its_own_is_said(tmp_path, monkeypatch, settings, said):
    monkeypatch.chdir(tmp_path)  # where HDF5 would look for it, and wait
    os.mkfifo("fifo")
    with pytest.raises(CorruptCheckpointError, match=said):
        read(weights(tmp_path, **settings))


def test_a_virtual_dataset_shows_no_other_file(tmp_path):
    with h5py.File(tmp_path / "m.weights.h5", "w") as file:
        layout = h5py.VirtualLayout((9,), "f4")
        layout[:] = h5py.VirtualSource(os.devnull, "w", (9,))
        file.create_virtual_dataset("w", layout)
    with pytest.raises(OutputError, match=r"m\.weights\.h5: .* values of other files"):
        read(tmp_path / "m.weights.h5")


@pytest.mark.parametrize("member", ["config.json", "metadata.json", "model.weights.h5"])
def test_members_are_unpacked_as_far_as_their_file_warrants(tmp_path, member):
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name in ("config.json", "metadata.json", "model.weights.h5"):
            made.writestr(name, b'{"x": "' + bytes(OVER) if name == member else b"{}")
    for reader in (read, load_model_file):
        with pytest.raises(BudgetError, match=r"m\.keras: reading it takes 62,9.*unpacked members"):
            reader(path)


@pytest.mark.parametrize("config", [b'{"a":' * 100_000, b'{"a": ' + b"1" * 5000 + b"}"])
def test_a_configuration_that_no_parser_takes_is_an_error(tmp_path, config):
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name in ("config.json", "metadata.json", "model.weights.h5"):
            made.writestr(name, config)
    with pytest.raises((ModelError, BudgetError), match=r"m\.keras"):
        load_model_file(path)


@pytest.mark.parametrize("kind", ["a device", "a FIFO"])
@pytest.mark.parametrize("suffix", [".keras", ".weights.h5"])
def test_only_regular_files_are_read(tmp_path, kind, suffix):
    """Whoever opened a FIFO would wait for ever; the rest has no end."""
    path = tmp_path / f"m{suffix}"
    os.mkfifo(path) if kind == "a FIFO" else path.symlink_to("/dev/zero")
    with pytest.raises(OutputError, match=rf"m{suffix}.*expected a regular file, found {kind}"):
        read(path)
    if suffix == ".keras":
        with pytest.raises(ModelError, match=f"expected a regular file, found {kind}"):
            load_model_file(path)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE])
def test_a_disk_that_fails_while_values_are_read_is_told(tmp_path, monkeypatch, packed, number):
    settings = {"chunks": (512,), "compression": "gzip"} if packed else {}
    array = read_exported(weights(tmp_path, data=np.ones(4096, "f4"), **settings))["w"]

    def failing(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "preadv", failing)
    monkeypatch.setattr(os, "pread", failing)
    with pytest.raises(CorruptCheckpointError, match=rf"m\.weights\.h5.*{os.strerror(number)}"):
        array.read()
