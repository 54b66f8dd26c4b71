"""Slots, powers and steps of a trained Keras optimizer on their way back, and 1.x training on."""

import json
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from shares import share
from training_runs import EACH_OPTIMIZER, after, compiled, given, losses, net

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.errors import UsageError, VerificationError
from tf1compat.keras3 import v1_optimizers
from tf1compat.migration import Plan, convert, convert_back, plan_migration
from tf1compat.migration.layouts.kept_numbers import power_later
from tf1compat.testing import assert_arrays_close, assert_arrays_equal

v1 = tf.compat.v1
TOLERANCE = 1e-5  # relative to the largest of each variable
STEPS = 6
BIAS = "rnn/basic_lstm_cell/bias"
_SOON = ("adam_dense", "momentum_dense")
_FIRST = (*_SOON, "rmsprop")
_EVERY = [x if x in _FIRST else pytest.param(x, marks=pytest.mark.slow) for x in EACH_OPTIMIZER]
# The way of slots through an LSTM's layouts is their weights' and proved by those.
_ON = [
    x if x in _SOON else pytest.param(x, marks=pytest.mark.slow)
    for x in [*_SOON, *share(("momentum", "adam"), 2)]
]


def brought(source, model):
    """Returns the plan by which a compiled model was filled from a checkpoint."""
    plan = plan_migration(source, model)
    convert(plan, model)
    return plan


def values_of(prefix):
    return {name: entry.read() for name, entry in open_checkpoint(prefix).items()}


def train(model, first):
    """Trains a few steps from batch number `first` on; returns the losses."""
    return losses(model, given.batches(first, STEPS))


def train_in_graph(prefix, first, output):
    """Restores a checkpoint and trains its graph a few steps; returns losses and variables."""
    with tf.Graph().as_default(), v1.Session() as session:
        saver = v1.train.import_meta_graph(prefix + ".meta")
        saver.restore(session, prefix)
        losses = []
        for batch in given.batches(first, STEPS):
            feeds = {f"{name}:0": value for name, value in batch.items()}
            losses.append(session.run(["loss:0", "group_deps"], feeds)[0])
        saver.save(session, output, write_meta_graph=False)
    return np.array(losses, "f4"), values_of(output)


@pytest.mark.parametrize("name", _EVERY)
def test_untouched_slots_and_steps_are_byte_for_byte_what_they_were(name, runs, filled, tmp_path):
    source = str(runs / name / "model.ckpt")
    plan, model = filled.look_at(name)
    done = convert_back(plan, model, output=tmp_path / "back")
    assert (done.slots, done.changed, done.stale, done.rounded) == ("follow", (), (), {})
    found, expected = values_of(tmp_path / "back"), values_of(source)
    assert list(found) == list(expected)
    for key, value in expected.items():
        assert_arrays_equal(found[key], value, key)
    assert "are as they were; slots and steps are the optimizer's" in str(done)


@pytest.mark.parametrize("name", _ON)
def test_the_v1_graph_trains_on_as_keras_would(name, filled, tmp_path):
    plan, model = filled.take(name)
    train(model, given.BEFORE)
    tuned, after = str(tmp_path / "tuned"), str(tmp_path / "after")
    done = convert_back(plan, model, output=tuned)
    assert set(done.changed) == set(plan.sources)
    assert int(values_of(tuned)["global_step"]) == given.BEFORE + STEPS
    losses, variables = train_in_graph(tuned, given.BEFORE + STEPS, after)
    assert_arrays_close(train(model, given.BEFORE + STEPS), losses, atol=TOLERANCE)
    convert_back(plan, model, output=tmp_path / "keras")
    found = values_of(tmp_path / "keras")
    for key, value in variables.items():
        assert_arrays_close(found[key], value, of_largest=TOLERANCE)
    for key in variables.keys() & {"beta1_power", "beta2_power", "global_step"}:
        assert_arrays_equal(found[key], variables[key], key)


@pytest.mark.slow
def test_an_lstms_bias_comes_back_to_a_few_last_bits_after_100_steps(runs, filled, tmp_path):
    """Keras keeps it with the forget gate's 1.0 in it, whose last bit each step rounds to."""
    plan, model = filled.take("momentum")
    losses(model, given.batches(given.BEFORE, given.AFTER))
    convert_back(plan, model, output=tmp_path / "back")
    found, expected = values_of(tmp_path / "back"), after(runs / "momentum")
    assert_arrays_close(found.pop(BIAS), expected[BIAS], atol=1e-6)
    for name, value in found.items():
        assert_arrays_close(value, expected[name], of_largest=TOLERANCE)


def test_a_power_underflows_as_in_1_15():
    """As 1.15.5 has it after 827 and after 828 steps."""
    first = np.asarray(0.9, "f4")
    assert power_later(first, 0.9, 827) == np.float32(1.2965468e-38)
    assert power_later(first, 0.9, 828) == 0
    assert_arrays_equal(power_later(first, 0.9, 0), first)


@pytest.fixture
def adam(runs, tmp_path):
    """A function that writes the checkpoint of Adam with other values; without a graph."""

    def write(**values):
        held = values_of(runs / "adam_dense/model.ckpt") | values
        write_checkpoint(tmp_path / "other", {k: v for k, v in held.items() if v is not None})
        return tmp_path / "other"

    return write


def _adam():
    model = net("dense")
    model.compile(optimizer=keras.optimizers.Adam(0.01, epsilon=1e-8), loss="mse")
    return model


def _powers(steps):
    return {
        f"beta{n}_power": np.multiply.accumulate(np.full(steps + 1, beta, "f4"))[-1]
        for n, beta in ((1, 0.9), (2, 0.999))
    }


@pytest.mark.parametrize(
    ("values", "counted", "expected"),
    [
        ({}, 7, 12),  # both powers agree with the step
        ({"global_step": None}, 7, None),  # a power tells it
        ({"global_step": np.int64(5000)}, 7, 5005),  # a power does, for they don't agree
    ],
)
def test_powers_and_counters_follow_the_optimizers_steps(adam, tmp_path, values, counted, expected):
    model = _adam()
    plan = Plan.from_json(brought(adam(**values), model).to_json())
    assert int(model.optimizer.iterations.numpy()) == counted
    model.optimizer.iterations.assign(counted + 5)
    done = convert_back(plan, model, output=tmp_path / "back")
    found = values_of(tmp_path / "back")
    for name, value in _powers(counted + 5).items():
        assert_arrays_equal(found[name], np.asarray(value), name)
    assert found.get("global_step") == expected
    assert done.stale == ()
    model.optimizer.iterations.assign(2)
    convert_back(plan, model, output=tmp_path / "again")
    found = values_of(tmp_path / "again")
    assert_arrays_equal(found["beta1_power"], np.asarray(_powers(2)["beta1_power"]))


def test_a_power_that_is_gone_stays_zero(adam, tmp_path):
    many = _powers(2000) | {"beta1_power": np.float32(0), "global_step": np.int64(2000)}
    model = _adam()
    plan = brought(adam(**many), model)
    assert convert_back(plan, model, output=tmp_path / "same").changed == ()
    model.optimizer.iterations.assign(2003)
    convert_back(plan, model, output=tmp_path / "back")
    found = values_of(tmp_path / "back")
    assert found["beta1_power"] == 0
    assert_arrays_equal(found["beta2_power"], np.asarray(_powers(2003)["beta2_power"]))


@pytest.mark.parametrize(("slots", "left"), [("keep", 15), ("drop", 5)])
def test_slots_may_stay_or_go_although_there_is_an_optimizer(runs, tmp_path, slots, left):
    model = compiled("adam_dense")
    plan = brought(runs / "adam_dense/model.ckpt", model)
    model.get_layer("hidden").kernel.assign_add(np.ones((61, 6), "f4"))
    done = convert_back(plan, model, output=tmp_path / "back", slots=slots)
    found, before = values_of(tmp_path / "back"), values_of(plan.checkpoint)
    assert len(found) == left
    assert done.changed == ("hidden/kernel",)
    for name in found.keys() - {"hidden/kernel"}:
        assert_arrays_equal(found[name], before[name], name)
    assert len(done.stale) == (2 if slots == "keep" else 0)
    assert f"slots are {'kept as they were' if slots == 'keep' else 'left out'}" in str(done)


@pytest.mark.parametrize("suffix", [".weights.h5", ".keras"])
def test_a_file_of_keras_holds_the_optimizer_or_not(runs, tmp_path, suffix):
    model = compiled("adam_dense")
    plan = brought(runs / "adam_dense/model.ckpt", model)
    train(model, given.BEFORE)
    file, alone = tmp_path / f"tuned{suffix}", tmp_path / f"alone{suffix}"
    model.save(file) if suffix == ".keras" else model.save_weights(file)
    plain = net("dense")
    plain.set_weights(model.get_weights())
    plain.save(alone) if suffix == ".keras" else plain.save_weights(alone)
    convert_back(plan, model, output=tmp_path / "live")
    other = compiled("adam_dense")
    assert convert_back(plan, other, output=tmp_path / "file", weights=file).slots == "follow"
    live, found = values_of(tmp_path / "live"), values_of(tmp_path / "file")
    for name, value in live.items():
        assert_arrays_equal(found[name], value, name)
    done = convert_back(plan, other, output=tmp_path / "alone", weights=alone)
    assert (done.slots, len(done.stale)) == ("keep", 8)
    with pytest.raises(VerificationError, match=r"optimizer/m/hidden/kernel: expected a value, f"):
        convert_back(plan, other, output=tmp_path / "no", weights=alone, slots="follow")
    assert not list(tmp_path.glob("no*"))


def test_a_schedule_scales_by_the_rate_of_the_next_step(runs, tmp_path):
    """Keras' SGD keeps the sum times the rate; 1.15 multiplies it by that of the next step."""
    model = net("dense")
    rate = keras.optimizers.schedules.ExponentialDecay(0.02, 10, 0.5)
    model.compile(optimizer=keras.optimizers.SGD(rate, momentum=0.9), loss="mse")
    plan = brought(runs / "momentum_dense/model.ckpt", model)
    assert convert_back(plan, model, output=tmp_path / "same").changed == ()
    velocity = model.optimizer.momentums[0].numpy()
    model.optimizer.iterations.assign(27)
    convert_back(plan, model, output=tmp_path / "back")
    expected = velocity / -np.float32(0.02 * 0.5**2.7)
    found = values_of(tmp_path / "back")["hidden/kernel/Momentum"]
    assert_arrays_close(found, expected, of_largest=1e-6)


def test_what_the_v1_graph_has_no_place_for_is_said(runs, tmp_path):
    model = net("dense")
    model.compile(optimizer=v1_optimizers.Adam(0.5, use_ema=True), loss="mse")
    plan = brought(runs / "adam_dense/model.ckpt", model)
    model.optimizer.learning_rate.assign(0.25)
    done = convert_back(plan, model, output=tmp_path / "back")
    assert done.changed == ()
    averages = {path for path in done.left if path.startswith("optimizer/average/")}
    assert len(averages) == 4
    assert done.left["optimizer/average/hidden/kernel"] == "hidden/kernel gets the weight itself"
    rate = {path: done.left[path] for path in done.left.keys() - averages}
    said = "0.25 now; the v1 graph has 0.01, in no variable"
    assert rate == {"optimizer/learning_rate": said}


@pytest.fixture(scope="module")
def averaged(runs):
    """A model whose averages went on from those of 1.15, and its plan."""
    model = compiled("adam_average")
    plan = brought(runs / "adam_average/model.ckpt", model)
    train(model, given.BEFORE)
    return plan, model


@pytest.mark.slow
@pytest.mark.parametrize("shadows", ["follow", "keep", "drop"])
def test_averages_of_1_15_are_those_of_keras_or_stay_or_go(shadows, averaged, tmp_path):
    plan, model = averaged
    done = convert_back(plan, model, output=tmp_path / "back", shadows=shadows)
    found, before = values_of(tmp_path / "back"), values_of(plan.checkpoint)
    name = "scores/kernel/ExponentialMovingAverage"
    averages = {key for key in before if key.endswith("/ExponentialMovingAverage")}
    assert {*done.stale} == (averages if shadows == "keep" else set())
    assert {*done.omitted} == (averages if shadows == "drop" else set())
    own = {"follow": model.optimizer._model_variables_moving_average[-2].numpy()}
    expected = {**own, "keep": before[name], "drop": None}[shadows]
    assert (name in found) == (expected is not None)
    if expected is not None:
        assert_arrays_equal(found[name], expected)


def test_slots_follow_what_a_plan_speaks_of(runs, tmp_path):
    model = net("dense")
    plan = brought(runs / "adam_dense/model.ckpt", model)
    with pytest.raises(
        UsageError, match="--slots=follow: expected a plan that fills the optimizer"
    ):
        convert_back(plan, model, output=tmp_path / "back", slots="follow")
    model.compile(optimizer=keras.optimizers.RMSprop(0.5), loss="mse")
    other = brought(runs / "adam_dense/model.ckpt", model)
    done = convert_back(other, model, output=tmp_path / "kept")
    assert (done.slots, done.changed) == ("keep", ())
    assert list(values_of(tmp_path / "kept")) == list(plan.sources)


def test_the_command_brings_slots_back_and_says_so(runs, tmp_path, monkeypatch, app):
    monkeypatch.chdir(pathlib.Path(__file__).parent)
    model = compiled("momentum_dense")
    brought(runs / "momentum_dense/model.ckpt", model)
    model.optimizer.momentums[0].assign(np.ones((61, 6), "f4"))
    model.save_weights(tmp_path / "tuned.weights.h5")
    given_ = ["back", str(runs / "momentum_dense/model.ckpt"), "training_runs:plain_momentum"]
    given_ += [f"--weights={tmp_path}/tuned.weights.h5", "--noprove"]
    status, out, _ = app(*given_, "--dry_run")
    assert status == 0
    row = next(line for line in out.split("\n") if line.startswith("hidden/kernel/Momentum "))
    assert row.endswith("from weights  optimizer/momentum/hidden/kernel [scale(-0.02)]")
    status, out, _ = app(*given_, str(tmp_path / "back"), "--format=json")
    back = json.loads(out)["back"]
    assert (status, back["slots"]) == (0, "follow")
    assert back["changed"] == ["hidden/kernel/Momentum"]
    found = values_of(tmp_path / "back")["hidden/kernel/Momentum"]
    assert_arrays_close(found, np.full((61, 6), -50, "f4"), of_largest=1e-6)
