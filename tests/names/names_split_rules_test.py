from tf1compat.names import Rule, RuleSet


def _split(target, text):
    return Rule("qkv/kernel", target, layout=text)


def test_every_rule_that_splits_takes_its_part():
    rules = RuleSet([_split("q", "split(1, 0, 2)"), _split("k", "split(1, 2, 4)")])
    outcome = rules.apply(["qkv/kernel"], targets=["q", "k"])
    assert outcome.problems == ()
    assert outcome.sources["qkv/kernel"].target == "q"
    assert [part.target for part in outcome.parts] == ["k"]


def test_patterns_that_split_do_as_well():
    rules = RuleSet(
        [Rule(r"(.*)kv/w", rf"\g<1>{n}", layout=f"split(0, {n}, {n + 1})") for n in (0, 1)]
    )
    outcome = rules.apply(["q_kv/w"], targets=["q_0", "q_1"])
    assert outcome.problems == ()
    assert [part.target for part in outcome.parts] == ["q_1"]


def test_a_rule_that_does_not_split_takes_all():
    rules = RuleSet([Rule("qkv/kernel", "q"), _split("k", "split(1, 2, 4)")])
    outcome = rules.apply(["qkv/kernel"], targets=["q", "k"])
    assert outcome.parts == ()
    (problem,) = outcome.problems
    assert "none left" in problem.found


def test_sources_join_where_each_has_its_rule():
    joined = [Rule(name, "qkv", layout="concatenate(1)") for name in ("q", "k", "v")]
    assert RuleSet(joined).apply("qkv", targets=["qkv"]).problems == ()
    (problem,) = RuleSet([Rule("[qkv]", "qkv", layout="concatenate(1)")]).apply("qkv").problems
    assert problem.expected == "one source"  # in which order would it join them?
