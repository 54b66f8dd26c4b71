"""Values made up for a graph's inputs: phases by name, integers within the tables they index."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.migration.verification.reference.feeds import index_bounds, made_up, phase_of
from tf1compat.migration.verification.reference.graph_file import InputSpec, input_specs
from tf1compat.migration.verification.reference.input_pairing import concrete_shapes, pairings
from tf1compat.testing import assert_arrays_equal

v1 = tf.compat.v1


@pytest.mark.parametrize(
    ("name", "dtype", "value"),
    [
        *(
            (name, "bool", False)
            for name in ("is_training", "net/training", "phase_train", "train")
        ),
        *(
            (name, "float32", 1.0)
            for name in ("keep_prob", "dropout_keep_prob", "a/keep", "keep_rate")
        ),
        *((name, "float32", 0.0) for name in ("dropout", "drop_rate", "dropout_prob")),
        *((name, "float32", None) for name in ("images", "learning_rate", "rainfall")),
        ("is_training", "int32", None),
        ("use_bias", "bool", None),
    ],
)
def test_phases_go_by_name(name, dtype, value):
    found = phase_of(InputSpec(f"{name}:0", dtype, (), optional=False))
    assert found == value
    assert phase_of(InputSpec(f"{name}:0", dtype, (None, 3), optional=False)) is None


def test_integers_stay_below_the_smallest_table_that_they_index():
    with tf.Graph().as_default() as graph:
        ids = v1.placeholder(tf.int64, [None, None], "ids")
        v1.placeholder(tf.int32, [None], "lengths")
        kinds = v1.placeholder(tf.int32, [None], "kinds")
        table = v1.get_variable("table", [40, 3], use_resource=False)
        parts = v1.get_variable(
            "parts", [31, 3], partitioner=v1.fixed_size_partitioner(2), use_resource=False
        )
        resource = v1.get_variable("resource", [50, 3], use_resource=True)
        flat = tf.reshape(tf.cast(ids, tf.int32), [-1])
        tf.gather(table, flat)
        tf.gather(tf.convert_to_tensor(parts), flat)
        v1.nn.embedding_lookup(resource, ids)
        tf.one_hot(kinds, 5)
    found = index_bounds(graph.as_graph_def(), ["ids:0", "lengths:0", "kinds:0"])
    assert found == {"ids:0": 31, "kinds:0": 5}


def test_values_are_the_same_each_time_and_within_bounds():
    specs = [InputSpec("ids:0", "int64", (None,), False), InputSpec("x:0", "float16", None, False)]
    shapes = {"ids:0": (2000,), "x:0": (2, 3)}
    found = made_up(specs, shapes, {"ids:0": 7})
    assert {k: (v.shape, v.dtype.name) for k, v in found.items()} == {
        "ids:0": ((2000,), "int64"),
        "x:0": ((2, 3), "float16"),
    }
    assert set(found["ids:0"].tolist()) == set(range(7))
    again = made_up(specs, shapes, {"ids:0": 7})
    assert_arrays_equal(found, again)


def test_placeholders_of_savers_are_no_inputs():
    with tf.Graph().as_default() as graph:
        v1.placeholder(tf.float32, [None, 3], "x")
        v1.get_variable("w", [3])
        v1.train.Saver()
        v1.placeholder_with_default(0.5, [], "rate")
    found = input_specs(graph.as_graph_def())
    assert [(s.name, s.shape, s.optional) for s in found] == [
        ("x:0", (None, 3), False),
        ("rate:0", (), True),
    ]


class _Model:
    def __init__(self, *inputs):
        self.inputs = [_Input(*one) for one in inputs]


class _Input:
    def __init__(self, name, shape, dtype="float32"):
        self.name, self.shape, self.dtype = name, shape, dtype


def spec(name, shape, dtype="float32"):
    return InputSpec(f"{name}:0", dtype, shape, optional=False)


def paired(model, specs):
    every = pairings(model.inputs, specs)
    return [{name: one.name for name, one in way.items()} for way in every]


def test_inputs_are_paired_by_name_else_by_what_fits():
    specs = [spec("b", (None, 4)), spec("a", (None, 4)), spec("labels", (None,), "int32")]
    assert paired(_Model(("a", (None, 4)), ("b", (None, 4))), specs) == [{"a:0": "a", "b:0": "b"}]
    assert paired(_Model(("k", (None,), "int64"), ("x", (None, 4))), specs) == [
        {"labels:0": "k", "b:0": "x"},
        {"labels:0": "k", "a:0": "x"},
    ]


def test_words_of_names_tell_inputs_apart():
    """BERT's own names, and KerasHub's in the order that Keras gives a dict's."""
    specs = [spec(name, (None, 9), "int32") for name in ("ids", "mask", "seg")]
    model = _Model(
        *((f"{n}", (None, 9), "int32") for n in ("padding_mask", "segment_ids", "token_ids"))
    )
    assert paired(model, specs) == [
        {"mask:0": "padding_mask", "seg:0": "segment_ids", "ids:0": "token_ids"}
    ]


def test_inputs_without_a_placeholder_are_asked_for():
    with pytest.raises(
        UsageError,
        match=r"a placeholder .* each input of the model \(x float32\[None, 5\]\), found b:0 "
        r"float32\[None, 4\]; name for each",
    ):
        pairings(_Model(("x", (None, 5))).inputs, [spec("b", (None, 4))])


def test_shapes_are_what_either_side_says():
    specs = [spec("x", (None, None, 4)), spec("ids", (8, None), "int32"), spec("any", None)]
    model = _Model(("x", (None, 6, 4)), ("ids", (None, None), "int32"), ("any", (None, 2)))
    found = concrete_shapes(pairings(model.inputs, specs)[0], specs)
    assert found == {"x:0": (8, 6, 4), "ids:0": (8, 5), "any:0": (3, 2)}
    free = [spec("z", (None, 3))]
    (way,) = pairings(_Model(("noise", (None, 3))).inputs, free)
    assert concrete_shapes(way, free, beside=[spec("images", (4, 8))]) == {"z:0": (4, 3)}
    with pytest.raises(UsageError, match="any:0: its shape isn't known; give inputs of your own"):
        concrete_shapes({"any:0": None}, specs)


def test_lengths_are_those_of_the_shortest_sequences():
    """A matrix of real numbers holds no sequence, whatever its width."""
    specs = [spec("x", (None, 6, 2)), spec("speaker", (None, 100)), spec("ids", (None, 9), "int32")]
    shapes = {"x:0": (8, 6, 2), "speaker:0": (8, 100), "ids:0": (8, 9), "seq_len:0": (8,)}
    found = made_up([*specs, spec("seq_len", (None,), "int32")], shapes, {"ids:0": 5})
    assert found["seq_len:0"].tolist() == [6, 5, 4, 3, 2, 1, 6, 5]
    alone = made_up([spec("seq_len", (None,), "int32")], {"seq_len:0": (8,)}, {})["seq_len:0"]
    assert set(alone.tolist()) == {0, 1}
    looked_up = made_up(
        [*specs, spec("len", (None,), "int32")], {**shapes, "len:0": (8,)}, {"len:0": 3}
    )
    assert looked_up["len:0"].max() < 3


def test_a_zero_of_ids_stands_at_an_end():
    found = made_up([spec("ids", (None, 9), "int32")], {"ids:0": (3, 9)}, {"ids:0": 5})["ids:0"]
    assert found.max() < 5
    assert np.argwhere(found == 0).tolist() == [[2, 8]]


def test_positive_values_are_the_same_but_for_their_signs():
    specs, shapes = [spec("x", (None, 6))], {"x:0": (3, 6)}
    plain = made_up(specs, shapes, {})["x:0"]
    assert (plain < 0).any()
    assert_arrays_equal(made_up(specs, shapes, {}, positive=True)["x:0"], np.abs(plain))


def test_channels_move_only_where_nothing_fits_as_it_is():
    ins = [keras.Input((8, 6), name="v"), keras.Input((6, 8), name="u")]
    model = keras.Model(ins, [keras.layers.Identity()(one) for one in ins])
    every = pairings(model.inputs, [spec("a", (None, 6, 8)), spec("b", (None, 8, 6))])
    assert [{name: one.name for name, one in way.items()} for way in every] == [
        {"b:0": "v", "a:0": "u"}
    ]


def test_no_texts_are_made_up():
    with pytest.raises(UsageError, match=r"words:0: expected inputs that numbers can be made up"):
        made_up([spec("words", (None,), "string")], {"words:0": (2,)}, {})
