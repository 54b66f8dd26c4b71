"""Outputs that differ, and the exchange of two weights' sources with which they wouldn't."""

import keras
import pytest
import tensorflow as tf
from v1_programs import saved

from tf1compat.keras3 import index_model
from tf1compat.migration import GraphOptions, plan_migration, prove
from tf1compat.migration.verification import given
from tf1compat.migration.verification.reference import reference_parts
from tf1compat.migration.verification.reference.graph_file import read_graph
from tf1compat.migration.verification.reference.reference_graph import ReferenceGraph
from tf1compat.names import rules_from_toml

v1 = tf.compat.v1
SIZE = 3


def _program():
    """Additive attention without its softmax: ``W1`` is the memory's, ``W2`` the query's."""
    query, memory = (v1.placeholder(tf.float32, [None, SIZE], n) for n in ("query", "memory"))
    first, second = (v1.get_variable(f"{n}/kernel", [SIZE, SIZE]) for n in ("W1", "W2"))
    h = tf.tanh(tf.matmul(memory, first) + 2 * tf.matmul(query, second))
    tf.matmul(h, v1.get_variable("v/kernel", [SIZE, 2]), name="y")


class Attention(keras.layers.Layer):
    """The same by another author, who has ``W1`` for the query."""

    def __init__(self, **options):
        super().__init__(**options)
        self.W1, self.W2 = (keras.layers.Dense(SIZE, use_bias=False, name=n) for n in ("W1", "W2"))

    def build(self, *shapes):
        for one in (self.W1, self.W2):
            one.build((None, SIZE))

    def call(self, query, memory):
        return keras.ops.tanh(self.W2(memory) + 2 * self.W1(query))


@pytest.fixture(scope="module")
def index():
    keras.utils.clear_session()
    query, memory = (keras.Input((SIZE,), name=n) for n in ("query", "memory"))
    h = Attention(name="attention")(query, memory)
    y = keras.layers.Dense(2, use_bias=False, name="v")(h)
    return index_model(keras.Model([query, memory], y))


def test_the_exchange_that_agrees_is_said_and_its_rules_are_right(index, tmp_path):
    prefix = saved(tmp_path, _program)
    plan = plan_migration(prefix, index)
    assert plan.complete  # by equal names, which stand for other things
    proof = prove(plan, index)
    assert not proof.agrees
    (said,) = (note for note in proof.notes if "exchanged" in note)
    assert "W1/kernel and W2/kernel" in said or "W2/kernel and W1/kernel" in said
    rules = rules_from_toml(f"rules = [{said.partition(': ')[2]}]")
    assert prove(plan_migration(prefix, index, rules), index).agrees


@pytest.mark.parametrize("kept", [True, False])
def test_a_part_of_the_graph_is_made_once_unless_it_is_large(index, tmp_path, monkeypatch, kept):
    made = []

    def made_anew(*args, **options):
        made.append(ReferenceGraph(*args, **options))
        return made[-1]

    monkeypatch.setattr(reference_parts, "ReferenceGraph", made_anew)
    monkeypatch.setattr(reference_parts, "_LARGE", reference_parts._LARGE if kept else 0)
    feeds = given.Given(read_graph(f"{saved(tmp_path, _program)}.meta"), index, GraphOptions())
    parts = [feeds.reference(["y"], ["query:0", "memory:0"]) for _ in range(2)]
    positive = feeds.made_positive().reference(["y"], ["memory:0", "query:0"])
    assert (parts[1] is parts[0], positive is parts[0]) == (kept, kept)
    assert feeds.reference(["v/kernel"], ["query:0", "memory:0"]) is not parts[0]
    assert len(made) == (2 if kept else 4)


def test_nothing_is_said_where_no_exchange_agrees(index, tmp_path):
    def program():
        _program()
        tf.square(v1.get_default_graph().get_tensor_by_name("y:0"), name="z")

    prefix = saved(tmp_path, program)
    plan = plan_migration(prefix, index)
    proof = prove(plan, index, options=GraphOptions(outputs=["z"]))
    assert not proof.agrees
    assert not [note for note in proof.notes if "exchanged" in note]
