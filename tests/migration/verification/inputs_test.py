"""Which inputs of the v1 graph are the model's: by names, by what the outputs tell, or as said."""

import keras
import pytest
import tensorflow as tf
from v1_programs import saved

from tf1compat.errors import UsageError
from tf1compat.graph import layers
from tf1compat.migration import GraphOptions, Status, plan_migration, prove
from tf1compat.names import Rule

v1 = tf.compat.v1


def _program():
    """Two inputs of one shape, and a mask of ones that is made, not given."""
    one = v1.placeholder(tf.float32, [None, 3], "p")
    two = v1.placeholder(tf.float32, [None, 3], "q")
    h = layers.dense(one, 4, name="first") - 2 * layers.dense(two, 4, name="second")
    tf.identity(layers.dense(h * tf.ones_like(h), 2, name="head"), name="y")


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("two"), _program)


def _model(*names, masked=False):
    one, two, mask = (
        keras.Input((size,), name=n) for size, n in zip((3, 3, 4), names, strict=True)
    )
    h = keras.layers.Dense(4, name="first")(one) - 2 * keras.layers.Dense(4, name="second")(two)
    inputs = {tensor.name: tensor for tensor in (one, two, *([mask] if masked else []))}
    return keras.Model(inputs, keras.layers.Dense(2, name="head")(h * mask if masked else h))


def test_what_only_outputs_would_tell_is_asked(prefix):
    """Keras sorts a dict's inputs, so the second comes first; branches swapped would look alike."""
    model = _model("v", "u", "mask")
    assert [tensor.name for tensor in model.inputs] == ["u", "v"]
    plan = plan_migration(prefix, model)
    proof = prove(plan, model)
    assert not proof.agrees
    assert proof.notes == (
        "inputs: u is p:0, v is q:0, by their order",
        "the outputs agree if it is so: --inputs=u=q:0,v=p:0",
    )
    for said in ({"u": "q:0", "v": "p:0"}, ("q", "p")):
        assert prove(plan, model, options=GraphOptions(inputs=said)).agrees


def test_words_of_names_are_taken_and_told(prefix):
    model = _model("p_values", "a_q_of_its_own", "mask")
    proof = prove(plan_migration(prefix, model), model)
    assert proof.agrees
    assert proof.notes == ("inputs: a_q_of_its_own is q:0, p_values is p:0",)


def test_a_tensor_within_the_graph_may_be_an_input(prefix):
    h = keras.Input((4,), name="h")
    model = keras.Model(h, keras.layers.Dense(2, name="head")(h))
    rules = [Rule(r"(first|second)/.*", drop="what comes before")]
    plan = plan_migration(prefix, model, rules)
    options = GraphOptions(inputs={"h": "sub"}, outputs=["y"])
    assert prove(plan, model, options=options).count(Status.PROVED) == 2


def test_an_input_that_the_graph_lacks_has_a_value(prefix):
    model = _model("p", "q", "gain", masked=True)
    plan = plan_migration(prefix, model)
    with pytest.raises(UsageError, match=r"for each input of the model \(gain float32.*, p float"):
        prove(plan, model)
    said = {"p": "p", "q": "q", "gain": 1}
    assert prove(plan, model, options=GraphOptions(inputs=said)).agrees
    assert not prove(plan, model, options=GraphOptions(inputs={**said, "gain": 2})).agrees


def test_nothing_is_masked_where_the_graph_has_no_mask(prefix):
    model = _model("p", "q", "padding_mask", masked=True)
    proof = prove(plan_migration(prefix, model), model)
    assert proof.agrees
    assert proof.notes == ("inputs: p is p:0, q is q:0, padding_mask is 1",)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"u": "q"}, r"each input of the model by its name \(u, v\), found u"),
        ({"u": "q", "v": "q"}, r"a tensor of its own for each input .* \(u, v\), found q:0, q:0"),
        (("q",), r"a tensor of its own for each input of the model \(u, v\), found q:0"),
        (("q", "nosuch"), r"expected a tensor named nosuch:0, found none"),
    ],
)
def test_what_cannot_be_an_input_is_told(prefix, inputs, message):
    model = _model("v", "u", "mask")
    with pytest.raises(UsageError, match=message):
        prove(plan_migration(prefix, model), model, options=GraphOptions(inputs=inputs))


def test_the_rate_of_a_dropout_that_is_left_out_is_no_input(tmp_path):
    """Whatever it is called: tf_unet calls what it keeps `dropout_probability`."""

    def program():
        x = v1.placeholder(tf.float32, [None, 3], "x")
        keep = v1.placeholder(tf.float32, [], "something")
        h = tf.nn.relu(layers.dense(x, 4, name="first"))
        tf.identity(layers.dense(tf.nn.dropout(h, rate=1 - keep), 2, name="head"), name="y")

    prefix = saved(tmp_path, program)
    x = keras.Input((3,), name="x")
    h = keras.layers.Dense(4, activation="relu", name="first")(x)
    model = keras.Model(x, keras.layers.Dense(2, name="head")(h))
    proof = prove(plan_migration(prefix, model), model)
    assert proof.count(Status.PROVED) == 4


def test_time_may_be_folded_into_the_batch_and_one_number_fed_for_all(tmp_path):
    """As the tutorials' language models have it: logits of [batch * time, words], and a number."""

    def program():
        ids = v1.placeholder(tf.int32, [None, 5], "ids")
        least = v1.placeholder(tf.int32, [None], "least")
        table = v1.get_variable("table", [7, 3])
        h = tf.gather(table, ids) * tf.cast(least[:, None, None] > 2, tf.float32)
        tf.identity(layers.dense(tf.reshape(h, [-1, 3]), 4, name="head"), name="y")

    prefix = saved(tmp_path, program)
    x = keras.Input((5,), dtype="int32", name="words")
    h = keras.layers.Embedding(7, 3, name="table")(x)
    model = keras.Model(x, keras.layers.Dense(4, name="head")(h))
    plan = plan_migration(prefix, model)
    with pytest.raises(UsageError, match=r"without one: least:0; feed these"):
        prove(plan, model, options=GraphOptions(inputs=["ids"]))
    options = GraphOptions(inputs=["ids"], feeds={"least": 3})
    proof = prove(plan, model, options=options)
    assert proof.count(Status.PROVED) == 3
    assert [one.name for one in proof.outputs] == ["y:0"]


def test_the_tables_that_inputs_index_tell_them_apart(tmp_path):
    """ELECTRA's `token_type_ids` has more words of `token_ids` than its `input_ids` has."""

    def program():
        ids = v1.placeholder(tf.int32, [None, 5], "input_ids")
        types = v1.placeholder(tf.int32, [None, 5], "token_type_ids")
        h = tf.gather(v1.get_variable("words", [7, 3]), ids)
        h += tf.gather(v1.get_variable("types", [2, 3]), types)
        tf.identity(layers.dense(h, 2, name="head"), name="y")

    ids = keras.Input((5,), dtype="int32", name="token_ids")
    types = keras.Input((5,), dtype="int32", name="segment_ids")
    h = keras.layers.Embedding(7, 3, name="words")(ids)
    h = h + keras.layers.Embedding(2, 3, name="types")(types)
    model = keras.Model([ids, types], keras.layers.Dense(2, name="head")(h))
    proof = prove(plan_migration(saved(tmp_path, program), model), model)
    assert proof.notes == ("inputs: token_ids is input_ids:0, segment_ids is token_type_ids:0",)
    assert proof.count(Status.PROVED) == 4


def test_outputs_that_are_integers_are_compared_and_prove_nothing(tmp_path):
    def program():
        x = v1.placeholder(tf.float32, [None, 3], "x")
        tf.argmax(layers.dense(x, 4, name="fc"), 1, name="ids")

    x = keras.Input((3,))
    model = keras.Model(x, keras.ops.argmax(keras.layers.Dense(4, name="fc")(x), 1))
    options = GraphOptions(outputs=["ids"])
    proof = prove(plan_migration(saved(tmp_path, program), model), model, options=options)
    assert proof.agrees
    assert set(proof.lines.values()) == {Status.NOT_REACHED}


def _of_energies(x):
    return tf.identity(layers.dense(tf.math.log(x), 4, name="fc"), name="y")


def _log_model(activation=None):
    x = keras.Input((3,))
    y = keras.layers.Dense(4, activation, name="fc")(keras.ops.log(x))
    return keras.Model(x, y)


def test_inputs_are_positive_where_others_give_no_number(tmp_path):
    prefix = saved(tmp_path, lambda: _of_energies(v1.placeholder(tf.float32, [None, 3], "x")))
    proof = prove(plan_migration(prefix, _log_model()), _log_model())
    assert proof.agrees
    assert set(proof.lines.values()) == {Status.PROVED}
    assert "inputs that are made up are positive: others give NaN" in proof.notes
    assert not prove(plan_migration(prefix, _log_model()), _log_model("tanh")).agrees


def test_what_is_no_number_proves_nothing(tmp_path):
    def program():
        x = v1.placeholder(tf.float32, [None, 3], "x")
        _of_energies(-tf.abs(x))

    x = keras.Input((3,))
    h = keras.ops.log(-keras.ops.abs(x))
    model = keras.Model(x, keras.layers.Dense(4, name="fc")(h))
    plan = plan_migration(saved(tmp_path, program), model)
    with pytest.raises(UsageError, match=r"computes NaN for y:0 from inputs that are made up; co"):
        prove(plan, model)


def _optional(name, value):
    return v1.placeholder_with_default(value, None, name=name)


@pytest.mark.parametrize("is_input", [False, True], ids=["a phase", "the input"])
def test_placeholders_with_a_default_may_be_given(is_input, tmp_path):
    def program():
        x = v1.placeholder(tf.float32, [None, 3], "x")
        if is_input:
            x = v1.placeholder_with_default(tf.ones([2, 3]), [None, 3], name="given")
        keep = _optional("keep_prob", tf.constant(0.5))
        training = _optional("is_training", tf.constant(True))
        h = layers.dense(x, 4, name="fc")
        h = tf.cond(training, lambda: h * 9.0, lambda: h)
        tf.identity(h * keep, name="y")

    x = keras.Input((3,), name="features")
    model = keras.Model(x, keras.layers.Dense(4, name="fc")(x))
    options = GraphOptions(inputs=["given"]) if is_input else GraphOptions()
    proof = prove(plan_migration(saved(tmp_path, program), model), model, options=options)
    assert proof.agrees
    assert set(proof.lines.values()) == {Status.PROVED}


def test_the_only_input_may_have_a_default(tmp_path):
    def program():
        x = v1.placeholder_with_default(tf.ones([2, 3]), [None, 3], name="given")
        tf.identity(layers.dense(x, 4, name="fc"), name="y")

    x = keras.Input((3,))
    model = keras.Model(x, keras.layers.Dense(4, name="fc")(x))
    assert prove(plan_migration(saved(tmp_path, program), model), model).agrees


@pytest.mark.parametrize("text", ["rows(0, 0, 1, 2, 5, 4, 3)", "cut(0, 0, 6)"])
def test_rows_that_go_by_themselves_are_proved_as_far_as_they_are_reached(text, tmp_path):
    """Ids stop at two: whether the other rows are right, nothing shows."""

    def program():
        ids = v1.placeholder(tf.int32, [None, 2], "ids")
        table = v1.get_variable("words/embeddings", [8, 3])
        tf.identity(tf.gather(table, tf.minimum(ids, 2)), name="y")

    ids = keras.Input((2,), dtype="int32")
    embedded = keras.layers.Embedding(6, 3, name="words")(keras.ops.minimum(ids, 2))
    model = keras.Model(ids, embedded)
    rule = Rule("words/embeddings", "words/embeddings", layout=text)
    proof = prove(plan_migration(saved(tmp_path, program), model, [rule]), model)
    assert proof.agrees
    if text.startswith("rows"):
        assert proof.lines == {"words/embeddings": Status.NOT_REACHED}
        (reason,) = proof.reasons.values()
        assert reason.endswith("of its 6 rows are not")
    else:
        assert proof.lines == {"words/embeddings": Status.PROVED}
