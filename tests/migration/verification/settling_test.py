"""Ambiguities that computing settles, and those that it must not."""

import dataclasses
import itertools

import keras
import pytest
import tensorflow as tf
from small_graphs import dense, saved_to, v1

from tf1compat.checkpoint import open_checkpoint
from tf1compat.keras3 import build_model, index_model
from tf1compat.migration import GraphOptions, Plan, plan_migration, prove
from tf1compat.migration.verification.settling import settle

L = keras.layers
JOINED = {
    "difference": (lambda *t: t[0] - 2.0 * t[1], lambda *t: t[0] - 2.0 * t[1]),
    "sum": (lambda *t: t[0] + t[1], lambda *t: t[0] + t[1]),
    "both": (lambda *t: tf.concat(t, 1), lambda *t: list(t)),
    "first": (lambda *t: t[0], lambda *t: t[0] + 0.0 * t[1]),
    "ratio": (lambda *t: t[0] - 2.0 * t[1] + 4.0 * t[2], lambda *t: t[0] - 2.0 * t[1] + 4.0 * t[2]),
    "five": (lambda *t: sum((n + 1) * one for n, one in enumerate(t)),) * 2,
    "alike": (lambda *t: sum(t),) * 2,
    "idle": (lambda *t: sum(n * one for n, one in enumerate(t)),) * 2,
}
BRANCHES = {
    "ratio": ("red", "green", "blue"),
    **dict.fromkeys(("five", "alike", "idle"), tuple("qxzvk")),
}


def tied(name, folder, *, other=lambda h: h, make=dense):
    """Returns a plan that nothing but computing tells, with its index and checkpoint."""
    scopes = BRANCHES.get(name, ("red", "green"))
    of_v1, of_keras = JOINED[name]
    prefix = folder / f"{name}.ckpt"
    with saved_to(prefix):
        x = v1.placeholder(tf.float32, [None, 4], name="x")
        tf.identity(of_v1(*(tf.tanh(make(x, 5, s), name=f"{s}/act") for s in scopes)), name="y")

    def model():
        x = keras.Input((4,), name="x")
        names = ("up", "down", "left", "right", "back")[: len(scopes)]
        branches = [L.Dense(5, activation="tanh", name=n)(x) for n in names]
        return keras.Model(x, of_keras(*map(other, branches)))

    index = index_model(build_model(model))
    checkpoint = open_checkpoint(prefix)
    plan = plan_migration(checkpoint, index)
    assert len(plan.ambiguities) == 1
    assert not plan.fills
    return plan, index, checkpoint


@pytest.mark.parametrize(("name", "tried"), [("difference", 2), ("ratio", 6)])
def test_the_one_assignment_that_agrees_is_taken_and_the_plan_says_why(name, tried, tmp_path):
    plan, index, checkpoint = tied(name, tmp_path)
    settled = settle(plan, index, checkpoint)
    assert settled.why == ""
    found = {fill.target: fill.sources for fill in settled.plan.fills}
    scopes = BRANCHES.get(name, ("red", "green"))
    for scope, layer in zip(scopes, ("up", "down", "left"), strict=False):
        assert found[f"{layer}/kernel"] == (f"{scope}/kernel",)
        assert found[f"{layer}/bias"] == (f"{scope}/bias",)
    reason = settled.plan.fills[0].because[0]
    assert (reason.kind.name, dict(reason.facts)) == (
        "computed",
        {"tried": tried, "outputs": ("y:0",)},
    )
    words = f"of {tried} assignments the outputs agree with this one alone (y:0)"
    assert words in settled.plan.fills[0].why
    assert Plan.from_json(settled.plan.to_json()) == settled.plan
    assert str(prove(settled.plan, index, checkpoint=checkpoint)).endswith(" proved")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("sum", "of 2 assignments, the outputs agree with 2"),
        (
            "both",
            "of 2 assignments, the outputs agree with 2; name the tensors of the outputs, in the "
            "model's order, with --outputs",
        ),
        ("alike", "of 5 scopes and layers, changed one by one, not all are told apart"),
        ("idle", "the outputs don't depend on up/bias, up/kernel"),
    ],
)
def test_what_is_symmetric_or_without_effect_stays_ambiguous(name, why, tmp_path):
    plan, index, checkpoint = tied(name, tmp_path)
    settled = settle(plan, index, checkpoint)
    assert (settled.plan, settled.why) == (plan, why)


def test_where_assignments_are_many_scopes_and_layers_are_changed_one_by_one(tmp_path):
    plan, index, checkpoint = tied("five", tmp_path)
    settled = settle(plan, index, checkpoint)
    assert settled.why == ""
    found = {fill.target: fill.sources for fill in settled.plan.fills}
    for scope, layer in zip(BRANCHES["five"], ("up", "down", "left", "right", "back"), strict=True):
        assert found[f"{layer}/kernel"] == (f"{scope}/kernel",)
        assert found[f"{layer}/bias"] == (f"{scope}/bias",)
    assert "of 5 scopes and as many layers, each changed by itself" in settled.plan.fills[0].why
    assert Plan.from_json(settled.plan.to_json()) == settled.plan
    assert str(prove(settled.plan, index, checkpoint=checkpoint)).endswith(" proved")


def test_outputs_that_the_user_names_break_a_symmetry(tmp_path):
    plan, index, checkpoint = tied("both", tmp_path)
    for outputs in itertools.permutations(["red/act", "green/act"]):
        settled = settle(plan, index, checkpoint, options=GraphOptions(outputs=outputs))
        found = {fill.target: fill.sources for fill in settled.plan.fills}
        assert found["up/kernel"] == (outputs[0].replace("act", "kernel"),)


def test_branches_of_equal_values_are_told_apart_by_others(tmp_path):
    def constant(x, units, scope):
        with v1.variable_scope("", initializer=v1.ones_initializer()):
            return dense(x, units, scope, kernel=None)

    plan, index, checkpoint = tied("difference", tmp_path, make=constant)
    found = {f.target: f.sources for f in settle(plan, index, checkpoint).plan.fills}
    assert found["up/kernel"] == ("red/kernel",)


def test_a_model_that_computes_something_else_settles_nothing(tmp_path):
    plan, index, checkpoint = tied("difference", tmp_path, other=lambda h: h * 1.01)
    settled = settle(plan, index, checkpoint)
    assert (settled.plan, settled.why) == (plan, "of 2 assignments, the outputs agree with none")


def test_what_no_output_depends_on_is_no_source_for_want_of_another(tmp_path):
    plan, index, checkpoint = tied("first", tmp_path)
    settled = settle(plan, index, checkpoint, options=GraphOptions(outputs=["y"]))
    assert settled.plan == plan
    assert settled.why == (
        "the outputs don't depend on down/bias, down/kernel, green/bias, green/kernel"
    )


def test_inputs_that_could_be_either_are_asked_for(tmp_path):
    """Inputs that trade places with the branches they feed would make the wrong branches agree."""
    prefix = tmp_path / "pair.ckpt"
    with saved_to(prefix):
        asked = v1.placeholder(tf.float32, [None, 4], name="asked")
        offered = v1.placeholder(tf.float32, [None, 4], name="offered")
        tf.multiply(dense(asked, 5, "red"), dense(offered, 5, "green"), name="y")

    def model():
        inputs = [keras.Input((4,), name=name) for name in ("offer", "question")]
        up, down = (L.Dense(5, name=n)(x) for n, x in zip(("up", "down"), inputs, strict=True))
        return keras.Model(inputs, up * down)

    index = index_model(build_model(model))
    checkpoint = open_checkpoint(prefix)
    plan = plan_migration(checkpoint, index)
    assert plan.ambiguities
    settled = settle(plan, index, checkpoint)
    assert settled.plan == plan
    assert "several inputs of the v1 graph could be offer, question of the model" in settled.why
    named = GraphOptions(inputs=["offered", "asked"])
    found = settle(plan, index, checkpoint, options=named).plan
    assert {f.target: f.sources for f in found.fills}["up/kernel"] == ("green/kernel",)


def test_a_plan_with_other_problems_stays_as_it_is(tmp_path):
    plan, index, checkpoint = tied("difference", tmp_path)
    (tie,) = plan.ambiguities
    sources = {**plan.sources, "more": plan.sources["red/bias"]}
    more = dataclasses.replace(tie, sources=(*tie.sources, "more"))
    other = dataclasses.replace(plan, sources=sources, ambiguities=(more,))
    checkpoint = {**checkpoint, "more": checkpoint["red/bias"]}
    assert settle(other, index, checkpoint).why.startswith("they leave open more than 24")
