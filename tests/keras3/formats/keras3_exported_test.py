"""Reading back: every flipped byte of a weight must be found."""

import errno
import os
import shutil
import zipfile

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import Manifest, TensorDigest, tensor_digest
from tf1compat.errors import (
    CorruptCheckpointError,
    OutputError,
    Tf1CompatError,
    UnknownNameError,
)
from tf1compat.keras3 import Exported, build_model, export_weights, index_model, read_exported
from tf1compat.keras3.formats.exported import ArrayValue, said_of
from tf1compat.testing import assert_arrays_equal

L = keras.layers
SUFFIXES = (".weights.h5", ".keras")


def factory():
    x = keras.Input((6,))
    y = L.BatchNormalization()(L.Dense(40)(x))
    return keras.Model(x, L.Dense(5, dtype="bfloat16", name="last")(y))


def value(weight):
    random = np.random.default_rng(weight.order)
    return random.normal(size=weight.shape).astype(weight.variable.numpy().dtype)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    directory = tmp_path_factory.mktemp("exported")
    model = factory()
    paths = {}
    for suffix in SUFFIXES:
        paths[suffix] = os.fspath(directory / f"ours{suffix}")
        export_weights(model, paths[suffix], value)
    loaded = factory()
    loaded.load_weights(paths[".weights.h5"])
    paths["keras.h5"] = os.fspath(directory / "theirs.weights.h5")
    loaded.save_weights(paths["keras.h5"])
    paths["keras.keras"] = os.fspath(directory / "theirs.keras")
    loaded.save(paths["keras.keras"])
    return paths


@pytest.fixture(scope="module")
def index():
    return index_model(factory())


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_weight_reads_back_by_its_path(files, index, suffix):
    found = read_exported(files[suffix])
    assert found.has_manifest
    assert set(found) == set(index)
    assert found.damage() == []
    for path, weight in index.items():
        assert (found[path].shape, found[path].dtype) == (weight.shape, weight.dtype)
        assert_arrays_equal(found[path].read(), value(weight))


@pytest.mark.parametrize("kind", ["keras.h5", "keras.keras"])
def test_a_file_of_keras_own_reads_by_dataset_or_by_model(files, index, kind):
    plain = read_exported(files[kind])
    assert not plain.has_manifest
    assert "layers/dense/vars/0" in plain
    by_path = read_exported(files[kind], index)
    assert set(by_path) == set(index)
    assert by_path["dense/kernel"].sha256 is None
    for path, weight in index.items():
        assert_arrays_equal(by_path[path].read(), value(weight))
        assert by_path[path].dtype == weight.dtype


def flipped(path, offset, *, target, bit=0):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    data[offset] ^= 1 << bit
    with open(target, "wb") as file:
        file.write(data)


def ranges(path):
    """Returns where each weight's bytes lie, found by searching for them."""
    with open(path, "rb") as file:
        data = file.read()
    found = {}
    for name, weight in index_model(factory()).items():
        raw = value(weight).tobytes()
        assert data.count(raw) == 1
        found[name] = range(data.index(raw), data.index(raw) + len(raw))
    return found


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_flipped_byte_of_a_weight_is_found(files, tmp_path, suffix):
    target = os.fspath(tmp_path / f"flipped{suffix}")
    random = np.random.default_rng(3)
    for name, extent in ranges(files[suffix]).items():
        offsets = {extent[0], extent[-1], *random.choice(extent, 2)}
        for offset in offsets:
            flipped(files[suffix], int(offset), target=target, bit=int(random.integers(8)))
            found = read_exported(target)
            assert name in [problem.name for problem in found.damage()]
            with pytest.raises(
                CorruptCheckpointError, match=r"those that were written \(SHA-256\)"
            ) as caught:
                read_exported(target)[name].read()
            assert (caught.value.file, caught.value.variable) == (target, name)
            assert caught.value.offset == extent[0]
            others = set(found) - {name}
            assert all(found[other].read() is not None for other in others)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_flip_anywhere_is_found_or_changes_no_weight(files, tmp_path, suffix):
    """Outside the weights: an error of ours, a named problem, or the same values."""
    target = os.fspath(tmp_path / f"flipped{suffix}")
    random = np.random.default_rng(5)
    original = {name: array.read() for name, array in read_exported(files[suffix]).items()}
    for offset in random.choice(os.path.getsize(files[suffix]), 100, replace=False):
        flipped(files[suffix], int(offset), target=target, bit=int(random.integers(8)))
        try:
            found = read_exported(target)
            bad = {problem.name for problem in found.damage()}
        except Tf1CompatError:
            continue
        if found.has_manifest:
            for name, expected in original.items():
                if name in found and name not in bad:
                    assert_arrays_equal(found[name].read(), expected)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_an_error(files, tmp_path, suffix, part):
    target = os.fspath(tmp_path / f"short{suffix}")
    with open(files[suffix], "rb") as file:
        data = file.read()
    with open(target, "wb") as file:
        file.write(data[: int(len(data) * part)])
    with pytest.raises(OutputError, match="can't be read"):
        read_exported(target)


def test_what_is_no_such_file_is_said(tmp_path):
    page = tmp_path / "page.weights.h5"
    page.write_text("<html>404</html>")
    other = tmp_path / "other.keras"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("readme", "nothing")
    for path, text in [
        (tmp_path / "missing.weights.h5", "no such file"),
        (page, "can't be read as a Keras weights file"),
        (other, "can't be read as a Keras weights file"),
        (tmp_path, "can't be read"),
    ]:
        with pytest.raises(OutputError, match=text) as caught:
            read_exported(path)
        assert os.fspath(path) in str(caught.value)


def test_a_repacked_file_still_reads(files, tmp_path, index):
    target = os.fspath(tmp_path / "packed.keras")
    with (
        zipfile.ZipFile(files[".keras"]) as given,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in given.namelist():
            made.writestr(name, given.read(name))
    found = read_exported(target)
    assert found.damage() == []
    assert_arrays_equal(found["dense/kernel"].read(), value(index["dense/kernel"]))


def test_a_member_beside_the_weights_is_damaged_too(files, tmp_path):
    target = os.fspath(tmp_path / "flipped.keras")
    with zipfile.ZipFile(files[".keras"]) as archive:
        config = archive.getinfo("config.json")
        start = config.header_offset + 30 + len(config.filename)
    flipped(files[".keras"], start + config.compress_size // 2, target=target, bit=0)
    assert [problem.name for problem in read_exported(target).damage()] == ["config.json"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_disk_that_fails_while_a_file_is_checked_is_damage(files, monkeypatch, suffix):
    exported = read_exported(files[suffix])

    def fails(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "pread", fails)
    monkeypatch.setattr(os, "preadv", fails)
    found = [str(problem) for problem in exported.damage()]
    assert found
    assert all("can't be read" in problem for problem in found)
    assert all("Input/output error" in problem for problem in found)


def test_links_out_of_the_file_are_not_followed(files, tmp_path):
    import h5py

    target = os.fspath(tmp_path / "linked.weights.h5")
    with h5py.File(target, "w") as file:
        file["elsewhere"] = h5py.ExternalLink(files[".weights.h5"], "layers/dense/vars/0")
        file["here"] = np.ones(3)
        file["again"] = h5py.SoftLink("/here")
    assert list(read_exported(target)) == ["here"]


def test_chunked_and_packed_datasets_read_too(tmp_path):
    import h5py

    target = os.fspath(tmp_path / "packed.weights.h5")
    with h5py.File(target, "w") as file:
        file.create_dataset("x", data=np.arange(100.0), chunks=(10,), compression="gzip")
    assert_arrays_equal(read_exported(target)["x"].read(), np.arange(100.0))


def test_the_same_bytes_under_another_dtype_are_damage():
    """The digest alone wouldn't tell: it is of the bytes."""
    value = np.array([1.5, -2.0, 0.25], np.float32)
    manifest = Manifest((TensorDigest("w", (3,), "float32", tensor_digest(value)),))

    def opened(dtype):
        found = value.view(dtype)
        held = ArrayValue(found.shape, found.dtype.name, lambda: found)
        return Exported("m.toy", {"w": held}, manifest=manifest)

    assert_arrays_equal(opened("float32")["w"].read(), value)
    message = r"expected float32 of shape \(3,\), found int32 of shape \(3,\)"
    with pytest.raises(CorruptCheckpointError, match=message):
        opened("int32")["w"].read()
    assert [problem.name for problem in opened("int32").damage()] == ["w"]


class Opaque(ArrayValue):
    """What HDF5 has of a dtype that it doesn't know: so many bytes an element."""

    @property
    def nbytes(self):
        return self.read().nbytes


@pytest.mark.parametrize(
    ("dtype", "each", "said"),
    [
        ("float8_e4m3fn", 1, "float8_e4m3fn[3]"),
        ("float8_e4m3fn", 4, "found void32 of"),
        ("bfloat16", 2, "found void16 of"),  # Keras notes it, and loads no other opaque bytes
    ],
)
def test_a_dtype_that_hdf5_lacks_has_to_be_as_many_bytes(dtype, each, said):
    raw = np.zeros(3 * each, np.uint8)
    manifest = Manifest((TensorDigest("w", (3,), dtype, tensor_digest(raw)),))
    held = Opaque((3,), f"void{8 * each}", lambda: raw)
    assert said in said_of(Exported("m.toy", {"w": held}, manifest=manifest), "w")


def test_an_unknown_path_gets_the_nearest(files):
    with pytest.raises(UnknownNameError, match="dense/kernel"):
        read_exported(files[".keras"])["dense/kernl"]


def test_deferred_models_read_by_model_too(files):
    found = read_exported(files["keras.h5"], build_model(factory))
    assert len(found) == len(index_model(factory()))


def test_keras_is_asked_once_where_a_model_looks_for_its_weights(tmp_path, monkeypatch):
    """It saves the model to tell, which takes longer than all else of a model of many layers."""
    saved, real = [], keras.Model.save_weights
    monkeypatch.setattr(
        keras.Model, "save_weights", lambda *a, **k: [saved.append(a), real(*a, **k)][1]
    )
    path, known = str(tmp_path / "m.weights.h5"), index_model(factory())
    export_weights(known, path, value)
    assert read_exported(path, known).misplaced() == []
    assert len(saved) == 1
    assert read_exported(path, index_model(factory())).misplaced() == []
    assert len(saved) == 2


@pytest.mark.parametrize("kind", [".weights.h5", ".keras", "keras.h5"])
def test_a_damaged_heap_where_keras_notes_dtypes_is_refused(files, index, tmp_path, kind):
    """One changed bit in it can have HDF5 read forever, as Keras would have it do."""
    with open(files[kind], "rb") as file:
        data = file.read()
    assert b"GCOL" in data
    target = os.fspath(tmp_path / f"noted.{kind.rpartition('.')[2]}")
    with open(target, "wb") as file:
        file.write(data.replace(b"GCOL", b"gone"))
    with pytest.raises(OutputError, match=r"noted\..*expected a heap of values, found something"):
        read_exported(target, index)


def test_a_dtype_whose_note_is_lost_is_damage(files, tmp_path):
    """Keras would load opaque bytes, or rather fail to."""
    import h5py

    target = os.fspath(tmp_path / "lost.weights.h5")
    shutil.copy(files[".weights.h5"], target)
    with h5py.File(target, "r+") as file:
        del file[read_exported(target)["last/kernel"].dataset].attrs["dtype"]
    with pytest.raises(CorruptCheckpointError, match=r"expected bfloat16 .* found void16"):
        read_exported(target)["last/kernel"].read()
