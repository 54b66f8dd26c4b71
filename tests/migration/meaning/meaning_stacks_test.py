"""Layers with a weight each on one side, and in one weight, layer by layer, on the other."""

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import write_checkpoint
from tf1compat.keras3 import index_model
from tf1compat.migration import convert, plan_migration
from tf1compat.testing import assert_arrays_close, assert_arrays_equal

LAYERS, UNITS = 3, 4
SHAPES = {"kernel": (UNITS, UNITS), "bias": (UNITS,)}


class Scan(keras.layers.Layer):
    """Dense layers one after the other, their weights in one."""

    def build(self, _):
        self.kernel = self.add_weight(shape=(LAYERS, UNITS, UNITS), name="kernel")
        self.bias = self.add_weight(shape=(LAYERS, UNITS), name="bias")

    def call(self, x):
        for i in range(LAYERS):
            x = keras.ops.tanh(x @ self.kernel[i] + self.bias[i])
        return x


def _model(*layers):
    x = h = keras.Input((UNITS,))
    for layer in layers:
        h = layer(h)
    return index_model(keras.Model(x, h))


def _dense(*names):
    return [keras.layers.Dense(UNITS, activation="tanh", name=name) for name in names]


def _saved(folder, shapes):
    rng = np.random.default_rng(0)
    arrays = {name: rng.normal(size=shape).astype("float32") for name, shape in shapes.items()}
    write_checkpoint(folder / "model.ckpt", arrays)
    return folder / "model.ckpt", arrays


def _computed(arrays, names):
    """Returns what layers of these names make of ones."""
    x = np.ones((1, UNITS), np.float32)
    for name in names:
        x = np.tanh(x @ arrays[f"{name}/kernel"] + arrays[f"{name}/bias"])
    return x


NAMES = {
    "numbered": [f"enc/layer_{i}/dense" for i in range(LAYERS)],
    "from_one": [f"enc/layer{i}" for i in range(1, LAYERS + 1)],
    "first_without": ["dense", "dense_1", "dense_2"],
}


@pytest.mark.parametrize("style", NAMES)
def test_numbered_layers_go_into_a_stack(style, tmp_path):
    names = NAMES[style]
    # Not in the order of their numbers, as a file may be.
    shapes = {f"{n}/{k}": s for n in reversed(names) for k, s in SHAPES.items()}
    prefix, arrays = _saved(tmp_path, shapes)
    index = _model(Scan(name="scan"))
    plan = plan_migration(prefix, index)
    assert plan.complete, str(plan)
    convert(plan, index)
    found = keras.ops.convert_to_numpy(index.model(np.ones((1, UNITS), np.float32)))
    assert_arrays_close(found, _computed(arrays, names), rtol=1e-5, atol=1e-6)
    other = _computed(arrays, names[::-1])
    assert np.abs(found - other).max() > 1e-3


def test_a_stack_is_taken_apart_for_numbered_layers(tmp_path):
    prefix, arrays = _saved(tmp_path, {f"layers/{k}": (LAYERS, *s) for k, s in SHAPES.items()})
    index = _model(*_dense("layer_0", "layer_1", "layer_2"))
    plan = plan_migration(prefix, index)
    assert plan.complete, str(plan)
    convert(plan, index)
    for path, weight in index.items():
        number, leaf = int(path[len("layer_")]), path.rpartition("/")[2]
        assert_arrays_equal(
            keras.ops.convert_to_numpy(weight.variable), arrays[f"layers/{leaf}"][number]
        )


def test_layers_that_stand_otherwise_than_their_numbers_are_asked(tmp_path):
    prefix, _ = _saved(tmp_path, {f"layers/{k}": (LAYERS, *s) for k, s in SHAPES.items()})
    plan = plan_migration(prefix, _model(*_dense("layer_2", "layer_0", "layer_1")))
    assert not plan.fills
    assert plan.ambiguities


def test_a_missing_number_is_no_stack(tmp_path):
    shapes = {f"layer_{i}/{k}": s for i in (0, 1, 3) for k, s in SHAPES.items()}
    prefix, _ = _saved(tmp_path, shapes)
    assert not plan_migration(prefix, _model(Scan(name="scan"))).fills


def test_a_number_of_thousands_of_digits_is_of_no_stack(tmp_path):
    """Python refuses to make a number of so many."""
    shapes = {f"layer_{i}/{k}": s for i in (0, 1, "9" * 5000) for k, s in SHAPES.items()}
    prefix, _ = _saved(tmp_path, shapes)
    assert not plan_migration(prefix, _model(Scan(name="scan"))).fills


def test_a_convolution_is_no_stack(tmp_path):
    """Of shape alone, a kernel of [3, 4, 4] would be three dense layers'."""
    shapes = {"conv/kernel": (LAYERS, UNITS, UNITS), "conv/bias": (UNITS,)}
    prefix, _ = _saved(tmp_path, shapes)
    plan = plan_migration(prefix, _model(*_dense("dense_0", "dense_1", "dense_2")))
    assert not any(fill.target.endswith("kernel") for fill in plan.fills)


def test_numbers_of_two_levels_are_asked(tmp_path):
    shapes = {
        f"tower_{t}/layer_{i}/{k}": s
        for t in range(LAYERS)
        for i in range(LAYERS)
        for k, s in SHAPES.items()
    }
    prefix, _ = _saved(tmp_path, shapes)
    assert not plan_migration(prefix, _model(Scan(name="scan"))).fills
