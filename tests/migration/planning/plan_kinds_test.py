"""Lines of a plan have kinds and facts; words are made in printing, and JSON has both."""

import dataclasses
import json
import pathlib

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.errors import PlanError, Problem
from tf1compat.migration import Plan, dropped_lines, plan_migration
from tf1compat.migration.layouts.layout import Spec
from tf1compat.migration.planning._equals import equal_to_filled
from tf1compat.migration.planning._kinds import COPY, DROP_KINDS, EQUAL
from tf1compat.migration.planning.lines import Drop, Fill
from tf1compat.migration.planning.originals import unlike_originals
from tf1compat.migration.planning.problems import OpenQuestion
from tf1compat.names import Rule
from tf1compat.names.reasons import Kind

VERSION_1 = pathlib.Path(__file__).parent / "testdata" / "plan_version_1.json"
REASON = "the heads of tasks nobody trains"


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """The plan that VERSION_1 was written of, made anew."""
    x = keras.Input((4,))
    hidden = keras.layers.Dropout(0.5)(keras.layers.Dense(8, name="hidden")(x))
    heads = [keras.layers.Dense(3, name=n)(hidden) for n in ("scores", "left", "right")]
    prefix = str(tmp_path_factory.mktemp("kinds") / "old.ckpt")
    weights = "mlp/fc1/weights"
    shapes = {weights: (4, 8), "mlp/fc1/biases": (8,), f"{weights}/Adam": (4, 8)}
    shapes |= {f"{weights}/ExponentialMovingAverage": (4, 8), "beta1_power": (), "beta2_power": ()}
    shapes |= {"global_step": (), "heads/weights": (8, 3), "a/weights": (8, 3)}
    shapes |= {"b/weights": (8, 3), "odd": (7,)}
    write_checkpoint(prefix, {k: np.zeros(s, np.float32) for k, s in shapes.items()})
    rules = [
        Rule("heads/weights", drop=REASON, origin="rules.toml:1"),
        Rule(target="scores/.*", keep="trained anew", origin="rules.toml:2"),
    ]
    return plan_migration(prefix, keras.Model(x, heads, name="old_plan"), rules)


def test_drops_have_kinds_and_facts(plan):
    weights = "mlp/fc1/weights"
    assert {drop.source: (drop.kind, dict(drop.facts)) for drop in plan.drops} == {
        "heads/weights": ("rule", {"reason": REASON, "origin": "rules.toml:1", "number": 1}),
        "beta1_power": ("optimizer_state", {}),
        "beta2_power": ("optimizer_state", {}),
        "global_step": ("global_step", {}),
        f"{weights}/Adam": ("slot", {"slot": "Adam", "of": weights}),
        f"{weights}/ExponentialMovingAverage": ("average", {"of": weights}),
    }


def test_keeps_and_ties_have_kinds_and_facts(plan):
    assert {keep.target: (keep.kind, keep.facts.get("number")) for keep in plan.keeps} == {
        "scores/kernel": ("rule", 2),
        "scores/bias": ("rule", 2),
        "dropout/seed_generator_state": ("random_state", None),
    }
    (tie,) = plan.ambiguities
    assert (tie.kind, dict(tie.facts)) == ("equals", {"sources": 2, "targets": 4})
    assert [reason.kind.name for reason in tie.common] == ["same"]


def test_fills_tell_rules_from_evidence(plan):
    assert {(fill.kind, fill.because[0].kind.name) for fill in plan.fills} == {
        ("evidence", "alone")
    }


def test_a_users_reason_is_printed_whole(plan):
    assert f"dropped 1 ({REASON} [rules.toml:1])" in dropped_lines(plan)
    assert "dropped 1 (slot Adam)" in dropped_lines(plan)
    assert f"dropped heads/weights  ({REASON} [rules.toml:1])" in str(plan)


def test_json_has_kinds_facts_and_words(plan):
    content = json.loads(plan.to_json())
    assert content["format"] == 2
    slot = next(row for row in content["drops"] if row["source"].endswith("/Adam"))
    assert slot["kind"] == "slot"
    assert slot["facts"] == {"slot": "Adam", "of": "mlp/fc1/weights"}
    assert slot["text"] == "slot Adam of mlp/fc1/weights"
    assert content["fills"][0]["because"][0]["kind"] == "alone"
    assert Plan.from_json(plan.to_json()) == plan


def test_version_1_is_read_with_its_words_taken_apart(plan):
    old = Plan.from_json(VERSION_1.read_text())
    assert {d.source: (d.kind, d.reason) for d in old.drops} == {
        d.source: (d.kind, d.reason) for d in plan.drops
    }
    assert [(k.target, k.kind, k.reason) for k in old.keeps] == [
        (k.target, k.kind, k.reason) for k in plan.keeps
    ]
    assert [t.evidence for t in old.ambiguities] == [t.evidence for t in plan.ambiguities]
    assert [(f.target, f.why, f.kind) for f in old.fills] == [
        (f.target, f.why, "recorded") for f in plan.fills
    ]
    assert str(old) == str(plan).replace("a variable float32", "unknown float32")
    assert Plan.from_json(old.to_json()) == old


@pytest.mark.parametrize(("version", "says"), [(1, False), (2, False), (2, True)])
def test_a_question_is_told_from_other_problems(plan, version, says):
    """By its kind; plans that were written before it had one, by what it expected."""
    content = json.loads(VERSION_1.read_text()) if version == 1 else json.loads(plan.to_json())
    drop = content["drops"].pop(0)
    asked = vars(OpenQuestion.of(drop["source"], "say it")) | ({"kind": "question"} if says else {})
    content["unexplained"] = [*content["unexplained"], asked]
    read = Plan.from_json(json.dumps(content))
    (found,) = (one for one in read.unexplained if one.name == drop["source"])
    assert found == OpenQuestion.of(drop["source"], "say it")
    assert {type(one) for one in read.unexplained if one is not found} <= {Problem}
    rows = json.loads(read.to_json())["unexplained"]
    assert [row["name"] for row in rows if row.get("kind") == "question"] == [found.name]
    assert Plan.from_json(read.to_json()) == read


def test_a_question_in_other_words_is_one_by_its_kind(plan):
    content = json.loads(plan.to_json())
    name = content["drops"].pop(0)["source"]
    content["unexplained"] += [{"name": name, "expected": "x", "found": "y", "kind": "question"}]
    assert Plan.from_json(json.dumps(content)).unexplained[-1] == OpenQuestion(name, "x", "y")


def test_a_reason_of_several_lines_is_taken_apart_too():
    content = json.loads(VERSION_1.read_text())
    row = next(row for row in content["drops"] if row["source"] == "heads/weights")
    row["reason"] = "one line\nand another [rules.toml:1]"
    drop = next(d for d in Plan.from_json(json.dumps(content)).drops if d.source == row["source"])
    assert (drop.kind, drop.facts["reason"]) == ("rule", "one line\nand another")


def test_a_reason_in_the_words_of_a_programs_own_kind_is_of_that_kind():
    content = json.loads(VERSION_1.read_text())
    row = next(row for row in content["drops"] if row["source"] == "heads/weights")
    row["reason"] = "a whim of the author"
    with DROP_KINDS.with_(Kind("whim", "a whim of {whose}")):
        drops = Plan.from_json(json.dumps(content)).drops
    drop = next(drop for drop in drops if drop.source == row["source"])
    assert (drop.kind, dict(drop.facts)) == ("whim", {"whose": "the author"})


def test_what_a_plan_names_is_there(plan):
    ghost = dataclasses.replace(plan.drops[0], source="ghost")
    with pytest.raises(PlanError, match="ghost: expected one entry in the ledger, found 1 entries"):
        dataclasses.replace(plan, drops=(*plan.drops, ghost))


@pytest.mark.parametrize("line", ["drops", "keeps", "ambiguities"])
def test_a_row_with_a_field_that_nobody_knows(plan, line):
    content = json.loads(plan.to_json())
    content[line][0]["scale"] = 2
    with pytest.raises(PlanError, match=r"expected rows of .*, found one with scale"):
        Plan.from_json(json.dumps(content))


def test_version_1_said_that_a_rule_filled():
    content = json.loads(VERSION_1.read_text())
    content["fills"][0]["why"] = "rule rules.toml:3, rules.toml:4"
    fill = Plan.from_json(json.dumps(content)).fills[0]
    assert (fill.kind, fill.why) == ("rule", "rule rules.toml:3, rules.toml:4")
    assert fill.because[0].facts["origins"] == ("rules.toml:3", "rules.toml:4")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 3}, "expected format 1 or 2, found 3; make it anew"),
        ({"format": True}, "expected format 1 or 2, found True; make it anew"),
        ({"extra": 1}, "expected checkpoint, model, .*, unfilled; what is more or less: extra"),
        ({"": 1}, "what is more or less: a key without a name"),
        ({"drops": [{"source": "odd", "": 1}]}, "found one with a key without a name"),
        ({"checkpoint": 5}, "expected checkpoint, a text, found 5"),
        ({"sources": {"w": {"shape": [2, "2"], "dtype": "float32"}}}, "expected the shape of w, a"),
        ({"sources": {"w": {"shape": [-2], "dtype": "float32"}}}, r"a list of sizes, found \[-2\]"),
        ({"targets": {"w": {"shape": [2], "dtype": "zz"}}}, "w: expected a dtype such as"),
        ({"drops": [{"source": "odd", "kind": "whim", "facts": {}}]}, "found 'whim'"),
        ({"drops": [{"source": "odd", "kind": "slot", "facts": {}}]}, "expected JSON written by"),
        ({"drops": [{"source": "odd", "facts": {}}]}, "Plan.to_json, found a row without 'kind'"),
        (
            {"drops": [{"source": "odd", "kind": "slot", "facts": []}]},
            "'slot', a JSON object, f",
        ),
        ({"drops": ["odd"]}, "expected one of drops, a JSON object, found 'odd'"),
        ({"unexplained": [{"name": "odd", "zzz": ""}]}, "expected rows of name, .* one with zzz"),
        ({"unexplained": [{"name": "odd"}]}, "expected problems of name, .* one without expected"),
        (
            {"unexplained": [{"name": "odd", "expected": "x", "found": "y", "kind": ["odd"]}]},
            r"expected a problem of the kind 'question', found \['odd'\]",
        ),
        ({"fills": 7}, "expected fills, a list, found 7"),
        ({"sources": []}, r"expected sources, a JSON object, found \[\]"),
    ],
)
def test_json_that_is_no_plan_is_an_error(plan, change, message):
    content = json.loads(plan.to_json()) | change
    with pytest.raises(PlanError, match=message):
        Plan.from_json(json.dumps(content))


@pytest.mark.parametrize(
    ("source", "change", "message"),
    [
        (
            "heads/weights",
            {"kind": "equal", "facts": {"original": "odd"}},
            "heads/weights: expected a source that is taken for original, found 'odd'",
        ),
        (
            "heads/weights",
            {"kind": "averaged", "facts": {"average": "odd"}},
            "heads/weights: expected a source that is taken for average, found 'odd'",
        ),
        (
            "heads/weights",
            {"kind": "equal", "facts": {"original": "mlp/fc1/weights"}},
            "heads/weights: expected mlp/fc1/weights of its shape and dtype, found float32",
        ),
        (
            "mlp/fc1/weights/Adam",
            {"facts": {"of": "no", "slot": "Adam"}},
            "mlp/fc1/weights/Adam: expected a source for of, found 'no'",
        ),
    ],
)
def test_what_a_drop_names_is_there(plan, source, change, message):
    content = json.loads(plan.to_json())
    (row,) = [one for one in content["drops"] if one["source"] == source]
    row |= change
    with pytest.raises(PlanError, match=message):
        Plan.from_json(json.dumps(content))


@pytest.mark.parametrize(
    ("line", "change", "message"),
    [
        ("drops", {"reason": 5}, "expected the reason of .*, a text, found 5"),
        ("keeps", {"target": None}, "expected the target of a row, a text, found None"),
        ("fills", {"why": 7}, "expected why a target is filled, a text, found 7"),
        ("drops", {"more": 1}, "expected rows of source, reason, found one with more"),
    ],
)
def test_rows_of_the_first_version_are_looked_at(line, change, message):
    content = json.loads(VERSION_1.read_text(encoding="utf-8"))
    content[line][0] |= change
    with pytest.raises(PlanError, match=message):
        Plan.from_json(json.dumps(content))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("layout", "nosuch", "'nosuch'; if a program added it, import that before"),
        ("layout", 5, "expected the layout of .*, a text, found 5"),
        ("sources", "x/kernel", "expected the sources of .*, a list of texts, found 'x/kernel'"),
        ("target", None, "expected the target of what is filled, a text, found None"),
        ("kind", "rule", "expected the kind 'evidence', found 'rule'"),
    ],
)
def test_a_filled_line_of_json_is_looked_at(plan, field, value, message):
    content = json.loads(plan.to_json())
    content["fills"][0][field] = value
    with pytest.raises(PlanError, match=message):
        Plan.from_json(json.dumps(content))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[" * 100_000, "maximum"),
        ('{"a":' * 100_000, "maximum"),
        ('{"format": ' + "1" * 5000 + "}", "plan: reading it takes 5,000 digits"),
        ("[" + "{}," * 900_000 + "{}]", "plan: reading it takes .* values of JSON or more"),
        ('{"format": NaN}', "expected numbers that JSON has, found NaN"),
    ],
)
def test_json_that_costs_more_than_it_says_is_an_error(text, found):
    with pytest.raises(PlanError, match=rf"expected JSON written by Plan.to_json, found {found}"):
        Plan.from_json(text)


def test_json_that_lacks_a_field_is_an_error(plan):
    content = json.loads(plan.to_json())
    del content["checkpoint"]
    with pytest.raises(PlanError, match="what is more or less: checkpoint"):
        Plan.from_json(json.dumps(content))


def _equal_to(folder, values, *open_shapes):
    """Returns the sources that are equal to the first, which is taken."""
    write_checkpoint(folder / "m", values)
    first, *left = values
    fills = [Fill("target", (first,), "identity", ())]
    specs = [Spec(shape) for shape in open_shapes]
    return [d.source for d in equal_to_filled(left, fills, specs, open_checkpoint(folder / "m"))]


def test_what_equals_a_taken_source_is_dropped_unless_a_target_of_its_size_is_open(tmp_path):
    values = dict.fromkeys(("a", "b"), np.arange(6, dtype=np.float32))
    assert _equal_to(tmp_path, values, (4,)) == ["b"]
    (tmp_path / "other").mkdir()
    assert _equal_to(tmp_path / "other", values, (3, 2)) == []


@pytest.mark.parametrize("name", ["net/kernel", "net/moving_mean"])
def test_equal_values_have_to_be_equal_still_and_replicas_statistics_needn_t(name, tmp_path):
    """A plan may go with a later checkpoint."""
    write_checkpoint(tmp_path / "m", {"a": np.zeros(3, np.float32), name: np.ones(3, np.float32)})
    entries = open_checkpoint(tmp_path / "m")
    equal = Drop(name, EQUAL.because(original="a"))
    (problem,) = unlike_originals([equal], entries)
    assert str(problem) == f"{name}: expected the values of a, found others"
    copy = Drop(name, COPY.because(original="a", reason="a tower", origin="r:1"))
    assert len(list(unlike_originals([copy], entries))) == (0 if "moving" in name else 1)


@pytest.mark.parametrize("value", [np.zeros(4, np.float32), np.zeros((0, 3), np.float32)])
def test_values_that_are_all_the_same_are_equal_to_none(tmp_path, value):
    assert _equal_to(tmp_path, dict.fromkeys(("a", "b"), value)) == []


def test_a_line_has_a_reason_of_its_kind(plan):
    drop = dataclasses.replace(plan.drops[0], because=Kind("whim", "a whim").because())
    with pytest.raises(PlanError, match=r"expected a kind of drop \(.*\), found 'whim'"):
        dataclasses.replace(plan, drops=(drop, *plan.drops[1:]))
