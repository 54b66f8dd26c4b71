"""Names to read in files of Keras 3: those that Keras itself has for the same weights."""

import json
import zipfile

import h5py
import keras
import numpy as np
import pytest

from tf1compat.checkpoint import open_checkpoint
from tf1compat.migration import Plan, convert, plan_migration
from tf1compat.names import Rule
from tf1compat.testing import assert_arrays_equal

L = keras.layers


class Scale(L.Layer):
    """A layer of a program's own, which holds a layer of Keras."""

    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), name="scale")
        self.inner = L.Dense(shape[-1], name="inner")
        self.inner.build(shape)

    def call(self, x):
        return self.inner(x) * self.scale


def nested():
    """Returns a model of layers within layers, of wrappers, and two of one class in branches."""
    x, other = keras.Input((6, 4), name="x"), keras.Input((6, 4), name="other")
    y = L.Bidirectional(L.LSTM(3, return_sequences=True), name="both")(x)
    y = L.MultiHeadAttention(2, 2, name="attend")(y, y)
    last, first = L.Dense(5, name="z_last")(y), L.Dense(5, name="a_first")(other)
    y = L.Add()([last, first])
    block = [L.Dense(5, name="a"), L.LayerNormalization(center=False, name="norm")]
    y = keras.Sequential([keras.Input((6, 5)), *block], name="block")(y)
    y = L.TimeDistributed(L.Dense(4, use_bias=False, name="each"), name="steps")(y)
    y = L.RNN([L.LSTMCell(2, name="one"), L.GRUCell(3, name="two")], name="stack")(y)
    return keras.Model([x, other], L.Dense(1, name="out")(Scale(name="own")(y)))


def kinds():
    """Returns a layer of each kind whose variables are known, as it is made and otherwise."""
    plain = (L.Conv1D, L.Conv2D, L.Conv3D, L.SeparableConv1D, L.SeparableConv2D)
    turned = (L.Conv1DTranspose, L.Conv2DTranspose, L.Conv3DTranspose)
    return [
        *(L.Dense(3), L.Dense(3, use_bias=False), L.EinsumDense("bi,ij->bj", 3, bias_axes="j")),
        *(L.EinsumDense("bi,ij->bj", 3), L.Embedding(5, 2), L.PReLU(), L.GroupNormalization(2)),
        *(L.BatchNormalization(), L.BatchNormalization(scale=False)),
        *(L.BatchNormalization(center=False, scale=False), L.LayerNormalization(scale=False)),
        *(kind(2, 2, use_bias=kind is not L.Conv2D) for kind in (*plain, *turned)),
        *(kind(2) for kind in (L.DepthwiseConv1D, L.DepthwiseConv2D, L.LSTM, L.GRU)),
        *(L.SimpleRNN(2, use_bias=False), L.ConvLSTM1D(2, 2), L.ConvLSTM2D(2, 2)),
    ]


_RANKS = {"1D": 3, "2D": 4, "3D": 5, "LSTM": 3, "GRU": 3, "SimpleRNN": 3}


def of_kind(layer):
    """Returns an input for a layer, and what it makes of that."""
    kind = type(layer).__name__
    rank = next((rank for part, rank in _RANKS.items() if part in kind), 2)
    shape = (4,) * (rank - 1 + kind.startswith("ConvLSTM"))
    return (x := keras.Input(shape)), layer(x)


def numbered(model):
    """Gives each weight numbers of its own."""
    for number, weight in enumerate(model.weights):
        weight.assign(np.full(weight.shape, number + 0.5))
    return model


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    keras.utils.clear_session()
    path = tmp_path_factory.mktemp("nested") / "m.keras"
    model = numbered(nested())
    model.save(path)
    return path, {weight.path: np.asarray(weight) for weight in model.weights}


def test_weights_of_keras_own_layers_go_by_their_paths(saved):
    path, values = saved
    found = open_checkpoint(path)
    others = {
        "own/scale": "own/vars/0",
        "own/inner/kernel": "own/inner/vars/0",
        "own/inner/bias": "own/inner/vars/1",
    }
    assert set(found) == {others.get(name, name) for name in values}
    for name, value in values.items():
        assert_arrays_equal(found[others.get(name, name)].read(), value)


def test_a_variable_is_found_by_the_path_that_it_is_counted_by(saved):
    found = open_checkpoint(saved[0])
    entry = found["layers/bidirectional/forward_layer/cell/vars/1"]
    assert entry.key == "both/forward_lstm/lstm_cell/recurrent_kernel"
    assert "layers/dense/vars/0" in found
    assert found.other_names["layers/dense/vars/0"] == "z_last/kernel"


def test_variables_of_each_kind_are_called_as_in_keras(tmp_path):
    inputs, outputs = zip(*map(of_kind, kinds()), strict=True)
    model = numbered(keras.Model(inputs, outputs))
    model.save(tmp_path / "m.keras")
    found = open_checkpoint(tmp_path / "m.keras")
    assert set(found) == {weight.path for weight in model.weights}
    for weight in model.weights:
        assert_arrays_equal(found[weight.path].read(), np.asarray(weight))


def test_files_of_weights_have_the_names_of_layers(saved, tmp_path):
    with zipfile.ZipFile(saved[0]) as archive:
        (tmp_path / "m.weights.h5").write_bytes(archive.read("model.weights.h5"))
    found = open_checkpoint(tmp_path / "m.weights.h5")
    assert_arrays_equal(found["z_last/vars/0"].read(), saved[1]["z_last/kernel"])
    assert "attend/query/vars/1" in found


def changed(saved, folder, *, config=lambda config: None, weights=lambda file: None):
    """Returns the path of a copy with another configuration, or other groups."""
    path = folder / "changed.keras"
    (folder / "m.weights.h5").write_bytes(zipfile.ZipFile(saved).read("model.weights.h5"))
    with h5py.File(folder / "m.weights.h5", "r+") as file:
        weights(file)
    with zipfile.ZipFile(saved) as given, zipfile.ZipFile(path, "w") as made:
        held = json.loads(given.read("config.json"))
        config(held)
        made.writestr("config.json", json.dumps(held))
        made.writestr("metadata.json", given.read("metadata.json"))
        made.write(folder / "m.weights.h5", "model.weights.h5")
    return path


def without_notes(file):
    groups = []
    file.visit(groups.append)
    for name in groups:
        if name.endswith("vars") and "name" in file[name].attrs:
            del file[name].attrs["name"]


def test_without_notes_names_are_those_of_the_configuration(saved, tmp_path):
    """As Keras 3.0 to 3.5 wrote them."""
    found = open_checkpoint(changed(saved[0], tmp_path, weights=without_notes))
    for name in ("z_last/kernel", "a_first/kernel", "block/norm/gamma", "steps/each/kernel"):
        assert_arrays_equal(found[name].read(), saved[1][name])
    assert "both/forward_lstm/cell/kernel" in found


def test_layers_that_keras_2_counts_otherwise_stay_counted(tmp_path):
    """One that was saved within a wrapper isn't counted again: those behind have its number."""
    keras.utils.clear_session()
    shared, x = L.Dense(4, name="shared"), keras.Input((5, 4))
    y = L.Dense(4, name="next")(shared(L.TimeDistributed(shared, name="steps")(x)))
    model = numbered(keras.Model(x, L.Dense(4, name="last")(y)))
    model.save(tmp_path / "m.keras")

    def as_keras_2(file):
        without_notes(file)
        layers = file["layers"]
        layers.pop("dense", None)
        layers.move("dense_1", "dense")
        layers.move("dense_2", "dense_1")

    found = open_checkpoint(changed(tmp_path / "m.keras", tmp_path, weights=as_keras_2))
    assert_arrays_equal(found["dense/vars/0"].read(), np.asarray(model.get_layer("next").kernel))
    assert {"dense_1/vars/0", "time_distributed/layer/vars/0"} <= set(found)
    assert "shared/kernel" not in found


def of_others(config):
    """Two layers change their places: what is noted of them is true."""
    layers = config["config"]["layers"]
    at = [n for n, one in enumerate(layers) if one["name"] in ("z_last", "a_first")]
    layers[at[0]], layers[at[1]] = layers[at[1]], layers[at[0]]


def of_another_program(config):
    for layer in config["config"]["layers"]:
        if layer["name"] == "out":
            layer["module"] = "theirs"


def test_a_configuration_that_says_otherwise_is_not_believed(saved, tmp_path):
    found = open_checkpoint(changed(saved[0], tmp_path, config=of_others))
    assert_arrays_equal(found["z_last/vars/0"].read(), saved[1]["z_last/kernel"])


def test_variables_of_a_layer_that_is_not_keras_own_are_counted(saved, tmp_path):
    found = open_checkpoint(changed(saved[0], tmp_path, config=of_another_program))
    assert "out/vars/0" in found
    assert "z_last/kernel" in found


def test_what_would_be_called_alike_is_counted(saved, tmp_path):
    def same(file):
        file["layers/dense_1/vars"].attrs["name"] = "z_last"

    found = open_checkpoint(changed(saved[0], tmp_path, weights=same))
    assert {"layers/dense/vars/0", "layers/dense_1/vars/0"} <= set(found)


def test_rules_and_plans_may_use_what_they_are_counted_by(tmp_path):
    keras.utils.clear_session()
    model = numbered(keras.Sequential([keras.Input((4,)), L.Dense(3, name="first")]))
    model.save(tmp_path / "m.keras")
    net = keras.Sequential([keras.Input((4,)), L.Dense(3, name="taken")])
    rules = [
        Rule("layers/dense/vars/0", target="taken/kernel"),
        Rule("layers/dense/vars/1", target="taken/bias"),
    ]
    plan = plan_migration(tmp_path / "m.keras", net, rules)
    assert [fill.sources for fill in plan.fills] == [("first/kernel",), ("first/bias",)]
    text = plan.to_json()
    for leaf, number in (("kernel", 0), ("bias", 1)):
        text = text.replace(f"first/{leaf}", f"layers/dense/vars/{number}")
    convert(Plan.from_json(text), net)
    assert_arrays_equal(net.layers[0].kernel, np.asarray(model.layers[0].kernel))
