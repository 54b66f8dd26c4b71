"""Exported files are loaded by Keras itself, and compared with what was given to them."""

import errno
import itertools
import os

import h5py
import keras
import ml_dtypes
import numpy as np
import pytest
from shares import share

from tf1compat.checkpoint import tensor_digest
from tf1compat.errors import ModelError, OutputError, UsageError
from tf1compat.keras3 import build_model, export_weights, index_model, read_exported
from tf1compat.testing import assert_arrays_equal

L = keras.layers


def functional():
    x = keras.Input((4,))
    shared = L.Dense(4)
    y = L.BatchNormalization()(L.Dropout(0.1)(shared(shared(x) + x)))
    left = L.Dense(4, name="left", dtype="bfloat16")(y)
    right = L.Dense(4, dtype="mixed_float16")(y)
    return keras.Model(x, [keras.Sequential([L.Dense(3)])(left), right])


def recurrent():
    x = keras.Input((5, 4))
    y = L.Bidirectional(L.LSTM(3, return_sequences=True))(x)
    y = L.TimeDistributed(L.Dense(2))(y)
    return keras.Model(x, L.Dense(1)(L.RNN([L.GRUCell(3), L.LSTMCell(2)])(y)))


def convolutional():
    x = keras.Input((8, 8, 3))
    y = L.DepthwiseConv2D(3)(L.SeparableConv2D(4, 3)(x))
    y = L.Conv2DTranspose(3, 2)(L.GroupNormalization(2)(L.PReLU()(y)))
    model = keras.Model(x, L.Dense(2)(L.Flatten()(y)))
    model.compile("adam", "mse")
    return model


def attention():
    x = keras.Input((5,))
    y = L.Embedding(9, 4)(x)
    return keras.Model(x, L.LayerNormalization()(y + L.MultiHeadAttention(2, 2)(y, y)))


class Subclassed(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.parts = {"a": [L.Dense(3), L.Dense(3)], "b": L.Dense(2, use_bias=False)}
        self.scalar = self.add_weight(shape=(), name="scalar")
        self.empty = self.add_weight(shape=(0, 3), name="empty")

    def call(self, x):
        for layer in self.parts["a"]:
            x = layer(x)
        return self.parts["b"](x) * self.scalar


def subclassed():
    model = Subclassed()
    model(keras.Input((3,)))
    return model


FACTORIES = [functional, recurrent, convolutional, attention, subclassed]


class Values:
    """Gives each weight a value of its own, in another memory order now and then."""

    def __init__(self):
        self.given = {}

    def __call__(self, weight):
        assert weight.path not in self.given  # once each
        random = np.random.default_rng(len(self.given))
        dtype = ml_dtypes.bfloat16 if weight.dtype == "bfloat16" else weight.dtype
        value = np.asarray(random.normal(size=weight.shape), dtype)
        if len(self.given) % 2:
            value = value.astype(dtype, order="F")
        self.given[weight.path] = value
        return self.given[weight.path]


def assert_holds(model, given):
    index = index_model(model)
    assert {path for path, weight in index.items() if weight.kind == "weight"} == set(given)
    for path, value in given.items():
        found = keras.ops.convert_to_numpy(index[path].variable)
        assert found.dtype == value.dtype
        assert_arrays_equal(found, value, path)


@pytest.mark.parametrize(
    ("ready", "factory"),
    share(itertools.product([build_model, lambda factory: factory()], FACTORIES), 2),
)
def test_keras_loads_the_weights_file(tmp_path, factory, ready):
    path = os.fspath(tmp_path / "model.weights.h5")
    values = Values()
    manifest = export_weights(ready(factory), path, values)
    assert {t.name: t.sha256 for t in manifest.tensors} == {
        name: tensor_digest(value) for name, value in values.given.items()
    }
    model = factory()
    model.load_weights(path)
    assert_holds(model, values.given)
    assert os.listdir(tmp_path) == ["model.weights.h5"]


@pytest.mark.parametrize("factory", FACTORIES[:-1])  # Keras can't revive an unregistered class
def test_keras_loads_the_model_file(tmp_path, factory):
    path = os.fspath(tmp_path / "model.keras")
    values = Values()
    export_weights(build_model(factory), path, values)
    assert_holds(keras.saving.load_model(path), values.given)
    assert os.listdir(tmp_path) == ["model.keras"]


@pytest.mark.parametrize("factory", FACTORIES)
def test_the_layout_is_the_one_keras_writes(tmp_path, factory):
    ours, theirs = (os.fspath(tmp_path / f"{name}.weights.h5") for name in ("ours", "theirs"))
    model = factory()
    export_weights(model, ours, lambda weight: None)
    model.save_weights(theirs)

    def described(path):
        found = {}

        def visit(name, item):
            if not name.startswith("_tf1compat"):
                value = item[()].tobytes() if isinstance(item, h5py.Dataset) else b""
                kind = str(item.dtype) if isinstance(item, h5py.Dataset) else "group"
                shape = getattr(item, "shape", None)
                found[name] = (kind, shape, value, sorted(item.attrs.items()))

        with h5py.File(path, "r") as file:
            file.visititems(visit)
        return found

    assert described(ours) == described(theirs)


def test_a_kept_weight_has_the_value_it_has(tmp_path):
    path = os.fspath(tmp_path / "model.weights.h5")
    model = functional()
    index = index_model(model)
    index["left/bias"].variable.assign(np.full(4, 5.0, ml_dtypes.bfloat16))
    export_weights(model, path, lambda weight: None)
    assert_arrays_equal(
        read_exported(path)["left/bias"].read(), np.full(4, 5.0, ml_dtypes.bfloat16)
    )
    export_weights(build_model(functional), path, lambda weight: None)
    norm = read_exported(path)["batch_normalization/moving_variance"]
    assert_arrays_equal(norm.read(), np.ones(4, "float32"))


def state_of(model):
    index = index_model(model)
    attributes = {node.path: dict(vars(node.layer)) for node in index.layers}
    values = [keras.ops.convert_to_numpy(v) for v in model.variables]
    return {path: sorted(held) for path, held in attributes.items()}, values


@pytest.mark.parametrize("suffix", [".weights.h5", ".keras"])
@pytest.mark.parametrize("when", ["read", "disk"])
def test_a_failure_leaves_the_old_file_and_the_model_as_they_were(
    tmp_path, monkeypatch, suffix, when
):
    path = tmp_path / f"model{suffix}"
    path.write_bytes(b"the old file")
    model = functional()
    attributes, values = state_of(model)
    seen = []

    def read(weight):
        seen.append(weight.path)
        if len(seen) == 5:
            if when == "read":
                raise KeyError("source")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return None

    error, message = {
        "disk": (OutputError, "model.*No space left"),
        "read": (KeyError, "source"),
    }[when]
    with pytest.raises(error, match=message):
        export_weights(model, path, read)
    assert path.read_bytes() == b"the old file"
    assert os.listdir(tmp_path) == [path.name]
    attributes_after, values_after = state_of(model)
    assert attributes_after == attributes
    assert_arrays_equal(values_after, values)


def test_a_method_of_the_layers_own_comes_back(tmp_path):
    model = functional()
    layer = model.get_layer("left")
    own = layer.save_own_variables
    layer.save_own_variables = own
    export_weights(model, tmp_path / "model.weights.h5", lambda weight: None)
    assert vars(layer)["save_own_variables"] is own


@pytest.mark.parametrize("name", ["model.h5", "model", "model.npz", "model.weights.H5"])
def test_other_suffixes_are_refused_by_name(tmp_path, name):
    with pytest.raises(UsageError, match=r"ending in \.weights\.h5, \.keras"):
        export_weights(functional(), tmp_path / name, lambda weight: None)
    assert os.listdir(tmp_path) == []


def test_values_of_another_byte_order_are_turned(tmp_path):
    path = os.fspath(tmp_path / "model.weights.h5")
    model = subclassed()
    big = {w.path: np.ones(w.shape, ">f4") * 3 for w in index_model(model).values()}
    big["scalar"] = np.array(5, ">f4")
    export_weights(model, path, lambda weight: big[weight.path])
    model.load_weights(path)
    assert_holds(model, {name: value.astype("float32") for name, value in big.items()})
    assert read_exported(path).damage() == []


@pytest.mark.parametrize("value", [np.zeros((2, 2), "float32"), np.zeros((4, 4), "float64")])
def test_a_value_that_does_not_fit_is_named(tmp_path, value):
    with pytest.raises(ModelError, match=r"dense/kernel: expected a value of shape \(4, 4\) and"):
        export_weights(functional(), tmp_path / "model.weights.h5", lambda weight: value)
    assert os.listdir(tmp_path) == []


class Transforming(L.Layer):
    def build(self, shape):
        self.kernel = self.add_weight(shape=(3, 3), name="kernel")
        self.bias = self.add_weight(shape=(3,), name="bias")

    def call(self, x):
        return x @ self.kernel + self.bias

    def save_own_variables(self, store):
        store["k"] = -keras.ops.convert_to_numpy(self.kernel)
        store["b"] = self.bias


def test_a_layer_that_changes_its_weights_in_saving_is_named(tmp_path):
    model = keras.Sequential([keras.Input((3,)), Transforming(name="odd")])
    with pytest.raises(ModelError, match=r"Transforming\.save_own_variables") as caught:
        export_weights(model, tmp_path / "model.weights.h5", lambda weight: None)
    assert [problem.name for problem in caught.value.problems] == ["odd/kernel"]
    assert os.listdir(tmp_path) == []


def test_a_variable_that_two_layers_save_is_read_once_and_loaded_twice(tmp_path):
    class Tied(L.Layer):
        def __init__(self, table, **kwargs):
            super().__init__(**kwargs)
            self.embeddings = table

        def call(self, x):
            return keras.ops.matmul(x, keras.ops.transpose(self.embeddings))

    def factory():
        x = keras.Input((3,))
        table = L.Embedding(7, 2, name="table")
        y = table(x)
        return keras.Model(x, Tied(table.embeddings, name="logits")(y))

    path = os.fspath(tmp_path / "model.weights.h5")
    values = Values()
    export_weights(factory(), path, values)
    assert list(values.given) == ["table/embeddings"]
    model = factory()
    model.load_weights(path)
    assert_holds(model, values.given)


def test_a_layer_alone_can_not_be_saved(tmp_path):
    layer = L.Dense(2)
    layer.build((None, 2))
    with pytest.raises(ModelError, match="found the layer Dense; wrap it"):
        export_weights(layer, tmp_path / "model.weights.h5", lambda weight: None)


def test_a_class_that_keras_can_not_describe_is_said(tmp_path):
    class Opaque(L.Layer):
        def __init__(self, thing):
            super().__init__()
            self.thing = thing

        def call(self, x):
            return x

    model = keras.Sequential([keras.Input((3,)), Opaque(object()), L.Dense(2)])
    with pytest.raises(ModelError, match="Keras can't save this model"):
        export_weights(model, tmp_path / "model.keras", lambda weight: None)
    export_weights(model, tmp_path / "model.weights.h5", lambda weight: None)


def test_large_values_go_whole_through_the_blocks_of_the_disk(tmp_path):
    def factory():
        return keras.Sequential([keras.Input((1500,)), L.Dense(1001), L.Dense(1300)])

    path = os.fspath(tmp_path / "model.weights.h5")
    values = Values()
    export_weights(build_model(factory), path, values)
    model = factory()
    model.load_weights(path)
    assert_holds(model, values.given)
    assert read_exported(path).damage() == []
