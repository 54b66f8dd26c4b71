"""Assignment maps as tf.train.init_from_checkpoint documents them."""

import pytest

from tf1compat.errors import RuleError
from tf1compat.names import rules_from_assignment_map


def targets(assignment_map, names):
    outcome = rules_from_assignment_map(assignment_map).apply(names)
    return {name: found.target for name, found in outcome.sources.items()}


@pytest.mark.parametrize(
    ("assignment_map", "names", "expected"),
    [
        ({"old/": "new/"}, ["old/a/w", "older/w", "old"], {"old/a/w": "new/a/w"}),
        ({"a/b": "c/d"}, ["a/b", "a/bc", "x/a/b"], {"a/b": "c/d"}),
        ({"/": "x/"}, ["w", "a/w"], {"w": "x/w", "a/w": "x/a/w"}),
        ({"old/": "/"}, ["old/a/w", "b"], {"old/a/w": "a/w"}),
        ({"/": "/"}, ["a/w"], {"a/w": "a/w"}),
        ({"a.b/": "c/"}, ["a.b/w", "aXb/w"], {"a.b/w": "c/w"}),
        ({"a/": r"b\1/"}, ["a/w"], {"a/w": r"b\1/w"}),
        (
            {"a/w": "x", "a/": "y/", "/": "z/"},
            ["a/w", "a/b", "c"],
            dict(zip(["a/w", "a/b", "c"], ["x", "y/b", "z/c"], strict=True)),
        ),
        ({"/": "z/", "a/b/": "y/", "a/": "x/"}, ["a/b/w", "a/w"], {"a/b/w": "y/w", "a/w": "x/w"}),
        ({}, ["w"], {}),
    ],
)
def test_scopes_names_and_the_root(assignment_map, names, expected):
    assert targets(assignment_map, names) == expected


def test_an_entry_that_takes_nothing_is_a_problem():
    outcome = rules_from_assignment_map({"conv1/": "c/"}).apply(["conv10/w"])
    with pytest.raises(RuleError, match=r"assignment_map\['conv1/'\]"):
        outcome.check()


@pytest.mark.parametrize(
    ("assignment_map", "words"),
    [
        ({"old/": "new"}, "write 'new/'"),
        ({"old": "new/"}, "write 'old/' if it is a scope"),
        ({"": "x"}, "write '/' for the root"),
        ({"a": ""}, "write '/' for the root"),
        ({"a": 3}, "found str and int"),
        ({3: "a"}, "two names (strings)"),
    ],
)
def test_entries_that_pair_no_names(assignment_map, words):
    with pytest.raises(RuleError) as raised:
        rules_from_assignment_map(assignment_map)
    assert words in str(raised.value)


def test_all_bad_entries_at_once():
    with pytest.raises(RuleError) as raised:
        rules_from_assignment_map({"a/": "b", "c": "d/", "e": "f"})
    assert str(raised.value).splitlines() == [
        "An assignment map pairs names or scopes",
        "  a/: expected a scope that ends in '/', found 'b' [assignment_map['a/']]; write 'b/'",
        "  c: expected one variable's name, found the scope 'd/' [assignment_map['c']]; "
        "write 'c/' if it is a scope, or name one variable in 'd/'",
    ]
