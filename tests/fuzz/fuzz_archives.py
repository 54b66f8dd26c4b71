"""Targets of files of Keras and numpy: HDF5, ``.keras`` archives, recordings."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import zipfile

import keras
import numpy as np
from fuzz_forms import bursts, damaged
from fuzz_pieces import packed, pieces
from fuzz_scratch import place, written

from tf1compat.checkpoint import tensor_digest
from tf1compat.errors import Problem, Tf1CompatError
from tf1compat.keras3 import export_weights, load_model_file, read_exported
from tf1compat.keras3.formats.hdf5.loadable import loadable
from tf1compat.keras3.formats.hdf5.source import source_in
from tf1compat.migration.verification.outputs import load_inputs, load_recording

_MEMBERS = ("config.json", "metadata.json", "model.weights.h5")


def _read(path: str) -> dict[str, tuple]:
    """Returns what a weights file holds by path, as far as it isn't refused."""
    found: dict[str, tuple] = {}
    with contextlib.suppress(Tf1CompatError):
        exported = read_exported(path)
        for name in exported:
            with contextlib.suppress(Tf1CompatError):
                value = exported[name].read()
                found[name] = (value.dtype.name, value.shape, tensor_digest(value))
        problems = exported.damage()
        assert all(isinstance(problem, Problem) for problem in problems)
    return found


def hdf5(data: bytes) -> None:
    """A weights file is read the same twice, and Keras is let load that very file."""
    path = written("m.weights.h5", data)
    assert _read(path) == _read(path)
    with contextlib.suppress(Tf1CompatError), loadable(path, source_in) as name:
        with open(name, "rb") as file:
            assert file.read() == data


@functools.cache
def exported(suffix: str) -> bytes:
    """Returns a small file that this package wrote."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, name="d")], name="net")
    path = place(f"exports/m{suffix}")
    export_weights(model, path, lambda weight: np.full(weight.shape, 0.5, weight.dtype))
    with open(path, "rb") as file:
        return file.read()


def hdf5_seeds() -> list[bytes]:
    return [exported(".weights.h5"), _plain_h5(libver="latest"), _plain_h5()]


def _plain_h5(**settings: str) -> bytes:
    import h5py

    memory = io.BytesIO()
    with h5py.File(memory, "w", **settings) as file:
        for number in range(9 if settings else 0):  # so many that they have a heap
            file.attrs[f"a{number}"] = file[f"g{number}"] = number
        file.create_dataset("a/u", data=np.zeros(40), chunks=(8,), maxshape=(None,))
        file["a/w"] = np.arange(6, dtype="float32").reshape(2, 3)
        file.create_dataset("a/z", data=np.zeros(40), chunks=(8,), compression="gzip")
        file["s"] = "text"
        file["soft"] = h5py.SoftLink("/a/w")
        file["v"] = np.array([b"ab", b"c"], "S2")
    return memory.getvalue()


def keras_zip(data: bytes) -> None:
    """A ``.keras`` file, whatever a zip file may say, is read the same twice."""
    path = written("m.keras", data)
    assert _read(path) == _read(path)


def keras_zip_seeds() -> list[bytes]:
    return [exported(".keras"), _zipped({"model.weights.h5": _plain_h5()}, zipfile.ZIP_DEFLATED)]


def _zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return memory.getvalue()


def keras_members(data: bytes) -> None:
    """The three members of a sound archive, compressed or not."""
    kind, *members = pieces(data) or [b""]
    method = zipfile.ZIP_DEFLATED if kind[:1] == b"\1" else zipfile.ZIP_STORED
    _read(written("n.keras", _zipped(dict(zip(_MEMBERS, members, strict=False)), method)))


def _members() -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(exported(".keras"))) as archive:
        return [archive.read(name) for name in _MEMBERS]


def keras_members_seeds() -> list[bytes]:
    return [packed([kind, *_members()]) for kind in (b"\0", b"\1")]


def keras_config(data: bytes) -> None:
    """A model's configuration is refused, or makes a model, and never runs what it holds."""
    path = written("c.keras", _zipped({"config.json": data, "metadata.json": b"{}"}))
    with contextlib.suppress(Tf1CompatError):
        assert isinstance(load_model_file(path), keras.layers.Layer)


def keras_config_seeds() -> list[bytes]:
    return [_members()[0], json.dumps({"module": "keras", "class_name": "Sequential"}).encode()]


def weights_damage(data: bytes) -> None:
    """Damage to an exported file is noticed, or leaves what was written."""
    if not data:
        return
    suffix = (".weights.h5", ".keras")[data[0] % 2]
    whole = exported(suffix)
    values = _read(written(f"whole{suffix}", whole))
    path = written(f"hurt{suffix}", damaged(whole, data[1:]))
    found = _read(path)
    changed = {name for name, value in found.items() if values.get(name, value) != value}
    assert not changed, f"{suffix}: silently changed: {sorted(changed)}"
    with contextlib.suppress(Tf1CompatError):
        opened = read_exported(path)
        if not opened.has_manifest:  # it is said then that nothing can be told
            assert opened.unchecked
            return
        assert {*found} <= {*values}, f"{suffix}: of other names: {sorted(found)}"
        if suffix == ".weights.h5" and any(data[4:8]):  # every byte is in a digest
            assert opened.damage(), "nothing was noticed"


def weights_damage_seeds() -> list[bytes]:
    seeds = []
    for number, suffix in enumerate((".weights.h5", ".keras")):
        whole = exported(suffix)
        within = whole.index(np.full(3, 0.5, "float32").tobytes()) + 2  # of a weight's value
        flips = [within.to_bytes(3, "little") + b"\1", *bursts(whole, 1500)]
        seeds += [bytes([number]) + flip for flip in flips]
    return seeds


def npz(data: bytes) -> None:
    """A recording is refused, or has arrays of inputs and of outputs."""
    path = written("recording.npz", data)
    with contextlib.suppress(Tf1CompatError):
        found = load_recording(path)
        arrays = [*found.inputs.values(), *found.outputs.values()]
        assert all(isinstance(array, np.ndarray) for array in arrays)
        assert found.inputs
        assert found.outputs
    with contextlib.suppress(Tf1CompatError):
        assert load_inputs(path)


def npz_seeds() -> list[bytes]:
    arrays = {"in/x": np.arange(4, dtype="float32"), "out/y": np.array(["a", "b"])}
    plain, small = io.BytesIO(), io.BytesIO()
    np.savez(plain, **arrays)
    np.savez_compressed(small, **arrays)
    return [plain.getvalue(), small.getvalue()]
