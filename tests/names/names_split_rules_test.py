from tf1compat.names import Rule, RuleSet


class Layouts:
    """Stands for what knows the layouts: here one that joins and one that takes a part."""

    def joins(self, layout):
        return layout.startswith("concatenate(")

    def takes_part(self, layout):
        return layout.startswith("split(")


def _applied(rules, sources, targets=None):
    return RuleSet(rules).apply(sources, targets=targets, layouts=Layouts())


def _split(target, text):
    return Rule("qkv/kernel", target, layout=text)


def test_every_rule_that_splits_takes_its_part():
    rules = [_split("q", "split(1, 0, 2)"), _split("k", "split(1, 2, 4)")]
    outcome = _applied(rules, ["qkv/kernel"], ["q", "k"])
    assert outcome.problems == ()
    assert outcome.sources["qkv/kernel"].target == "q"
    assert [part.target for part in outcome.parts] == ["k"]


def test_patterns_that_split_do_as_well():
    rules = [Rule(r"(.*)kv/w", rf"\g<1>{n}", layout=f"split(0, {n}, {n + 1})") for n in (0, 1)]
    outcome = _applied(rules, ["q_kv/w"], ["q_0", "q_1"])
    assert outcome.problems == ()
    assert [part.target for part in outcome.parts] == ["q_1"]


def test_a_rule_that_does_not_split_takes_all():
    rules = [Rule("qkv/kernel", "q"), _split("k", "split(1, 2, 4)")]
    outcome = _applied(rules, ["qkv/kernel"], ["q", "k"])
    assert outcome.parts == ()
    (problem,) = outcome.problems
    assert "none left" in problem.found


def test_sources_join_where_each_has_its_rule():
    joined = [Rule(name, "qkv", layout="concatenate(1)") for name in ("q", "k", "v")]
    assert _applied(joined, "qkv", ["qkv"]).problems == ()
    (problem,) = _applied([Rule("[qkv]", "qkv", layout="concatenate(1)")], "qkv").problems
    assert problem.expected == "one source"  # in which order would it join them?


def test_rules_that_join_say_one_layout():
    rules = [
        Rule("q", "qkv", layout="concatenate(1)", origin="r:1"),
        Rule("k", "qkv", layout="concatenate(0)"),
        Rule("v", "qkv"),
    ]
    (problem,) = _applied(rules, "qkv", ["qkv"]).problems
    assert str(problem) == (
        "qkv: expected one layout in all rules that join, found q by r:1 with "
        "layout='concatenate(1)', k by rule 2 with layout='concatenate(0)', v by rule 3 without a "
        "layout; give the rules the same layout, or send a source elsewhere"
    )


def test_without_anybody_who_knows_layouts_none_joins_or_takes_a_part():
    joined = [Rule(name, "qkv", layout="concatenate(1)") for name in "qkv"]
    (problem,) = RuleSet(joined).apply("qkv").problems
    assert problem.expected == "one source"
    parts = RuleSet([_split("q", "split(1, 0, 2)"), _split("k", "split(1, 2, 4)")])
    outcome = parts.apply(["qkv/kernel"])
    assert outcome.parts == ()
    assert "none left" in outcome.problems[0].found
