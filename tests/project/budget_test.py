"""Budgets of files: proportion and floor, what adds up and what doesn't, and the flag."""

import math

import pytest

from tf1compat.budget import Budget, Meter, budget_times
from tf1compat.errors import BudgetError, CheckpointError

KEYS = Meter("bytes of keys", each=4, least=1000)
DEPTH = Meter("levels", each=0, least=10)


def test_a_file_may_cost_what_its_size_warrants_and_any_file_a_little():
    small, large = Budget("small", 10), Budget("large", 10_000)
    small.spend(KEYS, 1000)
    large.spend(KEYS, 40_000)
    for budget in (small, large):
        with pytest.raises(BudgetError, match=r"reading it takes (1|40),001 bytes of keys or more"):
            budget.spend(KEYS, 1)


def test_the_error_names_file_what_grew_and_the_flag_that_allows_it():
    with pytest.raises(BudgetError) as caught:
        Budget("m.index", 300).spend(KEYS, 3000)
    assert (caught.value.file, caught.value.meter) == ("m.index", "bytes of keys")
    assert str(caught.value) == (
        "m.index: reading it takes 3,000 bytes of keys or more, and a file of 300 bytes is "
        "allowed 1,200; if you trust it, --budget=3 allows more"
    )
    with budget_times(3):
        Budget("m.index", 300).spend(KEYS, 3000)
    assert isinstance(caught.value, (CheckpointError, ValueError))


def test_meters_are_counted_apart_and_depths_do_not_add_up():
    budget = Budget("f", 0)
    for _ in range(3):
        budget.admit(DEPTH, 10)
    budget.spend(KEYS, 1000)
    with pytest.raises(BudgetError, match="takes 11 levels or more"):
        budget.admit(DEPTH, 11)


def test_a_file_keeps_the_budget_it_was_opened_with():
    with budget_times(2):
        kept = Budget("f", 0)
    kept.spend(KEYS, 2000)
    with pytest.raises(BudgetError, match="allowed 1,000"):
        Budget("f", 0).spend(KEYS, 1001)
    with budget_times(math.inf):
        Budget("f", 0).spend(KEYS, 1 << 80)
