"""Plans from a checkpoint of objects, which TensorFlow 1.15.5 saved of a Keras model."""

import pathlib

import keras
import numpy as np
import pytest

from tf1compat.errors import RuleError
from tf1compat.migration import convert, plan_migration
from tf1compat.names import Rule
from tf1compat.testing import assert_arrays_equal

TESTDATA = pathlib.Path(__file__).parents[2] / "checkpoint" / "testdata"
CHECKPOINT = TESTDATA / "object_based"
END = r"/\.ATTRIBUTES/VARIABLE_VALUE"


@pytest.fixture(scope="module")
def values():
    with np.load(TESTDATA / "object_based.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def model():
    inputs = keras.Input((4,))
    hidden = keras.layers.Dense(4, "relu", name="hidden_a")(inputs)
    hidden = keras.layers.BatchNormalization(name="norm")(hidden)
    return keras.Model(inputs, keras.layers.Dense(4, name="hidden_b")(hidden))


def sources(plan):
    return {fill.target: fill.sources for fill in plan.fills}


def test_saved_names_decide_and_training_is_dropped(model, values):
    plan = plan_migration(CHECKPOINT, model)
    assert plan.complete, str(plan)
    assert sources(plan)["hidden_b/kernel"] == ("net/layer_with_weights-2/kernel",)
    folded = {drop.because.folded for drop in plan.drops}
    assert {"slot m", "counter of saves", "object graph of an object-based checkpoint"} <= folded
    convert(plan, model)
    for layer in model.layers[1:]:
        for weight in layer.weights:
            assert_arrays_equal(weight, values[f"{layer.name}/{weight.path.rpartition('/')[2]}"])


@pytest.mark.parametrize(
    "source",
    [
        "net/layer_with_weights-0/(kernel|bias)",
        f"net/layer_with_weights-0/(kernel|bias){END}",
        "hidden_a/(kernel|bias)",
    ],
)
def test_rules_may_use_any_of_a_variable_s_names(model, source):
    swapped = [
        Rule(source, r"hidden_b/\1"),
        Rule("net/layer_with_weights-2/(kernel|bias)", r"hidden_a/\1"),
        Rule("_CHECKPOINTABLE_OBJECT_GRAPH", drop="names"),
    ]
    plan = plan_migration(CHECKPOINT, model, swapped)
    assert plan.complete, str(plan)
    assert sources(plan)["hidden_b/kernel"] == ("net/layer_with_weights-0/kernel",)
    assert "names" in {drop.because.facts.get("reason") for drop in plan.drops}


def test_the_first_rule_decides_by_whatever_name(model):
    rules = [Rule(f"net/.*{END}", drop="by its key"), Rule(".*", drop="the rest"), _keep()]
    reasons = {
        d.source: d.because.facts["reason"] for d in plan_migration(CHECKPOINT, model, rules).drops
    }
    assert reasons["net/layer_with_weights-0/bias"] == "by its key"
    assert reasons["step"] == "the rest"


def _keep():
    return Rule(target=".*", keep="afresh")


def test_an_idle_rule_is_still_an_error(model):
    with pytest.raises(RuleError, match=r"hidden_c/kernel: expected a source .* found none"):
        plan_migration(CHECKPOINT, model, [Rule("hidden_c/kernel", "hidden_a/kernel")])
