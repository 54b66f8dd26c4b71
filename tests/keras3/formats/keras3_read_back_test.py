"""What is written is readable, and whatever a loader reads of it is seen by who verifies."""

import dataclasses
import errno
import json
import os
import pathlib
import resource
import shutil
import zipfile

import h5py
import keras
import numpy as np
import pytest

from tf1compat.checkpoint import Manifest, open_checkpoint, write_checkpoint
from tf1compat.errors import OutputError, UsageError, VerificationError
from tf1compat.keras3 import build_model, export_weights, index_model, read_exported
from tf1compat.keras3.formats.hdf5 import _checked_file
from tf1compat.keras3.formats.hdf5._checked_file import checked_h5
from tf1compat.keras3.formats.hdf5.disk_errors import disk_error
from tf1compat.migration import convert, plan_migration, verify_weights

L = keras.layers
SUFFIXES = (".weights.h5", ".keras")
VALUES = {
    "a/kernel": np.arange(30, dtype=np.float32).reshape(6, 5) / 7,
    "a/bias": np.arange(5, dtype=np.float32),
    "b/kernel": np.arange(25, dtype=np.float32).reshape(5, 5) / 3,
    "b/bias": np.arange(5, dtype=np.float32) - 9,
}


def factory():
    x = keras.Input((6,))
    return keras.Model(x, L.Dense(5, name="b")(L.Dense(5, "relu", name="a")(x)))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A checkpoint, its plan and index, and both formats of output."""
    folder = tmp_path_factory.mktemp("read_back")
    write_checkpoint(folder / "m", VALUES)
    checkpoint, index = open_checkpoint(folder / "m"), index_model(build_model(factory))
    plan = plan_migration(checkpoint, index)
    for suffix in SUFFIXES:
        convert(plan, index, output=folder / f"m{suffix}", checkpoint=checkpoint)
    return folder, plan, index, checkpoint


def verified(made, path):
    _, plan, index, checkpoint = made
    return verify_weights(plan, index, output=path, checkpoint=checkpoint)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_all_of_a_good_file_is_checked(made, suffix):
    found = verified(made, made[0] / f"m{suffix}")
    assert (found.equal, found.weights, found.unchecked) == (True, 4, ())


def big_endian(file, names):
    value = file[names["a/kernel"]][()]
    del file[names["a/kernel"]]
    file.create_dataset(names["a/kernel"], data=value.view(">f4"), dtype=">f4")


def opaque(file, names):
    value = file[names["a/kernel"]][()]
    del file[names["a/kernel"]]
    file.create_dataset(names["a/kernel"], data=value.view("V4"))


def swapped(file, names):
    one, other = names["a/bias"], names["b/bias"]
    file.move(one, "between")
    file.move(other, one)
    file.move("between", other)
    names["a/bias"], names["b/bias"] = other, one


def shadow(file, names):
    file.copy(names["a/bias"], "shadow")
    file[names["a/bias"]][...] = 99
    names["a/bias"] = "shadow"


def attribute(file, names):
    file[names["a/bias"]].parent.attrs["name"] = "other"


@pytest.mark.parametrize("change", [big_endian, opaque, swapped, shadow, attribute])
@pytest.mark.parametrize("manifest", ["whole", "of an earlier version"])
def test_what_keras_would_load_otherwise_is_noticed(made, tmp_path, change, manifest):
    path = os.fspath(shutil.copy(made[0] / "m.weights.h5", tmp_path))
    with h5py.File(path, "r+") as file:
        names = json.loads(bytes(file["_tf1compat/datasets"][()]))
        change(file, names)
        rewrite(file, "datasets", json.dumps(names))
        if manifest != "whole":
            held = Manifest.from_json(bytes(file["_tf1compat/manifest"][()]).decode())
            rewrite(file, "manifest", dataclasses.replace(held, parts={}).to_json())
            del file["_tf1compat/structure"]
    found = verified(made, path)
    if manifest == "whole":
        assert "SHA-256 of all but the weights' values" in str(found)
    elif change is not attribute:
        assert not found.equal
        assert "digests of the weights alone" in str(found)


def rewrite(file, name, text):
    del file[f"_tf1compat/{name}"]
    file[f"_tf1compat/{name}"] = np.frombuffer(text.encode(), np.uint8)


def test_every_bit_of_byte_order_is_noticed(made, tmp_path):
    """Class 1, version 1: 0x11; the first bit of its bit field is the byte order."""
    data = (made[0] / "m.weights.h5").read_bytes()
    path, at, count = tmp_path / "x.weights.h5", data.find(bytes.fromhex("11201f00")), 0
    while at >= 0:
        path.write_bytes(data[: at + 1] + bytes([data[at + 1] ^ 1]) + data[at + 2 :])
        assert not verified(made, path).equal
        at, count = data.find(bytes.fromhex("11201f00"), at + 1), count + 1
    assert count >= 4


def test_a_foreign_byte_order_is_read_as_a_loader_reads_it(tmp_path):
    path = os.fspath(tmp_path / "x.weights.h5")
    with h5py.File(path, "w") as file:
        file["x"] = np.arange(5, dtype=">f4")
    array = read_exported(path)["x"]
    assert (array.dtype, array.read().tolist()) == ("float32", [0, 1, 2, 3, 4])


def repacked(source, target, changes):
    with zipfile.ZipFile(source) as given, zipfile.ZipFile(target, "w") as packed:
        for name in given.namelist():
            data = given.read(name)
            packed.writestr(name, changes[name](data) if name in changes else data)
        for name in set(changes) - set(given.namelist()):
            packed.writestr(name, changes[name](b""))
    return target


@pytest.mark.parametrize(
    ("member", "change"),
    [
        ("config.json", lambda data: data.replace(b'"relu"', b'"tanh"')),
        ("metadata.json", lambda data: data.replace(b'"keras_version": "', b'"keras_version": "9')),
        ("assets/words.txt", lambda data: b"one more"),
    ],
)
def test_members_beside_the_weights_are_covered(made, tmp_path, member, change):
    path = repacked(made[0] / "m.keras", tmp_path / "x.keras", {member: change})
    assert [problem.name for problem in verified(made, path).problems] == [member]


def test_a_member_that_is_gone_is_missed(made, tmp_path):
    path = tmp_path / "x.keras"
    with zipfile.ZipFile(made[0] / "m.keras") as given, zipfile.ZipFile(path, "w") as packed:
        for name in given.namelist():
            if name != "config.json":
                packed.writestr(name, given.read(name))
    assert "config.json: expected a member of the file, found none" in str(verified(made, path))


def test_a_file_of_keras_own_is_not_read_past_its_checksum(tmp_path):
    path, model = tmp_path / "m.keras", factory()
    model.save(path)
    data = bytearray(path.read_bytes())
    data[data.index(np.asarray(model.get_layer("b").kernel).tobytes()) + 2] ^= 4
    path.write_bytes(data)
    with pytest.raises(OutputError, match=r"Bad CRC-32 for file .model\.weights\.h5"):
        read_exported(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_cannot_be_checked_is_said(made, tmp_path, suffix):
    path, model = os.fspath(tmp_path / f"m{suffix}"), factory()
    convert(made[1], model, checkpoint=made[3])
    (model.save if suffix == ".keras" else model.save_weights)(path)
    found = verified(made, path)
    assert found.equal
    assert [f"not checked: {path}: it has no manifest" in str(found), *found.unchecked][0]
    assert found.record()["unchecked"] == list(found.unchecked)


def test_a_manifest_whose_digest_of_the_file_is_gone_is_damaged(made, tmp_path):
    path = os.fspath(shutil.copy(made[0] / "m.weights.h5", tmp_path))
    with h5py.File(path, "r+") as file:
        del file["_tf1compat/structure"]
    with pytest.raises(VerificationError, match="the digest of the file is damaged"):
        read_exported(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.ESTALE])
def test_an_error_that_hdf5_swallows_at_close_is_told(tmp_path, monkeypatch, suffix, number):
    """At whichever of HDF5's own writes: the old file stands."""
    path = tmp_path / f"m{suffix}"
    path.write_bytes(b"old")
    index = index_model(build_model(factory))
    put, calls = _checked_file._CheckedFile._put, []
    failing_at = [0]

    def failing(self, view):
        calls.append(len(view))
        if len(calls) in failing_at:
            raise OSError(number, os.strerror(number))
        put(self, view)

    monkeypatch.setattr(_checked_file._CheckedFile, "_put", failing)
    os.mkdir(tmp_path / "whole")
    export_weights(index, tmp_path / "whole" / path.name, lambda weight: None)
    for at in (1, len(calls) // 2, len(calls)):
        failing_at[:] = [at]
        calls.clear()
        with pytest.raises(OutputError, match=os.strerror(number)):
            export_weights(index, path, lambda weight: None)
        assert path.read_bytes() == b"old"
        assert sorted(os.listdir(tmp_path)) == [path.name, "whole"]


def test_bytes_that_never_arrived_are_found_before_the_old_file_goes(tmp_path, monkeypatch):
    path = tmp_path / "m.weights.h5"
    path.write_bytes(b"old")
    written, lost = os.pwrite, VALUES["a/kernel"].tobytes()

    def lossy(handle, data, at):
        return len(data) if bytes(data) == lost else written(handle, data, at)

    monkeypatch.setattr(os, "pwrite", lossy)
    with pytest.raises(OutputError, match=r"as it was written; what stood .*\n.*a/kernel"):
        export_weights(build_model(factory), path, lambda w: VALUES[w.path])
    assert path.read_bytes() == b"old"


def test_a_file_of_hdf5_tells_the_first_error_alone(tmp_path):
    path = os.fspath(tmp_path / "x.h5")
    with checked_h5(path, "w") as file:
        file["x"] = np.ones(3)
    with h5py.File(path) as file:
        assert file["x"][()].tolist() == [1, 1, 1]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with (
            pytest.raises(OSError, match="File too large") as caught,
            checked_h5(path, "w") as file,
        ):
            file["x"] = np.ones(3000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.filename == path


_LIMITS = (1000, 9000, 13000, 99000)
_FULL = f"""
import os, resource, sys
import keras
from tf1compat.errors import OutputError
from tf1compat.keras3 import build_model, export_weights
x = keras.Input((6,))
model = keras.Model(x, keras.layers.Dense(5)(x))
for path in sys.argv[1:]:
    for limit in {_LIMITS}:
        if child := os.fork():
            print(path, limit, os.waitpid(child, 0)[1], flush=True)
            continue
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            export_weights(model, path, lambda weight: None)
        except OutputError as error:
            sys.exit(0)  # by way of what libraries do at their end
        sys.exit(2)
"""


@pytest.fixture(scope="module")
def on_full_disks(tmp_path_factory, forker):
    """Returns the folder that was written into, and {suffix: [(limit, how the child ended)]}."""
    folder = tmp_path_factory.mktemp("full")
    paths = {os.fspath(folder / f"m{suffix}"): suffix for suffix in SUFFIXES}
    for path in paths:
        pathlib.Path(path).write_bytes(b"old")
    program, output = (tmp_path_factory.mktemp("program") / name for name in ("full.py", "out"))
    program.write_text(_FULL)
    status = forker.wait(forker.start(program, *paths, output=output))
    assert status == 0, output.read_text()
    ends = {suffix: [] for suffix in SUFFIXES}
    for line in output.read_text().splitlines():
        if line.startswith(os.fspath(folder)):
            path, limit, ended = line.split()
            ends[paths[path]].append((int(limit), int(ended)))
    return folder, ends


@pytest.mark.slow
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_ends_no_process(on_full_disks, suffix):
    """SIGSEGV came at the end of the process: children tell."""
    folder, ends = on_full_disks
    told = [limit for limit, status in ends[suffix] if status == 0]
    written = [limit for limit, status in ends[suffix] if status == 2 << 8]
    assert sorted([*told, *written]) == [*_LIMITS]
    assert max(told) < min(written)
    assert read_exported(folder / f"m{suffix}").damage() == []


def test_the_error_of_a_disk_is_found_behind_others():
    try:
        try:
            raise OSError(errno.ENOSPC, "full")
        finally:
            raise ValueError("Can't close the ZIP file")
    except ValueError as error:
        found = disk_error(error, "scratch")
    assert (found.errno, found.filename) == (errno.ENOSPC, "scratch")
    told = RuntimeError("Can't flush (file write failed: errno = 28, error message = 'No space')")
    assert disk_error(told, "scratch").errno == errno.ENOSPC
    told = RuntimeError("{{node}} /m/part-0.data; No space left on device [Op:SaveV2]")
    assert disk_error(told, "scratch").errno == errno.ENOSPC  # as TensorFlow says it
    assert disk_error(ValueError("No space left on device for it"), "scratch") is None
    assert disk_error(ValueError("errno of a model"), "scratch") is None
    assert disk_error(FileNotFoundError(errno.ENOENT, "an asset"), "scratch") is None


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_scratch_disk_is_said_as_what_it_is(tmp_path, monkeypatch, suffix):
    def save(self, path, *arguments, **settings):
        raise ValueError("Can't close it") from OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(keras.Model, "save", save)
    monkeypatch.setattr(keras.Model, "save_weights", save)
    with pytest.raises(OutputError, match=r"m\..*could not be written \(No space left on device: "):
        export_weights(factory(), tmp_path / f"m{suffix}", lambda weight: None)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("link", [os.symlink, os.link])
@pytest.mark.parametrize("kind", [".index", ".data-00000-of-00001", ".manifest.json"])
def test_an_output_is_none_of_the_checkpoints_files(made, tmp_path, link, kind):
    _, plan, index, _ = made
    for name in os.listdir(made[0]):
        if name.startswith("m.") and not name.endswith(SUFFIXES):
            shutil.copy(made[0] / name, tmp_path)
    checkpoint = open_checkpoint(tmp_path / "m")
    before = (tmp_path / f"m{kind}").read_bytes()
    link(tmp_path / f"m{kind}", tmp_path / "o.weights.h5")
    with pytest.raises(UsageError, match=r"o\.weights\.h5: expected a file of its own"):
        convert(plan, index, output=tmp_path / "o.weights.h5", checkpoint=checkpoint)
    assert (tmp_path / f"m{kind}").read_bytes() == before
    with pytest.raises(UsageError, match="lie on other files"):
        export_weights(index, tmp_path / "x.keras", VALUES.get, inputs=[tmp_path / "x.keras"])
