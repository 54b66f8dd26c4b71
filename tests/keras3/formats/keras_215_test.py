"""Files of Keras 2.15, the last Keras 2: read, planned onto Keras 3 and computed as it computed."""

import importlib.util
import pathlib
import shutil

import h5py
import keras
import numpy as np
import pytest

from tf1compat.checkpoint import open_checkpoint
from tf1compat.checkpoint.source_formats import checkpoint_names
from tf1compat.migration import Assumptions, convert, plan_migration, prove
from tf1compat.testing import assert_arrays_close, assert_arrays_equal

FOLDER = pathlib.Path(__file__).parents[2] / "goldens" / "keras215"
layers = keras.layers


def image_part():
    image = keras.Input((6, 6, 2), name="image")
    x = layers.Conv2D(3, 3, name="conv", use_bias=False)(image)
    x = layers.BatchNormalization(name="norm")(x)
    return image, layers.Flatten()(layers.ReLU()(x))


def whole_net():
    image, x = image_part()
    ids = keras.Input((4,), dtype="int32", name="ids")
    y = layers.LSTM(4, name="reader")(layers.Embedding(7, 3, name="words")(ids))
    z = layers.Dense(3, name="joined")(layers.Concatenate()([x, y]))
    return keras.Model({"image": image, "ids": ids}, z)


def small_net():
    image, x = image_part()
    return keras.Model({"image": image}, layers.Dense(3, name="joined")(x))


def gru_net():
    steps = keras.Input((5, 3), batch_size=1, name="steps")
    last = layers.Dense(2, name="last")(layers.GRU(4, name="reader")(steps))
    return keras.Model({"steps": steps}, last)


def recorded(name):
    with np.load(FOLDER / name) as held:
        given = {key[3:]: held[key] for key in held if key.startswith("in/")}
        (output,) = (key for key in held if key.startswith("out/"))
        return given, held[output]


@pytest.mark.parametrize(
    ("file", "net", "record", "said"),
    [
        ("weights.h5", whole_net, "io.npz", Assumptions(data_format="NHWC")),
        ("whole.h5", whole_net, "io.npz", Assumptions(data_format="NHWC")),
        ("tf/model", whole_net, "io.npz", Assumptions(data_format="NHWC")),
        ("saved", small_net, "io_saved.npz", Assumptions()),
        ("gru.pb", gru_net, "io_gru.npz", Assumptions()),
    ],
)
def test_each_kind_of_file_migrates(file, net, record, said):
    checkpoint = open_checkpoint(FOLDER / file)
    assert checkpoint.check() == ()
    plan = plan_migration(checkpoint, model := net(), assume=said)
    assert plan.complete, str(plan)
    left = {drop.kind for drop in plan.drops}
    assert left <= {"slot", "optimizer_state", "object_graph", "metric"}
    convert(plan, model)
    given, expected = recorded(record)
    assert_arrays_close(keras.ops.convert_to_numpy(model(given)), expected, rtol=1e-5, atol=1e-6)
    if checkpoint.graph_path and importlib.util.find_spec("tensorflow"):
        assert str(prove(plan, model)) == f"{len(plan.fills)} weights: {len(plan.fills)} proved"


@pytest.mark.parametrize("file", ["whole.h5", "tf/model", "saved"])
def test_slots_that_are_variables_of_their_own_are_told(file):
    names = [entry.name for entry in open_checkpoint(FOLDER / file).values()]
    trained = [one.full for one in names if one.kind == "variable" and "moving" not in one.full]
    assert {one.slot for one in names if one.kind == "slot"} == {"m", "v"}
    assert sorted(one.slot_of for one in names if one.slot == "m") == sorted(trained)


def test_names_are_those_of_the_variables():
    checkpoint = open_checkpoint(FOLDER / "weights.h5")
    with h5py.File(FOLDER / "weights.h5") as file:
        assert file.attrs.get_id("layer_names").get_type().is_variable_str()  # as h5py 3 has them
        kernel = file["reader/reader/lstm_cell/recurrent_kernel:0"][()]
    assert list(checkpoint)[:3] == ["conv/kernel", "joined/bias", "joined/kernel"]
    assert_arrays_equal(checkpoint["reader/lstm_cell/recurrent_kernel"].read(), kernel)


def test_hdf5_is_known_by_its_longer_suffix_too(tmp_path):
    path = shutil.copy(FOLDER / "weights.h5", tmp_path / "m.hdf5")
    assert list(open_checkpoint(path)) == list(open_checkpoint(FOLDER / "weights.h5"))
    assert checkpoint_names(str(tmp_path)) == ("m.hdf5",)


def test_an_archive_of_keras_2_is_read():
    checkpoint = open_checkpoint(FOLDER / "whole.keras")
    whole = open_checkpoint(FOLDER / "weights.h5")
    assert_arrays_equal(
        checkpoint["layers/lstm/cell/vars/1"].read(),
        whole["reader/lstm_cell/recurrent_kernel"].read(),
    )
    assert checkpoint["optimizer/vars/1"].name.kind == "optimizer_state"
    assert checkpoint["metrics/mean/vars/0"].name.kind == "metric"


def test_layers_that_keras_2_counts_otherwise_are_asked_about():
    """Each kernel holds its layer's number: one saved within another isn't counted again."""
    found = open_checkpoint(FOLDER / "shared.keras")
    kernels = {"time_distributed/layer": 1, "dense": 2, "dense_1": 3}  # shared, next, last
    for path, number in kernels.items():
        assert_arrays_equal(found[f"{path}/vars/0"].read(), np.full((2, 2), number, "f4"))
    shared, x = layers.Dense(2, name="shared"), keras.Input((3, 2))
    y = layers.Dense(2, name="next")(shared(layers.TimeDistributed(shared, name="steps")(x)))
    plan = plan_migration(found.prefix, keras.Model(x, layers.Dense(2, name="last")(y)))
    assert not plan.fills
    assert len([target for tie in plan.ambiguities for target in tie.targets]) == 6


def test_names_that_stand_in_another_order_are_asked_about(tmp_path):
    """Keras' own names count layers as they are made: which tells, name or place, nobody knows."""

    def net(*names):
        x = y = keras.Input((2,))
        for name in names:
            y = layers.Dense(2, name=name)(y)
        return keras.Model(x, y)

    model = net("dense_1", "dense_2", "dense")
    model.save(tmp_path / "m.keras")
    assert not plan_migration(tmp_path / "m.keras", model).fills
    plan = plan_migration(tmp_path / "m.keras", net("dense", "dense_1", "dense_2"))
    assert {fill.target: fill.sources for fill in plan.fills}["dense_1/bias"] == ("dense_1/bias",)
