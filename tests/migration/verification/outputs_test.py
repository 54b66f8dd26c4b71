"""Outputs beside those that were recorded."""

import keras
import numpy as np
import pytest

from tf1compat.errors import VerificationError
from tf1compat.migration import Recording, verify_outputs
from tf1compat.migration.verification.outputs import compare_outputs, name_outputs
from tf1compat.testing import assert_arrays_equal

NAN, INF = np.nan, np.inf


@pytest.mark.parametrize(
    ("expected", "found", "largest", "relative"),
    [
        ([2.0, 4.0], [2.0, 3.0], 1.0, 0.25),
        ([2.0, NAN], [2.0, NAN], 0.0, 0.0),
        ([2.0, 4.0], [2.0, NAN], INF, INF),
        ([2.0, NAN], [2.0, 4.0], INF, INF),
        ([2.0, INF], [2.0, -INF], INF, INF),
        ([0.0], [1.0], 1.0, INF),
        ([NAN], [1.0], INF, INF),
    ],
)
def test_an_output_that_is_not_finite_where_the_other_is_differs(
    expected, found, largest, relative
):
    (one,) = compare_outputs({"y": np.array(expected)}, {"y": np.array(found)})
    assert (one.max_abs, one.max_rel) == (largest, relative)


def test_outputs_that_are_missing_or_of_another_shape():
    with pytest.raises(VerificationError, match="expected outputs y, found x"):
        compare_outputs({"y": np.ones(2)}, {"x": np.ones(2)})
    with pytest.raises(VerificationError, match=r"output y: expected shape \(2,\), found \(1,\)"):
        compare_outputs({"y": np.ones(2)}, {"y": np.ones(1)})


def test_a_dict_of_outputs_goes_by_its_keys():
    outputs = {"b": np.full(2, 2.0), "a": np.full(2, 1.0)}
    named = name_outputs(outputs, ["a", "b"])
    assert_arrays_equal(named["a"], outputs["a"])
    assert_arrays_equal(named["b"], outputs["b"])


def _two_heads():
    x = keras.Input((3,))
    return keras.Model(x, [keras.layers.Dense(2, name=name)(x) for name in ("mean", "spread")])


def test_recorded_outputs_go_by_the_names_that_the_model_has_for_its_own():
    model = _two_heads()
    x = np.eye(3, dtype=np.float32)
    mean, spread = (keras.ops.convert_to_numpy(y) for y in model(x))
    turned = Recording({"x": x}, {"spread": spread, "mean": mean})
    assert verify_outputs(model, turned).equal
    assert not verify_outputs(model, Recording({"x": x}, {"a": spread, "b": mean})).equal


def test_a_recording_of_nothing_but_nan_tells_nothing():
    x = np.full((2, 3), np.nan, np.float32)
    recording = Recording({"x": x}, {"mean": np.full((2, 2), np.nan, np.float32)})
    (problem,) = verify_outputs(_two_heads(), recording).problems
    assert str(problem).startswith("mean: expected recorded numbers, found NaN alone")
