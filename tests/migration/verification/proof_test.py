"""Plans proved by computing: genuine graphs of 1.15.5 beside models, right and wrong."""

import dataclasses
import importlib
import itertools
import json
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from shares import share
from small_graphs import saved_to, v1

from tf1compat.checkpoint import open_checkpoint
from tf1compat.errors import UsageError
from tf1compat.keras3 import build_model, index_model
from tf1compat.migration import (
    GraphOptions,
    Status,
    load_recording,
    plan_migration,
    prove,
    record_graph,
)
from tf1compat.testing import assert_arrays_close

ROOT = pathlib.Path(__file__).parents[3]
GOLDENS = ROOT / "tests" / "goldens"
MAPS = sorted(path.stem for path in (GOLDENS / "expected").glob("*.json"))
# A key's bias shifts all scores of a softmax alike: no output depends on it.
UNREACHED = {"bert": ["block_0/attention/key/bias", "block_1/attention/key/bias"]}


def planned(name):
    expected = json.loads((GOLDENS / "expected" / f"{name}.json").read_text())
    module, _, factory = expected["model"].partition(":")
    keras.utils.clear_session()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        index = index_model(build_model(getattr(importlib.import_module(module), factory)))
    checkpoint = open_checkpoint(GOLDENS / expected["golden"])
    rules = ROOT / expected["rules"] if expected.get("rules") else ()
    return plan_migration(checkpoint, index, rules), index, checkpoint


def proof_of(plan, index, checkpoint, **options):
    return prove(plan, index, checkpoint=checkpoint, options=GraphOptions(**options))


@pytest.mark.parametrize("name", share(MAPS, 5))
def test_every_line_of_a_right_plan_is_proved(name):
    plan, index, checkpoint = planned(name)
    proof = proof_of(plan, index, checkpoint)
    unreached = [target for target, one in proof.lines.items() if one is not Status.PROVED]
    assert unreached == UNREACHED.get(name, [])
    assert proof.count(Status.NOT_REACHED) == len(unreached)
    assert proof.agrees


def swapped(plan, a, b):
    other = {a.target: b.sources, b.target: a.sources}
    fills = tuple(
        dataclasses.replace(fill, sources=other.get(fill.target, fill.sources))
        for fill in plan.fills
    )
    return dataclasses.replace(plan, fills=fills)


def test_two_lines_that_are_swapped_are_never_proved():
    plan, index, checkpoint = planned("dense_siamese")
    alike = [
        (a, b)
        for a, b in itertools.combinations(plan.fills, 2)
        if index[a.target].shape == index[b.target].shape
    ]
    assert alike
    for a, b in share(alike, 6):
        proof = proof_of(swapped(plan, a, b), index, checkpoint)
        assert not proof.agrees
        assert proof.count(Status.PROVED) == 0


class _Zeros(dict):
    """A checkpoint of which some variables are zeros."""

    def __init__(self, checkpoint, names):
        super().__init__({k: _Zero(v) if k in names else v for k, v in checkpoint.items()})


class _Zero:
    def __init__(self, entry):
        self.entry = entry

    def __getattr__(self, name):
        return getattr(self.entry, name)

    def read(self, index=None):
        return np.zeros_like(self.entry.read(index))


def test_lines_that_only_other_values_tell_apart_are_named():
    """Two biases that are zeros may be swapped: no output tells, until they change."""
    plan, index, checkpoint = planned("dense_siamese")
    biases = [f for f in plan.fills if f.target.endswith("bias")]
    a, b = next(
        (a, b)
        for a, b in itertools.combinations(biases, 2)
        if index[a.target].shape == index[b.target].shape
    )
    zeros = _Zeros(checkpoint, {*a.sources, *b.sources})
    assert prove(plan, index, checkpoint=zeros, graph=checkpoint.graph_path).agrees
    proof = prove(swapped(plan, a, b), index, checkpoint=zeros, graph=checkpoint.graph_path)
    assert all(one.max_rel <= proof.tolerance for one in proof.outputs)
    assert not proof.agrees
    wrong = {target for target, one in proof.lines.items() if one is Status.DIFFERS}
    assert wrong == {a.target, b.target}
    assert str(proof) == f"{len(plan.fills)} weights: {len(plan.fills) - 2} copied, 2 differs"


def test_a_model_that_computes_something_else_is_seen():
    plan, index, checkpoint = planned("convnet_adam_ema")
    norms = [n.layer for n in index.layers if isinstance(n.layer, keras.layers.BatchNormalization)]
    norms[-1].epsilon = 0.01
    proof = proof_of(plan, index, checkpoint)
    assert not proof.agrees
    assert set(proof.lines.values()) == {Status.COPIED}
    assert str(proof) == f"{len(plan.fills)} weights: {len(plan.fills)} copied"


def test_inputs_and_outputs_may_be_named():
    plan, index, checkpoint = planned("two_tower")
    found = ["query:0", "item:0"]
    outputs = ["similarity", "query_vector", "item_vector"]
    proof = proof_of(plan, index, checkpoint, inputs=found, outputs=outputs)
    assert [one.name for one in proof.outputs] == outputs
    assert proof.count(Status.PROVED) == len(plan.fills)
    with pytest.raises(UsageError, match="expected a tensor named nothing:0, found none; nearest"):
        proof_of(plan, index, checkpoint, outputs=["nothing"])
    with pytest.raises(UsageError, match="for each output of the model, which has 3, found simi"):
        proof_of(plan, index, checkpoint, outputs=outputs[:1])


def test_a_training_graph_proves_the_model_in_inference_mode():
    def model():
        x = images = keras.Input((8, 8, 3), name="pictures")
        x = keras.layers.Conv2D(6, 3, name="conv1")(x)
        x = keras.layers.BatchNormalization(epsilon=1e-3, name="fused_norm")(x)
        x = keras.layers.ReLU()(x)
        conv = keras.layers.Conv2D(8, 3, 2, "same", use_bias=False, name="conv2")
        x = keras.layers.BatchNormalization(epsilon=1e-3, name="plain_norm")(conv(x))
        x = keras.layers.Flatten()(keras.layers.Dropout(0.4)(keras.layers.ReLU()(x)))
        x = keras.layers.Dense(10, use_bias=False, name="hidden")(x)
        x = keras.layers.BatchNormalization(epsilon=1e-3, name="hidden_norm")(x)
        x = keras.layers.Dropout(0.4)(keras.layers.ReLU()(x))
        return keras.Model(images, keras.layers.Dense(4, name="logits")(x))

    index = index_model(build_model(model))
    checkpoint = open_checkpoint(GOLDENS / "training_graph")
    plan = plan_migration(checkpoint, index)
    assert plan.complete, plan.headline()
    proof = proof_of(plan, index, checkpoint)
    assert proof.count(Status.PROVED) == len(plan.fills) == 18
    assert proof.notes == (
        "3 norms of the graph train: they were run with moving statistics",
        "2 dropouts of the graph were left out",
    )


@pytest.mark.parametrize("at_once", [2**25, 100, 0])
def test_a_training_graph_computes_what_1_15_5_computed_in_inference_mode(at_once, monkeypatch):
    """However many variables are assigned in one run."""
    monkeypatch.setattr(
        "tf1compat.migration.verification.reference.reference_graph._AT_ONCE", at_once
    )
    recorded = load_recording(GOLDENS / "training_graph" / "io.npz")
    found = record_graph(
        GOLDENS / "training_graph" / "model.ckpt", inputs=recorded.inputs, outputs=["scores"]
    )
    assert_arrays_close(found.outputs["scores"], recorded.outputs["scores"], of_largest=1e-6)


TAILS = {
    "the end": (lambda y: tf.identity(y, name="named"), ""),
    "negated": (lambda y: tf.negative(y, name="end"), "end:0"),
    "a residual": (lambda y: tf.subtract(1.0, tf.tanh(y), name="end"), "end:0"),
    "a class": (lambda y: tf.argmax(y, 1, name="class"), ""),  # no numbers of a model's
}


@pytest.mark.parametrize("name", TAILS)
def test_what_the_graph_goes_on_to_is_said(name, tmp_path):
    """All lines are proved by what the model computes, and the graph may compute more."""
    tail, end = TAILS[name]
    with saved_to(tmp_path / "tail.ckpt"):
        x = v1.placeholder(tf.float32, [None, 4], name="x")
        normal = v1.random_normal_initializer()
        tail(x @ v1.get_variable("fc/kernel", [4, 3], initializer=normal))
    x = keras.Input((4,), name="x")
    model = keras.Model(x, keras.layers.Dense(3, use_bias=False, name="fc")(x))
    plan = plan_migration(tmp_path / "tail.ckpt", model)
    proof = prove(plan, model)
    assert set(proof.lines.values()) == {Status.PROVED}
    said = [note for note in proof.notes if "from which the v1 graph goes on to" in note]
    assert [note.partition("goes on to ")[2].partition(";")[0] for note in said] == [end] * bool(
        end
    )
    if end:
        assert not prove(plan, model, options=GraphOptions(outputs=[end])).agrees


def test_outputs_that_differ_only_where_several_weights_change_differ(tmp_path):
    """Of zeros both sides make zeros, as long as one of two kernels in a row is of zeros."""
    with saved_to(tmp_path / "zeros.ckpt"):
        x = v1.placeholder(tf.float32, [None, 4], name="x")
        for scope in ("first", "second"):
            with v1.variable_scope(scope):
                x = x @ v1.get_variable("kernel", [4, 4], initializer=v1.zeros_initializer())
        tf.identity(x, name="y")
    x = keras.Input((4,), name="x")
    h = keras.layers.Dense(4, use_bias=False, name="first")(x)
    model = keras.Model(x, 2 * keras.layers.Dense(4, use_bias=False, name="second")(h))
    proof = prove(plan_migration(tmp_path / "zeros.ckpt", model), model)
    assert not proof.agrees
    assert set(proof.lines.values()) == {Status.COPIED}
    assert "when weights change together" in " ".join(proof.notes)
