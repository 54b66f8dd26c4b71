"""Loss scales and averages of losses: state of a run, told by name and by being scalars."""

import pytest

from tf1compat.names import parse_names
from tf1compat.names.training_state import training_reason


def _kind(name, shape=(), others=()):
    names = [name, *others]
    return parse_names(names, {one: shape if one == name else () for one in names})[name].kind


@pytest.mark.parametrize(
    "name",
    [
        *("current_loss_scale", "good_steps"),  # 1.15's own
        *("loss_scale", "train/bad_steps", "num_good_steps", "good_steps_1"),
    ],
)
def test_the_state_of_loss_scaling(name):
    assert _kind(name) == "loss_scale"
    assert _kind(name, (3,)) == "variable"


def test_an_average_of_a_loss_averages_no_variable():
    assert _kind("tower_0/total_loss/avg") == "loss_average"
    assert _kind("cross_entropy/ExponentialMovingAverage") == "loss_average"
    assert _kind("head/avg") == "variable"  # a layer may be called so
    assert _kind("glossary/avg") == "variable"


def test_an_average_of_a_scalar_variable_is_that_variables():
    assert _kind("loss/ExponentialMovingAverage", others=["loss"]) == "shadow"
    assert _kind("alpha/ExponentialMovingAverage") == "variable"
    assert _kind("loss/avg", others=["loss"]) == "variable"  # of one: nobody knows that leaf


def test_the_reason_says_what_it_is():
    name = parse_names(["good_steps"], {"good_steps": ()})["good_steps"]
    assert training_reason(name).text == "state of loss scaling"


def test_tensorpacks_averages_of_moments_are_the_statistics():
    names = ["conv0/bn/beta", "conv0/bn/mean/EMA", "conv0/bn/variance/EMA", "other/EMA"]
    parsed = parse_names(names)
    mean, variance = parsed[names[1]], parsed[names[2]]
    assert (mean.scope, mean.leaf, mean.role) == ("conv0/bn", "mean/EMA", "moving_mean")
    assert (variance.scope, variance.role) == ("conv0/bn", "moving_variance")
    assert (parsed["other/EMA"].scope, parsed["other/EMA"].role) == ("other", "unknown")


def test_an_average_of_a_variable_called_mean_is_none_of_a_statistic():
    parsed = parse_names(["bn/mean", "bn/mean/EMA"])
    assert parsed["bn/mean/EMA"].scope == "bn/mean"
