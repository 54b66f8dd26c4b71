"""Rules about scopes, roles, copies, parts and shared sources, as far as names go."""

from tf1compat.names import Rule, RuleSet, rules_from_toml


class Layouts:
    """Stands for what knows the layouts: here one that joins and one that takes a part."""

    def joins(self, layout):
        return layout.startswith("concatenate(")

    def takes_part(self, layout):
        return layout.startswith("split(")


def applied(rules, sources, targets=None):
    return RuleSet(rules).apply(sources, targets=targets, layouts=Layouts())


def test_every_variable_in_a_scope_goes_to_its_layer():
    rules = [Rule(scope=r"layer_(\d+)/attention", layer=r"encoder_\1/self_attention")]
    names = ["layer_2/attention/q/w", "layer_2/attention/b", "layer_2/attention_2/w", "w"]
    outcome = applied(rules, names)
    assert [(m.name, m.scope, m.layer) for m in outcome.members] == [
        (names[0], "layer_2/attention", "encoder_2/self_attention"),
        (names[1], "layer_2/attention", "encoder_2/self_attention"),
    ]
    assert outcome.sources == {}
    assert outcome.problems == ()


def test_a_rule_above_takes_members_out():
    rules = [Rule("a/w", drop="unused"), Rule(scope="a", layer="x")]
    outcome = applied(rules, ["a/w", "a/b"])
    assert [match.name for match in outcome.members] == ["a/b"]


def test_one_scope_may_feed_several_layers_and_an_inner_one_goes_first():
    rules = [Rule(scope="a/in", layer="z"), Rule(scope="a", layer="x"), Rule(scope="a", layer="y")]
    found = [(match.name, match.layer) for match in applied(rules, ["a/w", "a/in/w"]).members]
    assert found == [("a/w", "x"), ("a/w", "y"), ("a/in/w", "z")]


def test_a_scope_that_is_not_there_names_the_nearest():
    (problem,) = applied([Rule(scope="layr_1", layer="x", origin="r:1")], ["layer_1/w"]).problems
    assert str(problem).startswith("layr_1: expected a scope that the whole pattern matches")
    assert problem.remedy == "nearest: layer_1"


def test_roles_are_declared_beside_what_else_is_said():
    rules = [Rule("(.*)/mean/EMA", role="moving_mean"), Rule("bn/.*", r"norm/moving_mean")]
    outcome = applied(rules, ["bn/mean/EMA"])
    assert outcome.roles["bn/mean/EMA"].rule is rules[0]
    assert outcome.sources["bn/mean/EMA"].target == "norm/moving_mean"
    assert outcome.problems == ()


def test_of_two_rules_the_first_declares_the_role():
    rules = [Rule("bn/.*", role="gamma"), Rule(".*/w", role="beta")]
    assert applied(rules, ["bn/w"]).roles["bn/w"].rule is rules[0]


def test_one_pattern_joins_in_the_order_of_the_number_that_it_captures():
    rules = [Rule(r"(\w+)/part_(\d+)", r"\1", layout="concatenate(0)")]
    outcome = applied(rules, [f"table/part_{n}" for n in (10, 9, 2, 0, 1, 3, 4, 5, 6, 7, 8)])
    assert outcome.problems == ()
    in_order = sorted(outcome.sources.values(), key=lambda found: found.order)
    assert [match.name for match in in_order] == [f"table/part_{n}" for n in range(11)]


def test_a_part_that_is_missing_is_named():
    rules = [Rule(r"table/part_(\d+)", "table", layout="concatenate(0)")]
    (problem,) = applied(rules, ["table/part_0", "table/part_3", "table/part_1"]).problems
    assert problem.found == "none of number 2"
    (problem,) = applied(rules, ["table/part_1", "table/part_2"]).problems
    assert problem.found == "none of number 0"  # from which 1.x's partitioners count
    by_hand = [Rule(r"table_(\d+)", "table", layout="concatenate(0)")]
    assert applied(by_hand, ["table_1", "table_2"]).problems == ()
    (problem,) = applied(by_hand, ["table_2", "table_3"]).problems
    assert problem.found == "none of number 1"


def test_parts_that_are_numbered_into_the_billions_are_told_at_once():
    by_hand = [Rule(r"table_(\d+)", "table", layout="concatenate(0)")]
    (problem,) = applied(by_hand, ["table_1", f"table_{10**15}", "table_3"]).problems
    assert problem.found == "none of number 2, 4, 5, 6, 7, 8, 9, 10"
    assert problem.expected == f"sources numbered without a gap up to {10**15}"
    (problem,) = applied(by_hand, ["table_1", f"table_{'9' * 5000}"]).problems
    assert "put the number that tells it into parentheses" in problem.remedy


def test_an_order_that_no_number_tells_is_refused():
    for pattern in (r"table/part_\d+", r"(table)/(part)_\d+"):
        rules = [Rule(pattern, "table", layout="concatenate(0)")]
        (problem,) = applied(rules, ["table/part_0", "table/part_1"]).problems
        assert r"put the number that tells it into parentheses" in problem.remedy


def test_numbers_that_tell_no_one_order_are_none():
    for pattern, names in [
        (r"table/part_(\d+)", ["table/part_1", "table/part_01"]),
        (r"l(\d)/part_(\d)", ["l0/part_1", "l1/part_0"]),
    ]:
        (problem,) = applied([Rule(pattern, "table", layout="concatenate(0)")], names).problems
        assert (problem.expected, problem.found) == ("one source", ", ".join(names))


def test_a_shared_source_goes_to_several_targets():
    rules = [Rule("w", "a"), Rule("w", "b", shared=True), Rule("w", "c", shared=True)]
    outcome = applied(rules, ["w"], ["a", "b", "c"])
    assert outcome.problems == ()
    taken = [outcome.sources["w"].target, *(match.target for match in outcome.parts)]
    assert taken == ["a", "b", "c"]
    assert applied(rules[1:], ["w"]).problems == applied(rules[::-1], ["w"]).problems == ()
    (problem,) = applied([Rule("w", "a"), Rule("w", "b")], ["w"]).problems
    assert "none left" in problem.found


def test_a_dropped_source_is_shared_with_none():
    (problem,) = applied([Rule("w", drop="old"), Rule("w", "b", shared=True)], ["w"]).problems
    assert "none left: w was taken by 'w'" in problem.found


def test_a_part_is_dropped_with_its_layout():
    part = {"layout": "split(0, 0, 1)"}
    rules = [Rule("w", "a", layout="split(0, 1, 3)"), Rule("w", drop="background", **part)]
    outcome = applied(rules, ["w"])
    assert outcome.problems == ()
    assert [(match.target, match.reason) for match in outcome.parts] == [(None, "background")]
    (problem,) = applied([Rule("w", drop="why", layout="transpose")], ["w"]).problems
    assert problem.expected == "a layout that takes a part, beside drop"


def test_what_only_a_plan_can_do_is_a_problem_elsewhere():
    rules = [Rule(scope="a", layer="x"), Rule("b", drop="c", copy_of="d")]
    names = [problem.remedy for problem in RuleSet(rules).apply(["a/w", "b"]).problems]
    assert names == ["remove scope", "remove copy_of"]


def test_a_file_has_the_same_keys():
    text = r"""rules = [
      {scope='layer_(\d+)', layer='block_\1', shared=true},
      {source='v1/(.*)', copy_of='v0/\1', drop='a replica'},
      {source='a', target='b', cross_roles=true},
      {source='c', role='beta'},
    ]"""
    assert list(rules_from_toml(text)) == [
        Rule(scope=r"layer_(\d+)", layer=r"block_\1", shared=True, origin="rules:2"),
        Rule("v1/(.*)", copy_of=r"v0/\1", drop="a replica", origin="rules:3"),
        Rule("a", "b", cross_roles=True, origin="rules:4"),
        Rule("c", role="beta", origin="rules:5"),
    ]
