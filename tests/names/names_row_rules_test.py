"""Rules whose targets take a row of their source each."""

import pytest

from tf1compat.names import Rule, RuleSet


class Layouts:
    """Stands for what knows the layouts."""

    def joins(self, layout):
        return False

    def takes_part(self, layout):
        return layout.startswith("row")

    def row(self, number):
        return f"row {number}"


LAYOUTS = Layouts()


def _applied(rule, sources, targets, layouts=LAYOUTS):
    return RuleSet([rule]).apply(sources, targets=targets, layouts=layouts)


def _taken(outcome):
    assert outcome.problems == ()
    return [(m.name, m.target, m.layout) for m in (*outcome.sources.values(), *outcome.parts)]


NUMBERED = {
    "from_zero": ["b_0/bias", "b_1/bias"],
    "from_one": ["b_1/bias", "b_2/bias"],
    "first_without": ["b/bias", "b_1/bias"],
}


@pytest.mark.parametrize("style", NUMBERED)
def test_each_row_goes_to_the_target_of_its_number(style):
    targets = NUMBERED[style]
    found = _taken(_applied(Rule("bias", "b_{row}/bias"), ["bias"], ["b_9/bias", *targets]))
    assert found == [("bias", target, f"row {n}") for n, target in enumerate(targets)]


def test_a_row_is_laid_out_as_the_rule_says():
    rule = Rule(r"net/(\w+)", r"b_{row}/\1", layout="transpose(1, 0)")
    found = _taken(_applied(rule, ["net/w", "net/v"], ["b_0/w", "b_0/v"]))
    assert found == [
        ("net/w", "b_0/w", "row 0 | transpose(1, 0)"),
        ("net/v", "b_0/v", "row 0 | transpose(1, 0)"),
    ]


def test_a_function_may_ask_for_rows():
    found = _taken(_applied(Rule("b", lambda match: f"{match[0]}_{{row}}"), ["b"], ["b_0"]))
    assert found == [("b", "b_0", "row 0")]


def test_targets_of_no_number_are_a_problem_of_the_rule():
    (problem,) = _applied(Rule("b", "c_{row}", origin="r.toml:3"), ["b"], ["d", "c_5"]).problems
    assert str(problem) == (
        "b: expected targets of the model with the numbers of rows, from 0 or 1, for {row}, found "
        "none like c_{row} [r.toml:3]; mend the rule's target"
    )


@pytest.mark.parametrize(("targets", "layouts"), [(None, Layouts()), (["c_0"], None)])
def test_rows_are_known_to_plans_alone(targets, layouts):
    (problem,) = _applied(Rule("b", "c_{row}"), ["b"], targets, layouts).problems
    assert str(problem) == (
        "b: expected a target without {row}, which plans of a migration alone know, found "
        "'c_{row}' [rule 1]; write a rule for each"
    )
