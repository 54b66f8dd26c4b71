"""Keras' files as checkpoints: those of TensorFlow 1.15.5's tf.keras, of Keras 3 and of our own."""

import pathlib
import shutil
import subprocess
import sys
import zipfile

import h5py
import keras
import numpy as np
import pytest

from tf1compat.apps import run
from tf1compat.checkpoint import open_checkpoint
from tf1compat.errors import CorruptCheckpointError, ModelError
from tf1compat.keras3 import export_weights
from tf1compat.keras3.formats.loading import lazy_model
from tf1compat.migration import convert, plan_migration
from tf1compat.testing import assert_arrays_equal

FOLDER = pathlib.Path(__file__).parents[2] / "goldens" / "keras_h5"
ARCHIVE = FOLDER.parent / "keras215" / "whole.keras"
layers = keras.layers


@pytest.fixture(scope="module")
def values():
    with np.load(FOLDER / "values.npz") as held:
        return {name: held[name] for name in held}


def test_weights_go_by_their_variables_names(values):
    checkpoint = open_checkpoint(FOLDER / "weights.h5")
    assert checkpoint.format == "Keras HDF5"
    assert list(checkpoint) == sorted(values)
    assert checkpoint.check() == ()
    for name, value in values.items():
        assert_arrays_equal(checkpoint[name].read(), value)
    assert checkpoint["norm/moving_mean"].name.role == "moving_mean"


def test_of_a_whole_model_the_optimizers_are_told_apart(values):
    checkpoint = open_checkpoint(FOLDER / "whole.h5")
    state = [name for name in checkpoint if name.startswith("optimizer_weights/")]
    assert sorted({*checkpoint} - {*state}) == sorted(values)
    assert {checkpoint[name].name.kind for name in state} == {"optimizer_state", "slot"}
    assert checkpoint["optimizer_weights/training/Adam/one/kernel/m"].name.slot_of == "one/kernel"
    assert {checkpoint[name].name.kind for name in values} == {"variable"}


def model():
    x = keras.Input((4,))
    y = layers.BatchNormalization(name="middle")(layers.Dense(6, name="first")(x))
    return keras.Model(x, layers.Dense(2, name="last")(layers.Dense(3, name="inner")(y)))


@pytest.mark.parametrize("name", ["weights.h5", "whole.h5"])
def test_they_are_planned_and_converted(name, values):
    plan = plan_migration(FOLDER / name, net := model())
    assert plan.complete, str(plan)
    convert(plan, net)
    assert_arrays_equal(net.get_layer("first").kernel, values["one/kernel"])
    assert_arrays_equal(net.get_layer("inner").kernel, values["inside/kernel"])
    assert_arrays_equal(net.get_layer("middle").moving_variance, values["norm/moving_variance"])


@pytest.mark.parametrize("suffix", [".weights.h5", ".keras"])
def test_of_our_own_files_weights_go_by_their_paths(tmp_path, suffix):
    path = str(tmp_path / f"m{suffix}")
    value = {"first/kernel": np.arange(24, dtype="f4").reshape(4, 6)}
    export_weights(model(), path, lambda w: value.get(w.path, np.zeros(w.shape, w.dtype)))
    checkpoint = open_checkpoint(path)
    assert "middle/gamma" in checkpoint
    assert_arrays_equal(checkpoint["first/kernel"].read(), value["first/kernel"])


def test_a_changed_byte_of_our_own_file_is_noticed(tmp_path):
    path = tmp_path / "m.weights.h5"
    export_weights(model(), path, lambda w: np.full(w.shape, 0.625, w.dtype))
    data = bytearray(path.read_bytes())
    data[data.index(np.full(24, 0.625, "f4").tobytes()) + 1] ^= 1
    path.write_bytes(data)
    checkpoint = open_checkpoint(path)
    with pytest.raises(CorruptCheckpointError, match="aren't those that were written"):
        checkpoint["first/kernel"].read()


@pytest.mark.parametrize("name", ["m.weights.h5", "m.keras"])
def test_keras_own_files_are_read(tmp_path, name):
    net = keras.Sequential([keras.Input((4,)), layers.Dense(6, name="d")])
    net.compile("adam", "mse")
    net.train_on_batch(np.ones((2, 4)), np.ones((2, 6)))
    save = net.save if name.endswith(".keras") else net.save_weights
    save(tmp_path / name)
    checkpoint = open_checkpoint(tmp_path / name)
    assert_arrays_equal(checkpoint["layers/dense/vars/0"].read(), np.asarray(net.layers[0].kernel))
    assert checkpoint["optimizer/vars/0"].name.kind == "optimizer_state"


def changed(tmp_path, change):
    path = shutil.copy(FOLDER / "weights.h5", tmp_path / "m.h5")
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def without_one(file):
    del file["one/one/kernel:0"]


def without_layer(file):
    del file["two"]


def of_numbers(file):
    del file.attrs["layer_names"]
    file.attrs["layer_names"] = [1, 2]


BAD = {
    without_one: "'one/one/kernel:0' is listed and isn't there",
    without_layer: "layer 'two' is listed and isn't there",
    of_numbers: "'layer_names' isn't a list of texts",
}


@pytest.mark.parametrize("change", BAD)
def test_lists_that_lead_nowhere_are_damage(tmp_path, change):
    path = changed(tmp_path, change)
    with pytest.raises(CorruptCheckpointError, match=BAD[change]) as caught:
        open_checkpoint(path)
    assert str(caught.value).startswith(str(path))


def test_names_that_two_layers_share_have_the_layer_before_them(tmp_path):
    def same(file):
        for layer in ("one", "two"):
            weight = file[layer].attrs["weight_names"][0].decode()
            file.move(f"{layer}/{weight}", f"{layer}/w:0")
            names = [b"w:0", *file[layer].attrs["weight_names"][1:]]
            file[layer].attrs["weight_names"] = np.array(names, "S20")

    checkpoint = open_checkpoint(changed(tmp_path, same))
    assert {"one/w", "two/w"} <= {*checkpoint}


def test_what_is_no_hdf5_says_so(tmp_path):
    (tmp_path / "m.h5").write_bytes(b"x" * 99)
    with pytest.raises(CorruptCheckpointError, match=r"m\.h5: expected a file of Keras' weights"):
        open_checkpoint(tmp_path / "m.h5")


def test_diff_takes_them_on_either_side(capsys):
    with pytest.raises(SystemExit) as exit_:
        run(
            [
                "diff",
                f"--checkpoint={FOLDER / 'weights.h5'}",
                f"--other={FOLDER / 'whole.h5'}",
                "--format=json",
            ]
        )
    assert exit_.value.code == 1
    out = capsys.readouterr().out
    assert '"what": "values"' not in out
    assert "optimizer_weights/training/Adam/iter" in out


def test_an_archive_is_compared_as_the_model_that_it_is(tmp_path, capsys):
    path = str(tmp_path / "m.keras")
    plan = plan_migration(FOLDER / "weights.h5", net := model())
    convert(plan, net, output=path)
    with pytest.raises(SystemExit) as exit_:
        run(["diff", f"--checkpoint={FOLDER / 'weights.h5'}", f"--other={path}"])
    assert (exit_.value.code, capsys.readouterr().out) == (0, "all 10 are equal\n")


def test_they_are_read_without_keras_and_tensorflow():
    program = """
import sys, tf1compat.keras3
from tf1compat.checkpoint import open_checkpoint
for path in sys.argv[1:]:
    for entry in open_checkpoint(path).values():
        entry.read()
print({"keras", "tensorflow"} & {*sys.modules})
"""
    command = [sys.executable, "-c", program, FOLDER / "whole.h5", ARCHIVE]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_members_of_one_name_are_refused(tmp_path):
    """Which of them is read would be up to the reader: what was looked at may not be loaded."""
    path = tmp_path / "m.keras"
    shutil.copy(ARCHIVE, path)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("config.json", "{}")
    with pytest.raises(CorruptCheckpointError, match=r"m\.keras: .*the member 'config.json' 2 t"):
        open_checkpoint(path)
    with pytest.raises(ModelError, match=r"read as a \.keras file: the member 'config.json' 2"):
        lazy_model(str(path))
