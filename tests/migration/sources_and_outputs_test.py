"""One net from each kind of source into each kind of output, read by the library that it is for."""

import pathlib

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.migration import convert, plan_migration, verify
from tf1compat.testing import assert_arrays_equal

L = keras.layers
OBJECTS = pathlib.Path(__file__).parents[1] / "checkpoint" / "testdata" / "keras_optimizers"
NAMES = ("hidden/kernel", "hidden/bias", "output/kernel", "output/bias")


def net():
    hidden = L.Dense(3, "tanh", name="hidden")
    return keras.Sequential([keras.Input((4,), name="x"), hidden, L.Dense(2, name="output")])


def _given():
    rng = np.random.default_rng(5)
    shapes = ((4, 3), (3,), (3, 2), (2,))
    return {n: rng.normal(size=s).astype("f4") for n, s in zip(NAMES, shapes, strict=True)}


def _npz(path):
    np.savez(path, **_given())


def _safetensors(path):
    pytest.importorskip("safetensors.numpy").save_file(_given(), path)


def _by_keras(path):
    model = net()
    model.set_weights([*_given().values()])
    model.save_weights(path) if path.suffixes[-2:] == [".weights", ".h5"] else model.save(path)


def _bundle(path):
    write_checkpoint(path, _given())


def _of_objects(path):
    """Returns the checkpoint of Keras 2.15, and by name what TensorFlow's reader says it holds."""
    reader = pytest.importorskip("tensorflow").train.load_checkpoint(str(OBJECTS / "adam_2-1"))
    keys = [f"net/layer_with_weights-{n}/{role}" for n in (0, 1) for role in ("kernel", "bias")]
    values = (reader.get_tensor(f"{key}/.ATTRIBUTES/VARIABLE_VALUE") for key in keys)
    return OBJECTS / "adam_2-1", dict(zip(NAMES, values, strict=True))


def _loaded(path):
    model = net()
    model.load_weights(path)
    return model.get_weights()


def _whole(path):
    return keras.saving.load_model(path).get_weights()


def _tensors(path):
    file = path / "model.safetensors" if path.is_dir() else path
    found = pytest.importorskip("safetensors.numpy").load_file(file)
    assert found.keys() == set(NAMES)
    return [found[name] for name in NAMES]


def _restored(path):
    tf, model = pytest.importorskip("tensorflow"), net()
    tf.train.Checkpoint(model).restore(tf.train.latest_checkpoint(path)).assert_consumed()
    return model.get_weights()


# Any source is read to the same plan, and any output written from it: each is here once.
CASES = [
    (_npz, "one.npz", "m.weights.h5", _loaded),
    (_safetensors, "one.safetensors", "m.keras", _whole),
    (_by_keras, "one.weights.h5", "m.safetensors", _tensors),
    (_by_keras, "one.keras", "m.tf2ckpt", _restored),
    (_bundle, "one.ckpt", "m.safetensors.d", _tensors),
    (_of_objects, "", "m.weights.h5", _loaded),
]


@pytest.mark.parametrize(("make", "source", "output", "read"), CASES)
def test_the_library_reads_what_was_in_the_source(tmp_path, make, source, output, read):
    path, given = make(tmp_path / source) or (tmp_path / source, _given())
    assert open_checkpoint(path).check() == ()
    model = net()
    plan = plan_migration(path, model)
    assert plan.complete
    convert(plan, model, output=tmp_path / output)
    verify(plan, model, output=tmp_path / output).require_equal()
    for name, value in zip(NAMES, read(tmp_path / output), strict=True):
        assert_arrays_equal(value, given[name], name)
