"""What a v1 graph says of its training, against what 1.15's schedules are defined to be."""

import numpy as np
import pytest

from tf1compat.checkpoint.meta.scalars import UnknownNumberError
from tf1compat.checkpoint.meta.training_steps import read_training_steps


def _rates(runs, name, steps):
    found = read_training_steps(runs / name / "model.ckpt.meta")
    tensor = found.steps[0].settings["rate"]
    return [found.scalars.value(tensor, {found.counter: np.int64(step)}.get) for step in steps]


@pytest.mark.parametrize(
    ("name", "schedule"),
    [
        ("momentum_decayed", lambda step: 0.02 * 0.9 ** (step / 10)),
        ("sgd_decayed", lambda step: 0.02 * 0.9 ** (step // 10)),
        ("nesterov", lambda step: 0.02 if step <= 50 else 0.005),
        ("adam_average", lambda step: 0.001 + 0.019 * (1 - min(step, 200) / 200)),
        ("adam", lambda step: 0.01),
    ],
)
def test_learning_rates_are_computed_at_any_step(runs, name, schedule):
    steps = (0, 9, 10, 50, 51, 333)
    expected = [schedule(step) for step in steps]
    assert _rates(runs, name, steps) == pytest.approx(expected, rel=1e-6)


def test_steps_tell_slots_and_settings(runs):
    found = read_training_steps(runs / "rmsprop_centered/model.ckpt.meta")
    step = next(one for one in found.steps if one.variable == "words/table")
    assert (step.optimizer, step.rows) == ("CenteredRMSProp", True)
    assert (step.known["nesterov"], step.known["centered"]) == (False, True)
    assert step.slots == {
        "rms": "words/table/RMSProp",
        "mg": "words/table/RMSProp_1",
        "momentum": "words/table/RMSProp_2",
    }
    momentum = found.scalars.value(step.settings["momentum"], lambda _: None)
    assert momentum == pytest.approx(0.5)


def test_steps_within_conditions_are_found(runs):
    """Loss scaling steps where gradients are finite: variables come through switches."""
    found = read_training_steps(runs / "loss_scaled/model.ckpt.meta")
    assert {step.variable: step.slots["accum"] for step in found.steps} == {
        name: f"{name}/Momentum"
        for name in ("hidden/kernel", "hidden/bias", "scores/kernel", "scores/bias")
    }


def test_what_no_file_tells_is_named(runs):
    found = read_training_steps(runs / "momentum_decayed/model.ckpt.meta")
    tensor = found.steps[0].settings["rate"]
    with pytest.raises(UnknownNumberError, match="the variable global_step"):
        found.scalars.value(tensor, lambda _: None)
    with pytest.raises(UnknownNumberError, match=r"images \(Placeholder\)"):
        found.scalars.value(("images", 0), lambda _: None)


def test_decays_of_averages_are_found(runs):
    found = read_training_steps(runs / "adam_average/model.ckpt.meta")
    tensor = found.decays["scores/kernel/ExponentialMovingAverage"]
    assert 1 - found.scalars.value(tensor, lambda _: None) == pytest.approx(0.95)
