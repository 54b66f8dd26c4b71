"""Kernels by PyTorch's names: turned where nothing else fits, and else asked about."""

import keras
import numpy as np
import pytest
import safetensors.numpy

from tf1compat.migration import convert, plan_migration
from tf1compat.names import Rule
from tf1compat.testing import assert_arrays_close, assert_arrays_equal

RNG = np.random.default_rng(0)


def planned(tmp_path, model, rules=(), **values):
    path = str(tmp_path / "m.safetensors")
    named = {name.replace("__", "."): value.astype("f4") for name, value in values.items()}
    safetensors.numpy.save_file(named, path, metadata={"format": "pt"})
    return plan_migration(path, model, rules)


def layout_of(plan):
    return {fill.target: str(fill.layout) for fill in plan.fills}["fc/kernel"]


def dense(inputs, outputs):
    return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(outputs, name="fc")])


def test_a_kernel_that_fits_turned_alone_is_turned(tmp_path):
    model = dense(3, 5)
    values = {"fc__weight": RNG.normal(size=(5, 3)), "fc__bias": RNG.normal(size=5)}
    plan = planned(tmp_path, model, **values)
    assert plan.complete
    assert layout_of(plan) == "transpose(1, 0)"
    convert(plan, model)
    x = RNG.normal(size=(2, 3)).astype("f4")
    expected = x @ values["fc__weight"].astype("f4").T + values["fc__bias"].astype("f4")
    assert_arrays_close(model(x), expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(4, 4), (5, 3)])
def test_what_would_fit_either_way_is_asked_about(tmp_path, shape):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, name="fc")])
    if shape == (5, 3):  # a table of that shape is wanted as well
        ids = keras.Input((1,), dtype="int32")
        rows = keras.layers.Embedding(5, 3, name="table")(ids)
        model = keras.Model(ids, keras.layers.Dense(5, name="fc", use_bias=False)(rows))
    plan = planned(tmp_path, model, fc__weight=np.ones(shape))
    assert not plan.complete
    (problem,) = (one for one in plan.unexplained if one.name == "fc.weight")
    assert "layout='transpose(1, 0)' for a Dense; a table is as it stands" in str(problem)


def test_a_rule_answers(tmp_path):
    model, value = dense(4, 4), RNG.normal(size=(4, 4))
    rule = Rule(source="fc.weight", target="fc/kernel", layout="transpose(1, 0)")
    plan = planned(tmp_path, model, [rule], fc__weight=value, fc__bias=np.ones(4))
    assert plan.complete
    convert(plan, model)
    assert_arrays_equal(model.get_layer("fc").kernel, value.astype("f4").T)


@pytest.mark.parametrize(
    ("name", "shape", "said"),
    [
        ("c__weight", (8, 3, 5), "transpose(2, 1, 0)"),
        ("c__weight", (8, 3, 5, 5), "transpose(2, 3, 1, 0)"),
        ("c__weight", (8, 3, 5, 5, 5), "transpose(2, 3, 4, 1, 0)"),
        ("rnn__weight_ih_l0", (16, 4), "gates in rows"),
        ("rnn__bias_hh_l0", (16,), "two biases to add"),
    ],
)
def test_others_are_asked_about(tmp_path, name, shape, said):
    plan = planned(tmp_path, dense(2, 2), **{name: np.zeros(shape)})
    (problem,) = plan.unexplained
    assert said in str(problem)


def test_names_of_tensorflow_are_not_pytorchs(tmp_path):
    plan = planned(tmp_path, dense(4, 4), **{"fc/weight": np.eye(4), "fc/bias": np.ones(4)})
    assert plan.complete
    assert layout_of(plan) == "identity"
