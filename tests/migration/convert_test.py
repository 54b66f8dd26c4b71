"""Carrying a plan out into a live model: how often sources are read, and what is held meanwhile."""

import dataclasses
import json
import os
from collections import Counter

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.checkpoint.source_formats import SOURCE_FORMATS, ArrayIndex, OneFile, StoredArray
from tf1compat.checkpoint.stored_types import stored_type_of
from tf1compat.errors import CorruptCheckpointError, PlanError
from tf1compat.migration import Plan, convert, plan_migration, verify_weights
from tf1compat.migration.layouts import LAYOUTS, Identity
from tf1compat.names import Rule
from tf1compat.testing import assert_arrays_equal

L = keras.layers
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


@pytest.mark.parametrize("kind", ["equal", "copy"])
def test_what_was_a_copy_when_planned_may_be_none(kind, tmp_path):
    """A plan is carried out with another checkpoint of the same run."""
    kernels = np.ones((3, 3), np.float32), np.eye(3, dtype=np.float32)
    early, late = str(tmp_path / "model-1"), str(tmp_path / "model-2")
    write_checkpoint(early, {"a/kernel": kernels[0], "b/kernel": kernels[0]})
    write_checkpoint(late, {"a/kernel": kernels[0], "b/kernel": kernels[1]})
    model = keras.Sequential([keras.Input((3,)), L.Dense(3, use_bias=False, name="d")])
    again = Rule("b/kernel", drop="again", copy_of="a/kernel")
    text = plan_migration(early, model, [Rule("a/kernel", "d/kernel"), again]).to_json()
    content = json.loads(text)
    content["drops"][0] |= {"kind": kind}
    plan = Plan.from_json(json.dumps(content))
    convert(plan, model)
    other = open_checkpoint(late)
    with pytest.raises(PlanError, match="b/kernel: expected the values of a/kernel, found others"):
        convert(plan, model, checkpoint=other)
    (problem,) = verify_weights(plan, model, checkpoint=other).problems
    assert problem.name == "b/kernel"


@dataclasses.dataclass(frozen=True)
class Scratch(Identity):
    """Gives the same array each time, with other values in it."""

    name = "toy_scratch"
    buffer = np.empty((3, 3), np.float32)

    def apply(self, *sources):
        self.buffer[:] = sources[0]
        return self.buffer


def test_a_layout_may_use_its_array_again(tmp_path):
    values = {f"{n}/kernel": np.full((3, 3), n, np.float32) for n in range(3)}
    write_checkpoint(tmp_path / "model.ckpt", values)
    dense = [L.Dense(3, use_bias=False, name=f"d{n}") for n in range(3)]
    model = keras.Sequential([keras.Input((3,)), *dense])
    rules = [Rule(r"(\d)/kernel", r"d\1/kernel", layout="toy_scratch")]
    with LAYOUTS.with_(Scratch):
        convert(plan_migration(str(tmp_path / "model.ckpt"), model, rules), model)
    for n, layer in enumerate(dense):
        assert_arrays_equal(layer.kernel.numpy(), values[f"{n}/kernel"])


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
