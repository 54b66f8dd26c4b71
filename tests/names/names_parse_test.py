"""One name alone: scope, leaf, partition, and scopes that end at their slash."""

import dataclasses

import pytest

from tf1compat.names import VariableName, in_scope, parse_name, strip_output
from tf1compat.names.parse import find_part, is_part


@pytest.mark.parametrize(
    ("name", "scope", "leaf", "part"),
    [
        ("conv/kernel", "conv", "kernel", None),
        ("a/b/c/w:0", "a/b/c", "w", None),
        ("w", "", "w", None),
        ("w:0", "", "w", None),
        ("w:12", "", "w", None),
        ("emb/table/part_0", "emb", "table", 0),
        ("emb/table/part_12:0", "emb", "table", 12),
        ("table/part_3", "", "table", 3),
        ("part_3", "", "part_3", None),
        ("emb/part_3/w", "emb/part_3", "w", None),
        ("emb/part_03", "emb", "part_03", None),
        ("emb/part_x", "emb", "part_x", None),
        ("emb/my_part_3", "emb", "my_part_3", None),
        ("", "", "", None),
        ("/", "", "", None),
        ("a/", "a", "", None),
        ("a:b", "", "a:b", None),
    ],
)
def test_scope_leaf_and_part(name, scope, leaf, part):
    parsed = parse_name(name)
    assert (parsed.scope, parsed.leaf, parsed.part) == (scope, leaf, part)
    assert parsed.full == name


def test_the_part_of_a_table_is_no_step_whatever_its_name():
    assert parse_name("train/global_step").kind == "global_step"
    assert parse_name("global_step/part_0").kind == "variable"


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("t/part_0", 0),
        ("t/part_12/Adam_1", 12),
        ("net/part_two/t/part_3/Adam", 3),  # the first is a scope, no part
        ("net/part_1/t/part_2/Adam", 2),  # the last: scopes stand in front
        ("net/part_1/t", 1),  # of this alone nobody can tell
        ("t/part_03", None),
        ("t/part_1x/Adam", None),
        ("part_1", None),
        ("t", None),
        ("", None),
    ],
)
def test_the_part_that_a_slot_is_of(name, part):
    assert find_part(name) == part


def test_components_that_are_of_parts():
    components = ("part_0", "part_12", "part_03", "part_", "part_1x", "my_part_1", "part", "")
    assert [is_part(component) for component in components] == [True, True] + [False] * 6


def test_global_step_by_its_leaf_only():
    assert parse_name("global_step").kind == "global_step"
    assert parse_name("train/global_step:0").kind == "global_step"
    assert parse_name("global_step/kernel").kind == "variable"
    assert parse_name("my_global_step").kind == "variable"


def test_a_lone_name_is_never_a_slot_or_shadow():
    for name in ("w/Adam", "w/ExponentialMovingAverage", "w/Momentum", "beta1_power"):
        assert parse_name(name).kind == "variable"


def test_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'leaf'"):
        parse_name("w").leaf = "v"
    assert parse_name("w:0") == VariableName("w:0", "", "w", "kernel")


@pytest.mark.parametrize(
    ("name", "scope", "inside"),
    [
        ("conv1/w", "conv1", True),
        ("conv1/w", "conv1/", True),
        ("conv10/w", "conv1", False),
        ("conv1_1/w", "conv1", False),
        ("conv1", "conv1", False),
        ("a/conv1/w", "conv1", False),
        ("a/b/c", "a/b", True),
        ("a/bc", "a/b", False),
        ("w", "", True),
        ("w", "/", True),
        ("a.b/w", "a.b", True),
        ("aXb/w", "a.b", False),
    ],
)
def test_a_scope_ends_at_its_slash(name, scope, inside):
    assert in_scope(name, scope) is inside


def test_strip_output_takes_only_a_final_number():
    assert [strip_output(n) for n in ("a:0", "a:0:1", "a:", "a:x", "a\n:0")] == [
        "a",
        "a:0",
        "a:",
        "a:x",
        "a\n",
    ]


@pytest.mark.parametrize(
    ("name", "scope", "role"),
    [
        # `ema.apply([mean, variance])` within a variable scope, without one, and of 0.x
        ("a/bn/a/bn/moments/Squeeze/ExponentialMovingAverage", "a/bn", "moving_mean"),
        ("a/bn/a/bn/moments/Squeeze_1/ExponentialMovingAverage", "a/bn", "moving_variance"),
        ("bn/moments_2/Squeeze_1/ExponentialMovingAverage_3", "bn", "moving_variance"),
        ("bn/moments/normalize/mean/ExponentialMovingAverage", "bn", "moving_mean"),
        ("moments/Squeeze/ExponentialMovingAverage", "", "moving_mean"),
        ("bn/Squeeze/ExponentialMovingAverage", "bn/Squeeze", "unknown"),
        ("bn/moments/Squeeze/kernel", "bn/moments/Squeeze", "kernel"),
    ],
)
def test_an_average_of_a_batch_s_moment_is_a_norm_s_statistic(name, scope, role):
    found = parse_name(name)
    assert (found.full, found.scope, found.role) == (name, scope, role)
