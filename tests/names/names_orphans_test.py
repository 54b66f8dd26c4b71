"""Slots and averages whose variable isn't in the file."""

import pytest

from tf1compat.names import parse_names
from tf1compat.names.orphans import orphans

EMA = "ExponentialMovingAverage"


def _orphans(*names):
    return orphans(parse_names(names).values())


@pytest.mark.parametrize("slot", ["Adam", "Adam_1", "Momentum", "RMSProp", "adam_m", "Adagrad"])
def test_a_slot_without_its_variable(slot):
    assert _orphans("a/kernel", f"b/kernel/{slot}") == {
        f"b/kernel/{slot}": f"slot {slot} of b/kernel"
    }


def test_a_slot_that_has_its_variable_is_none():
    assert _orphans("a/kernel", "a/kernel/Adam", "Adam/kernel", "adam") == {}


def test_an_average_beside_trained_variables_is_one():
    assert _orphans("a/kernel", f"b/w/{EMA}") == {f"b/w/{EMA}": "moving average of b/w"}


def test_averages_instead_of_all_trained_variables_are_what_there_is():
    averages = [f"{n}/{EMA}" for n in ("a/kernel", "a/bias", "bn/gamma")]
    assert _orphans(*averages, "bn/moving_mean", "bn/moving_variance", "global_step") == {}
