"""Where two values differ, and by how much."""

import numpy as np
import pytest

from tf1compat.checkpoint.comparing import same_bits, unequal_elements
from tf1compat.testing import assert_arrays_equal

NAN, INF = np.nan, np.inf


@pytest.mark.parametrize(
    ("left", "right", "unequal", "gaps"),
    [
        ([1.0, NAN], [1.0, NAN], [False, False], []),
        ([1.0, 2.0], [1.0, NAN], [False, True], [NAN]),
        ([NAN, 2.0], [1.0, 2.0], [True, False], [NAN]),
        ([INF, -INF], [INF, INF], [False, True], [INF]),
        ([0.0], [-0.0], [False], []),
        ([], [], [], []),
    ],
)
def test_nan_equals_nothing_but_nan(left, right, unequal, gaps):
    where, by = unequal_elements(np.array(left), np.array(right))
    assert_arrays_equal(where, np.array(unequal, bool))
    assert_arrays_equal(by, np.array(gaps))


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_whole_numbers_that_no_double_tells_apart_differ(dtype):
    left = np.array([2**53, 2**63 - 1, 7], dtype)
    where, by = unequal_elements(left, left + np.array([1, -1, 0]).astype(dtype))
    assert_arrays_equal(where, np.array([True, True, False]))
    assert_arrays_equal(by, np.array([1.0, 1.0]))


def test_the_whole_range_of_integers_lies_between():
    ends = np.array([-(2**63), 2**63 - 1])
    _, by = unequal_elements(ends, ends[::-1].copy())
    assert_arrays_equal(by, np.array([2.0**64, 2.0**64]))


def test_complex_numbers_differ_by_their_distance():
    for pair in ([[1 + 1j], [4 + 5j]], [[4.0], [1 + 4j]], [[1 + 4j], [4.0]]):
        _, by = unequal_elements(*map(np.array, pair))
        assert_arrays_equal(by, np.array([5.0]))


def test_the_same_bytes_under_another_dtype_are_not_the_same():
    value = np.array([1.5, NAN], np.float32)
    assert same_bits(value, value.copy())
    assert not same_bits(value, value.view(np.int32))
    assert not same_bits(value, value.reshape(2, 1))
