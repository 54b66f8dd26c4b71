"""Natural order: numbers as numbers, total, without limits on length."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tf1compat.names import natural_key


def test_numbers_compare_as_numbers_and_scopes_stay_together():
    names = ["l10/w", "l2/w", "l2_b/w", "l2/b", "l2.x", "l1", "L3"]
    assert sorted(names, key=natural_key) == ["L3", "l1", "l2/b", "l2/w", "l2.x", "l2_b/w", "l10/w"]


def test_numbers_of_any_length():
    long = "l" + "9" * 10_000
    assert sorted([long + "0", long, "l1"], key=natural_key) == ["l1", long, long + "0"]


def test_leading_zeros_keep_the_order_total():
    assert natural_key("a1") != natural_key("a01")
    assert sorted(["a02", "a1", "a01", "a2"], key=natural_key) == ["a01", "a1", "a02", "a2"]


@given(st.lists(st.text("ab01_/", max_size=8)))
def test_any_names_sort_the_same_from_any_start(names):
    once = sorted(names, key=natural_key)
    backwards = once[::-1]
    backwards.sort(key=natural_key)
    assert backwards == once
    assert all(natural_key(a) < natural_key(b) for a, b in itertools.pairwise(once) if a != b)
