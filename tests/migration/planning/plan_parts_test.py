"""One scope of a checkpoint into one part of a model: all else is left as it is, and said to be."""

import pathlib

import pytest

from examples.migrate_dense_siamese.model import build_model
from tf1compat.errors import UnknownNameError, UsageError
from tf1compat.keras3 import build_model as built
from tf1compat.keras3 import index_model
from tf1compat.migration import PartScope, Plan, plan_migration
from tf1compat.names import Rule

GOLDEN = pathlib.Path(__file__).parents[2] / "goldens" / "dense_siamese"
OLD_HEAD = {
    f"classifier/{layer}/{leaf}" for layer in ("hidden", "logits") for leaf in ("biases", "weights")
}
HEAD = {"comparison/kernel", "comparison/bias", "scores/kernel", "scores/bias"}


@pytest.fixture(scope="module")
def model():
    return built(build_model)


@pytest.fixture(scope="module")
def plan(model):
    return plan_migration(GOLDEN, model, part="tower:encoder")


def test_only_the_part_is_filled_and_only_from_the_scope(plan):
    plan.require_complete()
    assert {keep.target for keep in plan.keeps} == HEAD
    assert {keep.kind for keep in plan.keeps} == {"outside"}
    assert all(fill.target.startswith("encoder/") for fill in plan.fills)
    assert all(source.startswith("tower/") for fill in plan.fills for source in fill.sources)
    outside = {drop.source for drop in plan.drops if drop.kind == "outside"}
    assert outside == OLD_HEAD
    assert plan.headline().endswith(
        "; a part alone: 4 sources outside left behind, 4 targets outside kept"
    )
    assert "scores/bias kept  (outside of encoder, which alone is migrated)" in str(plan)


def test_the_plan_goes_through_json(plan):
    assert Plan.from_json(plan.to_json()) == plan


def test_either_side_may_be_open(model):
    plan = plan_migration(GOLDEN, model, part="tower")
    assert not plan.complete  # a head of the same shapes may be filled from the tower too
    assert {drop.source for drop in plan.drops if drop.kind == "outside"} == OLD_HEAD
    assert {problem.name for problem in plan.unfilled} == {"scores/kernel", "scores/bias"}
    plan = plan_migration(GOLDEN, model, part=PartScope(target="encoder"))
    assert {keep.target for keep in plan.keeps} == HEAD
    assert not plan.complete  # the other scope is not spoken of
    assert "a part alone" not in plan_migration(GOLDEN, model).headline()


def test_rules_speak_first(model):
    rules = [
        Rule("classifier/logits/(weights)", "scores/kernel"),
        Rule("classifier/hidden/.*", drop="another comparison"),
        Rule(target="comparison/.*", keep="trained from scratch"),
    ]
    plan = plan_migration(GOLDEN, model, rules, part="tower:encoder")
    plan.require_complete()
    assert {keep.target for keep in plan.keeps if keep.kind == "outside"} == {"scores/bias"}
    assert plan.fills[-1].sources == ("classifier/logits/weights",)


def test_a_part_that_is_not_there_is_named(model):
    with pytest.raises(UnknownNameError, match="the part to migrate isn't there") as error:
        plan_migration(GOLDEN, model, part="towr:encodr")
    first, second = map(str, error.value.problems)
    assert first.startswith("part 'towr': expected a scope of the checkpoint, found nothing in it")
    assert "nearest: tower" in first
    assert "nearest: encoder" in second


@pytest.mark.parametrize("text", ["a:b:c", ":", "", " ", "/:/"])
def test_a_text_that_says_no_part_is_refused(text):
    with pytest.raises(UsageError, match="such as 'bert:encoder'; either may be empty"):
        PartScope.of(text)


def test_a_scope_ends_at_its_slash(model):
    assert PartScope.of("tower/:encoder/") == PartScope("tower", "encoder")
    drops, _ = PartScope("tower").outside(["tower/w", "tower2/w", "tower"], [], index_model(model))
    assert [drop.source for drop in drops] == ["tower2/w", "tower"]
