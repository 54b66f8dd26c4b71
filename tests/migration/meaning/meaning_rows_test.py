"""Rows of tables in shards, and of kernels behind flattened images."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from v1_programs import saved, without_graph

from tf1compat.checkpoint import write_checkpoint
from tf1compat.errors import RuleError
from tf1compat.keras3 import ModelIndex, index_model
from tf1compat.keras3.index.flattened import flattened_images
from tf1compat.migration import Assumptions, Status, plan_migration, prove
from tf1compat.names import Rule

v1 = tf.compat.v1


def _lookup(strategy):
    def build():
        ids = v1.placeholder(tf.int32, [None], "ids")
        table = v1.get_variable("emb/embeddings", [11, 3], partitioner=v1.fixed_size_partitioner(4))
        found = v1.nn.embedding_lookup(table, ids, partition_strategy=strategy)
        tf.identity(found, name="y")

    return build


def _table():
    ids = keras.Input((), dtype="int32", name="ids")
    return index_model(keras.Model(ids, keras.layers.Embedding(11, 3, name="words")(ids)))


@pytest.mark.parametrize(("strategy", "layout"), [("mod", "mod_shards(4)"), ("div", "identity")])
def test_a_table_stands_as_its_ids_were_dealt_out(strategy, layout, tmp_path):
    prefix, index = saved(tmp_path, _lookup(strategy)), _table()
    plan = plan_migration(prefix, index)
    assert [fill.layout for fill in plan.fills] == [layout]
    assert set(prove(plan, index).lines.values()) == {Status.PROVED}
    bare = without_graph(prefix)
    (problem,) = plan_migration(bare, index).unexplained
    assert "say partition_strategy='mod' or 'div'" in str(problem)
    answered = plan_migration(bare, index, assume=Assumptions(partition_strategy=strategy))
    assert [fill.layout for fill in answered.fills] == [layout]


def _looked_up_both_ways():
    _lookup("mod")()
    with v1.variable_scope("", reuse=True):
        table = v1.get_variable("emb/embeddings", [11, 3], partitioner=v1.fixed_size_partitioner(4))
    tf.nn.embedding_lookup(table, tf.constant([1, 2]))


def _listed_both_ways():
    ids = v1.placeholder(tf.int32, [None], "ids")
    shards = [v1.get_variable(name, [rows, 3]) for name, rows in (("a", 6), ("b", 5))]
    for strategy in ("mod", "div"):
        v1.nn.embedding_lookup(shards, ids, partition_strategy=strategy)


@pytest.mark.parametrize(
    ("program", "layouts"),
    [
        (_looked_up_both_ways, ("mod_shards(4)", "identity")),
        (_listed_both_ways, ("concatenate(0) | mod_shards(2)", "concatenate(0)")),
    ],
)
def test_a_table_that_is_looked_up_both_ways_is_asked_about(program, layouts, tmp_path):
    prefix, index = saved(tmp_path, program), _table()
    plan = plan_migration(prefix, index)
    assert not plan.fills
    assert "both in turn ('mod') and row by row ('div')" in str(plan.unexplained[0])
    for strategy, layout in zip(("mod", "div"), layouts, strict=True):
        assume = Assumptions(partition_strategy=strategy)
        (fill,) = plan_migration(prefix, index, assume=assume).fills
        assert fill.layout == layout


def test_shards_of_what_the_model_looks_up_are_a_table_whatever_their_name(tmp_path):
    def build():
        v1.get_variable("softmax_w", [11, 3], partitioner=v1.fixed_size_partitioner(4))

    bare = without_graph(saved(tmp_path, build))
    (problem,) = plan_migration(bare, _table()).unexplained
    assert "say partition_strategy='mod' or 'div'" in str(problem)
    dense = keras.layers.Dense(3, use_bias=False, name="logits")
    (fill,) = plan_migration(bare, keras.Sequential([keras.Input((11,)), dense])).fills
    assert fill.layout == "identity"


def test_a_table_cut_by_its_columns_stands_as_it_is(tmp_path):
    """Its parts are looked up each for all ids: nothing is dealt out."""

    def build():
        ids = v1.placeholder(tf.int32, [None], "ids")
        cut = v1.fixed_size_partitioner(3, axis=1)
        parts = v1.get_variable("emb/embeddings", [11, 3], partitioner=cut)
        tf.concat([tf.gather(part, ids) for part in parts], 1, name="y")

    prefix, index = saved(tmp_path, build), _table()
    for one in (prefix, without_graph(prefix)):
        plan = plan_migration(one, index)
        assert [fill.layout for fill in plan.fills] == ["identity"]


def _image(*, turned):
    """A program in NCHW as far as a CPU computes it: what is turned, and flattened, is the same."""

    def build():
        x = v1.placeholder(tf.float32, [None, 4, 5, 2], "x")
        kernel = v1.get_variable("conv/kernel", [3, 3, 2, 3])
        h = tf.nn.relu(tf.nn.conv2d(x, kernel, strides=1, padding="SAME"))
        if turned:
            h = tf.transpose(h, [0, 3, 1, 2])
        flat = tf.reshape(h, [-1, 60])
        dense = v1.get_variable("fc/kernel", [60, 2])
        tf.matmul(tf.nn.dropout(flat, rate=0.0), dense, name="y")

    return build


TO_FIRST = (3, 1, 2)
FLATTENED = {
    "as_it_is": (lambda: [], "channels_last"),
    "turned": (lambda: [keras.layers.Permute(TO_FIRST)], "channels_last"),
    "turned_and_back": (lambda: [keras.layers.Permute(TO_FIRST)], "channels_first"),
    "reshaped": (lambda: [keras.layers.Reshape((3, 4, 5))], "channels_last"),
}


def _convnet(name="as_it_is"):
    turns, data_format = FLATTENED[name]
    x = keras.Input((4, 5, 2), name="x")
    h = keras.layers.Conv2D(3, 3, padding="same", use_bias=False, activation="relu", name="conv")(x)
    for layer in (*turns(), keras.layers.Flatten(data_format), keras.layers.Dropout(0.5)):
        h = layer(h)
    return index_model(keras.Model(x, keras.layers.Dense(2, use_bias=False, name="fc")(h)))


@pytest.mark.parametrize(
    ("turned", "layout", "data_format"),
    [(True, "channels_first(4, 5, 3)", "NCHW"), (False, "identity", "NHWC")],
)
def test_pixels_stand_as_the_graph_flattens_them(turned, layout, data_format, tmp_path):
    prefix, index = saved(tmp_path, _image(turned=turned)), _convnet()
    plan = plan_migration(prefix, index)
    fill = next(fill for fill in plan.fills if fill.target == "fc/kernel")
    assert fill.layout == layout
    assert f"in {data_format} before it" in fill.why
    assert set(prove(plan, index).lines.values()) == {Status.PROVED}
    bare = without_graph(prefix)
    asked = plan_migration(bare, index)
    assert "say data_format='NHWC' or 'NCHW'" in "".join(map(str, asked.unfilled))
    answered = plan_migration(bare, index, assume=Assumptions(data_format=data_format))
    assert next(f.layout for f in answered.fills if f.target == "fc/kernel") == layout


@pytest.mark.parametrize(
    ("turned", "model", "layout"),
    [
        (True, "turned", "identity"),
        (False, "turned", "reshape(4, 5, 3, 2) | transpose(2, 0, 1, 3) | reshape(60, 2)"),
        (True, "turned_and_back", "channels_first(4, 5, 3)"),
        (False, "turned_and_back", "identity"),
        (False, "reshaped", "identity"),
    ],
)
def test_pixels_go_where_the_model_has_them(turned, model, layout, tmp_path):
    prefix, index = saved(tmp_path, _image(turned=turned)), _convnet(model)
    plan = plan_migration(prefix, index)
    assert next(fill.layout for fill in plan.fills if fill.target == "fc/kernel") == layout
    assert set(prove(plan, index).lines.values()) == {Status.PROVED}


def _subclassed(flatten):
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            options = {"padding": "same", "use_bias": False, "activation": "relu"}
            self.conv = keras.layers.Conv2D(3, 3, **options, name="conv")
            self.flat = keras.layers.Flatten()
            self.fc = keras.layers.Dense(2, use_bias=False, name="fc")

        def call(self, x):
            h = self.conv(x)
            return self.fc(self.flat(h) if flatten else keras.ops.reshape(h, (-1, 60)))

    model = Net()
    model(keras.Input((4, 5, 2), name="x"))
    return index_model(model)


def _sequence(*between):
    def made():
        x = keras.Input((4, 5, 2), name="x")
        options = {"padding": "same", "use_bias": False, "activation": "relu", "name": "conv"}
        h = keras.layers.Conv2D(3, 3, **options)(x)
        for layer in between:
            h = layer()(h)
        return index_model(keras.Model(x, keras.layers.Dense(2, use_bias=False, name="fc")(h)))

    return made


L = keras.layers
FLAT = {
    "a reshape": _sequence(lambda: L.Reshape((60,))),
    "an operation": _sequence(lambda: lambda h: keras.ops.reshape(h, (-1, 60))),
    "noise and slopes": _sequence(
        L.Flatten, lambda: L.GaussianNoise(0.1), lambda: L.LeakyReLU(1.0)
    ),
    "a function": _sequence(L.Flatten, lambda: lambda h: h * 1.0),
    "a model within": _sequence(lambda: keras.Sequential([L.Identity(), L.Flatten()])),
    "a class, flatten": lambda: _subclassed(flatten=True),
    "a class, reshape": lambda: _subclassed(flatten=False),
}


@pytest.mark.parametrize("name", FLAT)
def test_pixels_are_known_however_the_model_flattens_them(name, tmp_path):
    prefix, index = saved(tmp_path, _image(turned=True)), FLAT[name]()
    plan = plan_migration(prefix, index)
    (fill,) = (fill for fill in plan.fills if fill.target.endswith("fc/kernel"))
    assert fill.layout in ("channels_first(4, 5, 3)", "channels_first(20, 3)")
    assert set(prove(plan, index).lines.values()) == {Status.PROVED}
    bare = without_graph(prefix)
    assert "say data_format=" in "".join(map(str, plan_migration(bare, index).unfilled))
    said = plan_migration(bare, index, assume=Assumptions(data_format="NCHW"))
    assert fill.layout in {f.layout for f in said.fills}


def test_where_the_model_does_not_tell_it_is_asked_and_a_rule_says_it(tmp_path, monkeypatch):
    monkeypatch.setattr("tf1compat.keras3.index.flattened._traced", lambda index, paths: {})
    prefix, index = saved(tmp_path, _image(turned=True)), _subclassed(flatten=True)
    plan = plan_migration(prefix, index)
    asks = "which the model doesn't tell: give it a rule with a layout, channels_first(HEIGHT, WID"
    assert asks in str(plan)
    silent = [Rule("fc/kernel", "fc/kernel")]
    with pytest.raises(RuleError, match="which the model doesn't tell: give it a rule with a layo"):
        plan_migration(prefix, index, silent)
    told = [Rule("fc/kernel", "fc/kernel", layout="channels_first(4, 5, 3)")]
    assert prove(plan_migration(prefix, index, told), index).agrees


def test_a_flattened_embedding_has_no_pixels(tmp_path):
    """A concatenation can't be followed; but nothing in the model is an image."""
    shapes = {"city/embeddings": (6, 3), "deep/kernel": (4, 2)}
    write_checkpoint(tmp_path / "m.ckpt", {n: np.zeros(s, "f") for n, s in shapes.items()})
    age, city = keras.Input((1,)), keras.Input((1,), dtype="int32")
    flat = keras.layers.Flatten()(keras.layers.Embedding(6, 3, name="city")(city))
    joined = keras.layers.Concatenate()([age, flat])
    model = keras.Model([age, city], keras.layers.Dense(2, use_bias=False, name="deep")(joined))
    assert plan_migration(tmp_path / "m.ckpt", model).complete


def test_vectors_of_pixels_are_turned_too(tmp_path):
    """A norm behind what is flattened has a number for each pixel."""

    def build():
        _image(turned=True)()
        flat = v1.get_default_graph().get_tensor_by_name("Reshape:0")
        gamma = v1.get_variable("norm/gamma", [60], initializer=v1.random_normal_initializer())
        tf.matmul(flat * gamma, v1.get_variable("out/kernel", [60, 2]), name="z")

    x = keras.Input((4, 5, 2), name="x")
    options = {"padding": "same", "use_bias": False, "activation": "relu", "name": "conv"}
    flat = L.Flatten()(L.Conv2D(3, 3, **options)(x))
    normed = L.BatchNormalization(center=False, name="norm", epsilon=1e-6)(flat)
    outputs = [
        L.Dense(2, use_bias=False, name=name)(h) for name, h in (("fc", flat), ("out", normed))
    ]
    index = index_model(keras.Model(x, outputs))
    plan = plan_migration(saved(tmp_path, build), index)
    layouts = {fill.target: fill.layout for fill in plan.fills}
    for target in ("norm/gamma", "fc/kernel", "out/kernel"):
        assert layouts[target] == "channels_first(4, 5, 3)", target


RULED = {
    "shards": (_lookup("mod"), _table, Rule("emb/(.*)", r"words/\1")),
    "shards_of_a_layer": (_lookup("mod"), _table, Rule(scope="emb", layer="words")),
    "pixels": (_image(turned=True), _convnet, Rule("(.*)/kernel", r"\1/kernel")),
}


@pytest.mark.parametrize("name", RULED)
def test_a_rule_without_a_layout_means_the_one_that_follows(name, tmp_path):
    program, model, rule = RULED[name]
    prefix, index = saved(tmp_path, program), model()
    plan = plan_migration(prefix, index, [rule])
    assert set(prove(plan, index).lines.values()) == {Status.PROVED}


def test_shards_that_are_variables_stand_as_the_graph_lists_them(tmp_path):
    def build():
        ids = v1.placeholder(tf.int32, [None], "ids")
        shards = [
            v1.get_variable(f"{name}/table", [rows, 3]) for name, rows in (("b", 6), ("a", 5))
        ]
        tf.identity(v1.nn.embedding_lookup(shards, ids, partition_strategy="mod"), name="y")

    prefix, index = saved(tmp_path, build), _table()
    plan = plan_migration(prefix, index)
    (fill,) = plan.fills
    assert fill.sources == ("b/table", "a/table")
    assert fill.layout == "concatenate(0) | mod_shards(2)"
    assert set(prove(plan, index).lines.values()) == {Status.PROVED}
    assert not plan_migration(without_graph(prefix), index).fills


def test_shards_that_are_joined_and_looked_up_are_one_table(tmp_path):
    """Tensor2Tensor's ``shared/weights_0`` and so on."""

    def program():
        ids = v1.placeholder(tf.int32, [None], "ids")
        shards = [v1.get_variable(f"shared/weights_{n}", [2, 3]) for n in range(2)]
        table = tf.identity(tf.concat(shards, 0))
        tf.gather(table, ids, name="y")

    ids = keras.Input((), dtype="int32", name="ids")
    index = index_model(keras.Model(ids, keras.layers.Embedding(4, 3, name="words")(ids)))
    plan = plan_migration(saved(tmp_path, program), index)
    (fill,) = plan.fills
    assert (fill.sources, fill.layout) == (
        ("shared/weights_0", "shared/weights_1"),
        "concatenate(0)",
    )
    assert prove(plan, index).agrees


def test_units_that_a_sequential_model_takes_are_no_pixels(monkeypatch):
    """Whatever the backend: no graph but TensorFlow's tells what stands before a layer."""
    monkeypatch.setattr(ModelIndex, "graph_of", lambda self, layer: None)
    layers = [L.Dense(16), L.Reshape((2, 2, 4)), L.Conv2DTranspose(3, 2)]
    assert flattened_images(index_model(keras.Sequential([keras.Input((6,)), *layers]))) == {}
