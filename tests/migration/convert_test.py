"""Carrying a plan out into a live model: how often sources are read, and what is held meanwhile."""

import os
from collections import Counter

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import write_checkpoint
from tf1compat.checkpoint.formats import SOURCE_FORMATS, ArrayIndex, OneFile, StoredArray
from tf1compat.checkpoint.stored_types import stored_type_of
from tf1compat.errors import CorruptCheckpointError
from tf1compat.migration import convert, plan_migration
from tf1compat.names import Rule
from tf1compat.testing import assert_arrays_equal

SET_ASIDE = 64 * 2**20  # bytes that `convert` may hold of what it has checked


class Counted(OneFile):
    """Arrays that aren't in their file but made, each filled with its number; counts readings."""

    name, suffix, summary = "counted", ".counted", "made-up arrays"

    def __init__(self, shapes):
        self._shapes = shapes
        self.readings = Counter()

    def open(self, prefix):
        return ArrayIndex(
            [prefix],
            {
                name: StoredArray(
                    stored_type_of("float32"), shape, lambda name=name: self._read(name)
                )
                for name, shape in self._shapes.items()
            },
        )

    def _read(self, name):
        self.readings[name] += 1
        return np.full(self._shapes[name], list(self._shapes).index(name), np.float32)


def _model(shapes):
    """Returns a model with one kernel of each of these shapes, by the layers' names."""
    keras.utils.clear_session()
    layers = [keras.layers.Dense(n, use_bias=False, name=name) for name, (_, n) in shapes.items()]
    inputs = [keras.Input(shape[:1]) for shape in shapes.values()]
    return keras.Model(inputs, [layer(x) for layer, x in zip(layers, inputs, strict=True)])


def _readings(shapes, folder):
    """Returns how often each of some kernels is read for a live model, which must get them."""
    by_name = {f"block_{n}": shape for n, shape in enumerate(shapes)}
    model = _model(by_name)
    path = folder / "w.counted"
    path.touch()
    counted = Counted({f"{name}/kernel": shape for name, shape in by_name.items()})
    with SOURCE_FORMATS.with_(counted):
        convert(plan_migration(str(path), model), model)
    for number, (name, shape) in enumerate(by_name.items()):
        kernel = model.get_layer(name).kernel
        assert_arrays_equal(kernel, np.full(shape, number, np.float32))
    return [counted.readings[f"{name}/kernel"] for name in by_name]


def test_a_small_source_is_read_once_and_a_large_one_not_held(tmp_path):
    """Twice for the large: to check all of it before anything is assigned, and to assign it."""
    sixteenth = SET_ASIDE // 16 // 4  # elements of the largest that is held
    shapes = [(1, sixteenth + 1), (1, sixteenth), (2, 3)]
    assert _readings(shapes, tmp_path) == [2, 1, 1]


def test_damage_to_what_is_too_large_to_hold_leaves_the_model_as_it_was(tmp_path):
    prefix = str(tmp_path / "model.ckpt")
    write_checkpoint(
        prefix,
        {
            "a/kernel": np.ones((2, 3), np.float32),
            "b/kernel": np.ones((1, SET_ASIDE // 16), np.float32),
        },
    )
    with open(f"{prefix}.data-00000-of-00001", "r+b") as file:
        file.seek(-5, os.SEEK_END)
        file.write(b"!")
    model = _model({"a": (2, 3), "b": (1, SET_ASIDE // 16)})
    before = [np.asarray(weight) for weight in model.weights]
    with pytest.raises(CorruptCheckpointError, match=r"nothing was assigned; .*'b/kernel'"):
        convert(plan_migration(prefix, model), model)
    for weight, value in zip(model.weights, before, strict=True):
        assert_arrays_equal(weight, value)


def test_of_large_sources_that_are_joined_each_is_checked_before(tmp_path):
    prefix, half = str(tmp_path / "model.ckpt"), np.ones((1, SET_ASIDE // 32), np.float32)
    small = np.ones((2, 3), np.float32)
    write_checkpoint(prefix, {"a/kernel": small, "left": half, "right": half})
    with open(f"{prefix}.data-00000-of-00001", "r+b") as file:
        file.seek(-5, os.SEEK_END)
        file.write(b"!")
    model = _model({"a": (2, 3), "b": (1, SET_ASIDE // 16)})
    before = [np.asarray(weight) for weight in model.weights]
    rules = [Rule(name, "b/kernel", layout="concatenate(1)") for name in ("left", "right")]
    with pytest.raises(CorruptCheckpointError, match=r"nothing was assigned; .*'right'"):
        convert(plan_migration(prefix, model, rules), model)
    for weight, value in zip(model.weights, before, strict=True):
        assert_arrays_equal(weight, value)


@pytest.mark.parametrize(("megabytes", "held"), [(1, 20), (3, 6)])
def test_what_is_held_leaves_room(tmp_path, megabytes, held):
    """Each that is held is at most a sixteenth of what is left of the memory set aside."""
    readings = _readings([(megabytes * 256, 1024)] * 20, tmp_path)
    assert readings == [1] * held + [2] * (20 - held)
