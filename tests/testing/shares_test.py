"""A share of cases keeps one of each kind, and all of them where that is asked for."""

import pytest
from shares import share

CASES = ["a1", "a2", "b1", "a3", "a4", "b2", "c1"]


def kind(case):
    return case[0]


@pytest.mark.parametrize(
    ("every", "of_kinds", "kept"),
    [
        (1, None, CASES),
        (3, None, ["a1", "a3", "c1"]),
        (2, kind, ["a1", "b1", "a3", "c1"]),
        (99, kind, ["a1", "b1", "c1"]),
    ],
)
def test_the_first_of_each_kind_and_each_so_many_after_it(every, of_kinds, kept):
    assert share(CASES, every, of_kinds, whole=False) == kept


def test_all_are_run_where_that_is_asked_for():
    assert share(iter(CASES), 99, kind, whole=True) == CASES
    assert share([], 2, whole=False) == []
