"""TF2 object checkpoints: TensorFlow restores them, and lays its own out the same."""

import errno
import os

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf1compat.checkpoint import open_checkpoint
from tf1compat.errors import ModelError, OutputError, UsageError
from tf1compat.keras3 import build_model, export_weights, index_model, read_exported
from tf1compat.keras3.formats import OUTPUT_FORMATS
from tf1compat.testing import assert_arrays_equal

L = keras.layers
ONE = OUTPUT_FORMATS["tf2_checkpoint"]


def functional():
    x = keras.Input((4,))
    shared = L.Dense(4)
    y = L.BatchNormalization()(L.Dropout(0.1)(shared(shared(x) + x)))
    return keras.Model(x, L.Dense(2, name="half", dtype="bfloat16")(y))


def recurrent():
    x = keras.Input((5, 4))
    y = L.Bidirectional(L.LSTM(3, return_sequences=True))(x)
    return keras.Model(x, L.GRU(2)(L.TimeDistributed(L.Dense(2))(y)))


def compiled():
    model = keras.Sequential([keras.Input((3,)), L.Dense(2), L.Embedding(5, 2)])
    model.compile("adam", "mse")
    model.counter = tf.Variable([7, 8])  # no weight: TensorFlow saves it all the same
    return model


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.second = L.Dense(3), L.Dense(3)
        self.last = L.Dense(2, use_bias=False)
        self.scalar = self.add_weight(shape=(), name="scalar")

    def call(self, x):
        return self.last(self.second(self.first(x))) * self.scalar


def subclassed():
    model = Subclassed()
    model(keras.Input((3,)))
    return model


FACTORIES = [functional, recurrent, compiled, subclassed]


def test_a_full_disk_is_told_of_what_was_to_be_written(tmp_path):
    def read(weight):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "m.tf2ckpt"
    with pytest.raises(OutputError, match=rf"{path}/ckpt-1: could not be written \(No space left"):
        export_weights(build_model(functional), path, read)
    assert list(tmp_path.iterdir()) == []


def value_of(weight):
    if weight.kind == "state":
        return None
    rng = np.random.default_rng(len(weight.path))
    return rng.normal(size=weight.shape).astype(tf.as_dtype(weight.dtype).as_numpy_dtype)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("out") / "m.tf2ckpt"
    model = build_model(functional)
    return path, model, export_weights(model, path, value_of)


@pytest.mark.parametrize("factory", FACTORIES)
@pytest.mark.parametrize("ready", [build_model, lambda factory: factory()])
def test_tensorflow_restores_all_of_it(tmp_path, factory, ready):
    given = ready(factory)
    before = [weight.variable._value is None for weight in index_model(given).values()]
    export_weights(given, tmp_path / "m.tf2ckpt", value_of)
    assert [w.variable._value is None for w in index_model(given).values()] == before
    model = factory()
    status = tf.train.Checkpoint(model).restore(tf.train.latest_checkpoint(tmp_path / "m.tf2ckpt"))
    status.assert_consumed()
    for path, weight in index_model(model).items():
        if weight.kind == "weight":
            assert_arrays_equal(keras.ops.convert_to_numpy(weight.variable), value_of(weight), path)
    if factory is compiled:
        assert model.counter.numpy().tolist() == [7, 8]


@pytest.mark.parametrize("factory", FACTORIES)
def test_it_is_laid_out_as_tensorflow_does(tmp_path, factory):
    model = factory()
    export_weights(model, tmp_path / "m.tf2ckpt", lambda weight: None)
    path = tf.train.Checkpoint(model).save(str(tmp_path / "theirs"))
    ours, theirs = open_checkpoint(tmp_path / "m.tf2ckpt"), open_checkpoint(path)
    assert {e.stored_key for e in ours.values()} == {e.stored_key for e in theirs.values()}
    for name, entry in theirs.items():
        if name.startswith("_CHECK") and factory is subclassed:
            continue  # the full names in it are those that variables had before the model had one
        assert_arrays_equal(ours[name].read(), entry.read(), name)


def test_it_is_read_and_loaded_back(written):
    path, model, manifest = written
    found = read_exported(path, model)
    assert {one.name: one.sha256 for one in manifest.tensors} == {
        name: array.sha256 for name, array in found.items()
    }
    assert (found.damage(), found.misplaced(), found.unchecked) == ([], [], ())
    loaded = index_model(ONE.load(str(path), functional))
    for name, array in found.items():
        assert_arrays_equal(keras.ops.convert_to_numpy(loaded[name].variable), array.read(), name)
    with pytest.raises(ModelError, match="weights alone"):
        ONE.model(str(path))


def test_one_that_tensorflow_wrote_is_read_by_the_model(tmp_path):
    model = functional()
    (tmp_path / "m.tf2ckpt").mkdir()
    tf.train.Checkpoint(model).save(str(tmp_path / "m.tf2ckpt/ckpt"))
    found = read_exported(tmp_path / "m.tf2ckpt", model)
    assert set(found) == {p for p, w in index_model(model).items() if w.kind == "weight"}
    assert_arrays_equal(
        found["half/kernel"].read(), keras.ops.convert_to_numpy(model.get_layer("half").kernel)
    )
    assert "no manifest" in found.unchecked[0]


def test_a_model_that_looks_elsewhere_is_told(written):
    path, _, _ = written

    def reordered():
        model = functional()
        x = keras.Input((4,))
        y = model.get_layer("half")(x)
        return keras.Model(x, [y, *(layer(x) for layer in model.layers[1:2])])

    found = read_exported(path, reordered())
    assert [problem.name for problem in found.misplaced()][:1] == ["half/kernel"]


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "name", ["ckpt-1.data-00000-of-00001", "checkpoint", "ckpt-1.manifest.json"]
)
def test_damage_is_found(tmp_path, written, name):
    _, model, _ = written
    path = tmp_path / "m.tf2ckpt"
    export_weights(model, path, value_of)
    if name == "checkpoint":
        (path / name).write_text((path / name).read_text() + "\n")
    else:
        flip(path / name)
    assert name in {problem.name for problem in read_exported(path, model).damage()}


def test_what_is_none_is_told(tmp_path):
    (tmp_path / "m.tf2ckpt").mkdir()
    with pytest.raises(OutputError, match=r"m\.tf2ckpt"):
        read_exported(tmp_path / "m.tf2ckpt")


def stacked():
    return keras.Sequential([keras.Input((5, 4)), L.RNN([L.GRUCell(3), L.LSTMCell(2)])])


def test_what_tensorflow_does_not_save_is_told(tmp_path):
    model = stacked()
    saved = tf.train.Checkpoint(model).save(str(tmp_path / "theirs"))
    assert [name for name, _ in tf.train.list_variables(saved) if "kernel" in name] == []
    with pytest.raises(ModelError, match=r"6 weight\(s\) that tf.train.Checkpoint\(model\) leaves"):
        export_weights(model, tmp_path / "m.tf2ckpt", lambda weight: None)
    assert not (tmp_path / "m.tf2ckpt").exists()


def test_another_backend_is_refused(tmp_path, monkeypatch, written):
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    with pytest.raises(UsageError, match="found jax; set KERAS_BACKEND=tensorflow"):
        export_weights(written[1], tmp_path / "m.tf2ckpt", value_of)


def test_tensorflow_opens_what_was_written_once(tmp_path, monkeypatch):
    opened, load = [], tf.train.load_checkpoint
    monkeypatch.setattr(
        tf.train, "load_checkpoint", lambda prefix: opened.append(prefix) or load(prefix)
    )
    export_weights(build_model(functional), tmp_path / "m.tf2ckpt", value_of)
    assert len(opened) == 1
