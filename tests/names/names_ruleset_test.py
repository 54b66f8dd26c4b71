"""Rule sets: order, both sides, and problems instead of silence."""

import pytest

from tf1compat.errors import RuleError
from tf1compat.names import Dropped, Rule, RuleSet, rule, ruleset


def problems_of(rules, sources, targets=None):
    return [str(problem) for problem in RuleSet(rules).apply(sources, targets=targets).problems]


def test_the_first_rule_that_matches_decides():
    rules = RuleSet([Rule("a/w", "first"), Rule("a/(.*)", r"second/\1"), Rule("a/b", drop="late")])
    outcome = rules.apply(["a/w", "a/b", "c"])
    assert {name: found.target for name, found in outcome.sources.items()} == {
        "a/w": "first",
        "a/b": "second/b",
    }
    assert outcome.sources["a/b"].rule is rules[1]


def test_a_pattern_before_an_exact_name_wins():
    outcome = RuleSet([Rule("a/.*", drop="all"), Rule("a/w", "x")]).apply(["a/w"])
    assert outcome.sources["a/w"].reason == "all"


def test_reasons_layouts_and_kept_targets():
    rules = [
        Rule("w", "k", layout="transpose"),
        Rule("opt", drop="training"),
        Rule(target="head/.*", keep="new head"),
    ]
    outcome = RuleSet(rules).apply(["w", "opt"], targets=["k", "head/b", "other"]).check()
    assert outcome.sources["w"].layout == "transpose"
    assert outcome.sources["opt"].target is None
    assert outcome.sources["opt"].reason == "training"
    assert {path: found.reason for path, found in outcome.kept.items()} == {"head/b": "new head"}


def test_two_sources_for_one_target():
    (problem,) = problems_of([Rule("(a|b|c)/w", "k", origin="r:1")], ["a/w", "b/w", "c/w"])
    assert problem.startswith("k: expected one source, found a/w, b/w, c/w [r:1]")


def test_a_rule_that_matches_nothing_names_the_nearest():
    (problem,) = problems_of([Rule("fc/weight", drop="x", origin="r:1")], ["fc/weights", "fc/b"])
    assert "a source that the whole pattern matches, found none [r:1]" in problem
    assert "nearest: fc/weights" in problem


def test_a_rule_in_the_shadow_of_another_says_whose():
    rules = [Rule("a/.*", drop="x", origin="r:1"), Rule("a/w", "k", origin="r:2")]
    (problem,) = problems_of(rules, ["a/w"])
    assert "none left: a/w was taken by 'a/.*' [r:1]" in problem
    assert "put the rule further up" in problem


def test_the_same_rule_twice_is_a_problem():
    once = Rule("a", "b")
    assert len(problems_of([once, once], ["a"])) == 1


def test_keeping_rules_wait_for_targets():
    rules = [Rule(target="head", keep="why")]
    assert problems_of(rules, ["w"]) == []
    (problem,) = problems_of(rules, ["w"], ["heads"])
    assert "expected a target that the whole pattern matches, found none" in problem


def test_a_target_that_the_model_does_not_have():
    (problem,) = problems_of([Rule("w", "fc/kernal", origin="r:1")], ["w"], ["fc/kernel", "fc/b"])
    assert problem == (
        "w: expected a target of the model, found fc/kernal [r:1]; nearest: fc/kernel, fc/b"
    )


def test_a_target_both_filled_and_kept():
    rules = [Rule("w", "k", origin="r:1"), Rule(target="k", keep="why", origin="r:2")]
    (problem,) = problems_of(rules, ["w"], ["k"])
    assert "both: w goes there, and it is kept (why) [r:1, r:2]" in problem


def test_failing_functions_are_collected():
    @rule("(.*)/w")
    def careless(match):
        return {"a": "x"}[match[1]]

    outcome = RuleSet([careless]).apply(["a/w", "b/w", "c/w"])
    assert [problem.name for problem in outcome.problems] == ["'b/w'", "'c/w'"]
    assert "KeyError" in outcome.problems[0].found


def test_check_raises_all_at_once():
    outcome = RuleSet([Rule("x", drop="d"), Rule("y", drop="d")]).apply(["a"])
    with pytest.raises(RuleError, match=r"2 problem\(s\) with the rules") as raised:
        outcome.check()
    assert raised.value.problems == outcome.problems


def test_is_an_immutable_sequence():
    rules = RuleSet([Rule("a", "b"), Rule("c", "d")])
    assert len(rules) == 2
    assert rules[0] == Rule("a", "b")
    assert rules[1:] == RuleSet([Rule("c", "d")])
    assert hash(rules) == hash(RuleSet(list(rules)))
    assert not RuleSet()
    assert "Rule(source='a'" in repr(rules)


def test_only_rules_are_rules():
    with pytest.raises(RuleError, match="expected a Rule, found 'a'"):
        RuleSet(["a"])


def test_thousands_of_exact_rules():
    names = [f"layer_{i}/w.x" for i in range(5000)]
    rules = [Rule(name.replace(".", r"\."), name.upper()) for name in names]
    outcome = RuleSet([Rule("layer_7/.*", drop="seven"), *rules]).apply(names)
    assert len(outcome.sources) == 5000
    assert outcome.sources["layer_7/w.x"].reason == "seven"
    assert outcome.sources["layer_77/w.x"].target == "LAYER_77/W.X"
    assert [problem.name for problem in outcome.problems] == [r"layer_7/w\.x"]


def test_drop_from_a_function_in_a_set():
    outcome = RuleSet([Rule("a", lambda match: Dropped("unused"))]).apply(["a"])
    assert outcome.sources["a"].reason == "unused"


def test_rules_that_took_nothing_are_told_in_the_time_of_a_glance(monkeypatch):
    """Names that others took are put together once, not for each such rule."""
    looked_at = []
    monkeypatch.setattr(ruleset, "_idle", lambda rule, names, taken: looked_at.append(taken))
    rules = RuleSet(Rule(f"layer_{number}/w", drop="old") for number in range(9))
    rules.apply([f"layer_{number}/w" for number in range(5)])
    assert len(looked_at) == 4
    assert all(taken is looked_at[0] for taken in looked_at)
