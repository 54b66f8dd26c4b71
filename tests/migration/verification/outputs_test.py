"""Outputs beside those that were recorded."""

import numpy as np
import pytest

from tf1compat.errors import VerificationError
from tf1compat.migration.verification.outputs import compare_outputs, name_outputs

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


def test_a_dict_of_outputs_goes_by_its_keys_or_else_in_order():
    outputs = {"b": np.zeros(1), "a": np.ones(1)}
    found = name_outputs(outputs, ["a", "b"])
    assert {name: value.tolist() for name, value in found.items()} == {"a": [1.0], "b": [0.0]}
    assert name_outputs(outputs, ["y"])["y"].tolist() == [0.0]
    with pytest.raises(VerificationError, match=r"expected 3 outputs \(a, b, c\), found 2"):
        name_outputs(outputs, ["a", "b", "c"])
