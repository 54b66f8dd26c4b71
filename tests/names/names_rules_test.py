"""Single rules: their three forms, functions, and what is refused with which words."""

import copy
import pickle

import pytest

from tf1compat.errors import RuleError
from tf1compat.names import Dropped, Rule, rule


def test_a_mapping_rule_matches_whole_names_only():
    made = Rule(r"conv(\d)/w", r"conv_\1/kernel")
    assert made.apply("conv1/w") == "conv_1/kernel"
    for other in ("conv10/w", "a/conv1/w", "conv1/w/Adam", "conv1/w\n"):
        assert made.apply(other) is None
    assert (made.action, made.reason, made.pattern) == ("map", "", r"conv(\d)/w")


def test_a_dropping_rule_gives_its_reason():
    made = Rule("opt/.*", drop="training only")
    assert made.apply("opt/lr") == Dropped("training only")
    assert (made.action, made.reason) == ("drop", "training only")


def test_a_keeping_rule_is_about_targets():
    made = Rule(target="head/.*", keep="trained from scratch")
    assert made.matches("head/kernel")
    assert not made.matches("my/head/kernel")
    assert (made.action, made.reason) == ("keep", "trained from scratch")
    with pytest.raises(RuleError, match="applies to targets"):
        made.apply("head/kernel")


def test_alternatives_are_matched_as_a_whole():
    assert Rule("a|ab", "x").apply("ab") == "x"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "found nothing"),
        ({"source": "a"}, "add target='...', or drop='<reason>'"),
        ({"target": "a"}, "add source='...', or keep='<reason>'"),
        ({"source": "a", "target": "b", "drop": "c"}, "found drop + source + target"),
        ({"source": "a", "keep": "c"}, "found keep + source"),
        ({"source": "a", "drop": ""}, "drop: expected a reason, found nothing"),
        ({"source": "a", "drop": "  "}, "drop: expected a reason, found nothing"),
        ({"target": "a", "keep": ""}, "keep: expected a reason, found nothing"),
        ({"target": "a", "keep": "why", "layout": "transpose"}, "remove it"),
        ({"source": "(a", "target": "b"}, "source: expected a regular expression, found '(a'"),
        ({"source": "*", "drop": "b"}, "nothing to repeat"),
        ({"target": "(a", "keep": "b"}, "target: expected a regular expression"),
        ({"source": "", "target": "b"}, "found an empty one"),
        ({"source": "a", "target": " "}, "target: expected a target's name"),
        ({"source": "(a)(b)", "target": r"\3"}, r"expected a group from 1 to 2, found '\\3'"),
        ({"source": "a", "target": r"\g<x>"}, "no named group"),
        ({"source": 3, "target": "b"}, "source: expected text, found 3"),
        ({"scope": "a"}, "a rule about a whole layer has scope='...' and layer='...'"),
        ({"scope": "a", "layer": "b", "drop": "c"}, "found drop + layer + scope"),
        ({"scope": "(a", "layer": "b"}, "scope: expected a regular expression"),
        ({"scope": "a", "layer": r"\1"}, "add the group in parentheses to the scope"),
        ({"scope": "a", "layer": "b", "layout": "x"}, "expected no layout beside scope + layer"),
        ({"source": "a", "role": "mean"}, "role: expected one of kernel, "),
        ({"source": "a", "target": "b", "copy_of": "c"}, "no copy_of beside source + target"),
        ({"source": "a", "drop": "b", "copy_of": r"\1"}, "copy_of: expected a group from 1 to 0"),
        ({"source": "a", "target": "b", "shared": "yes"}, "true, or no such key, found 'yes'"),
        ({"source": "a", "target": "b", "cross_roles": 1}, "cross_roles: expected true"),
        (
            {"source": "a", "target": "b", "source_vocabulary": "c"},
            "expected source_vocabulary and target_vocabulary together, without a layout",
        ),
        (
            {
                **{"source": "a", "target": "b", "layout": "l"},
                **{"source_vocabulary": "c", "target_vocabulary": "d"},
            },
            "found layout + source_vocabulary + target_vocabulary",
        ),
        ({"source": "a", "drop": True}, "drop: expected text, found True"),
        ({"target": print, "keep": "b"}, "target: expected text"),
        ({"source": "a(?!b)", "drop": "b"}, "source: expected a regular expression without look-"),
        ({"source": "(?:a{900}){900}", "drop": "b"}, "source: expected a smaller regular"),
        ({"source": "x" * 20_000, "drop": "b"}, "at most 10,000 characters"),
    ],
)
def test_a_bad_rule_is_refused_when_it_is_made(fields, message):
    with pytest.raises(RuleError) as raised:
        Rule(**fields, origin="rules.toml:12")
    assert message in str(raised.value)
    assert "[rules.toml:12]" in str(raised.value)
    assert len(str(raised.value)) < 1000
    assert raised.value.problems


def test_all_problems_of_a_rule_come_at_once():
    with pytest.raises(RuleError) as raised:
        Rule("(a", drop="")
    assert [problem.name for problem in raised.value.problems] == ["drop", "source"]


@pytest.mark.parametrize("pattern", [r"((?:[^/]+/)*)kernel", r"(\d+)?", "(a+)+", "(?:.*)*"])
def test_nested_repeats_pass(pattern):
    assert Rule(pattern, drop="fine").action == "drop"


def test_what_a_pattern_cant_tell_of_a_name_is_an_error_of_the_rule():
    made = Rule(r"(.*)\bw", r"\1", origin="rules.toml:3")
    assert made.apply("a/w") == "a/"
    with pytest.raises(RuleError, match=r"слой/w: expected a name in ASCII .*\[rules.toml:3\]"):
        made.apply("слой/w")


def test_rules_are_copied_and_pickled_with_their_patterns():
    made = Rule(r"conv(\d)/w", r"conv_\1/kernel")
    for again in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made)):
        assert again == made
        assert again.apply("conv1/w") == "conv_1/kernel"


def test_unicode_names():
    assert Rule("слой(.*)/w", r"层\1").apply("слой1/w") == "层1"


def test_a_decorated_function():
    @rule(r"block(\d+)/(w|b)", layout="transpose")
    def renamed(match):
        return Dropped("bias-free") if match[2] == "b" else f"b{int(match[1]) + 1}"

    assert renamed.apply("block9/w") == "b10"
    assert renamed.apply("block9/b") == Dropped("bias-free")
    assert renamed.apply("block/w") is None
    assert renamed.layout == "transpose"
    assert renamed.origin.endswith("renamed")
    assert __name__ in renamed.origin


@pytest.mark.parametrize("result", [None, "", 3, Dropped("")])
def test_a_function_that_returns_no_target(result):
    made = Rule("a", lambda match: result, origin="module.function")
    with pytest.raises(RuleError) as raised:
        made.apply("a")
    assert "expected a target name or Dropped(reason)" in str(raised.value)
    assert f"found {result!r}" in str(raised.value)
    assert "[module.function]" in str(raised.value)


def test_a_function_that_raises():
    made = Rule("a", lambda match: match[7], origin="module.function")
    with pytest.raises(RuleError, match="IndexError: no such group") as raised:
        made.apply("a")
    assert isinstance(raised.value.__cause__, IndexError)


def test_a_decorator_on_a_bad_pattern():
    with pytest.raises(RuleError, match="expected a regular expression"):
        rule("(")(lambda match: "x")


@pytest.mark.parametrize(
    ("pattern", "name"),
    [("a/w", "a/w"), (r"a\.b", "a.b"), (r"a\.b\-c/w:0", "a.b-c/w:0"), ("a.b", None), (r"\d", None)],
)
def test_literal_patterns_are_seen(pattern, name):
    made = Rule(pattern, drop="x")
    assert made.literal == name
    assert name is None or made.matches(name)


def test_a_name_that_a_rule_makes_far_too_long_is_its_error():
    made = Rule("(a*)", r"\1" * 100, origin="r.toml:3")
    with pytest.raises(RuleError, match=r"a name of at most 4,200 characters.* \[r\.toml:3\]"):
        made.apply("a" * 1000)
