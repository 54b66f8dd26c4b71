"""Data flow is checked against graphs written by hand and one that is known."""

import itertools

import keras

from tf1compat.checkpoint.meta.branch_joins import Join
from tf1compat.keras3 import index_model

L = keras.layers


def producers(model):
    return dict(index_model(model).producers)


def test_layers_without_weights_are_looked_through():
    x = keras.Input((4,))
    a = L.Dense(4, name="a")(x)
    b = L.Dense(4, name="b")(L.ReLU()(L.Dropout(0.1)(a)))
    c = L.Dense(4, name="c")(L.Add()([a, keras.ops.relu(b)]))
    assert producers(keras.Model(x, c)) == {"a": (), "b": ("a",), "c": ("a", "b")}


def test_a_shared_layer_is_fed_from_all_its_calls():
    x, z = keras.Input((4,)), keras.Input((4,))
    shared = L.Dense(4, name="shared")
    a, b = L.Dense(4, name="a")(x), L.Dense(4, name="b")(z)
    out = L.Dense(1, name="out")(L.Concatenate()([shared(a), shared(b)]))
    assert producers(keras.Model([x, z], out)) == {
        "a": (),
        "b": (),
        "shared": ("a", "b"),
        "out": ("shared",),
    }


def test_nested_models_are_followed_by_output():
    x = keras.Input((4,))
    y = L.Dense(4, name="trunk")(x)
    body = keras.Model(x, [L.Dense(2, name="left")(y), L.Dense(2, name="right")(y)], name="body")
    z = keras.Input((4,))
    left, right = body(L.Dense(4, name="first")(z))
    model = keras.Model(z, [L.Dense(1, name="p")(left), L.Dense(1, name="q")(right)])
    assert producers(model) == {
        "first": (),
        "body/trunk": ("first",),
        "body/left": ("body/trunk",),
        "body/right": ("body/trunk",),
        "p": ("body/left",),
        "q": ("body/right",),
    }


def test_a_model_made_of_another_models_layers_has_its_own_flow():
    first = keras.Sequential([keras.Input((2,)), L.Dense(2, name="a"), L.Dense(2, name="b")])
    x = keras.Input((2,))
    again = keras.Model(x, first.get_layer("a")(first.get_layer("b")(x)))
    assert producers(first) == {"a": (), "b": ("a",)}
    assert producers(again) == {"b": (), "a": ("b",)}


def test_attention_and_recurrent_wrappers_have_known_insides():
    x = keras.Input((5,))
    y = L.Embedding(9, 4, name="table")(x)
    z = L.LayerNormalization(name="norm")(y + L.MultiHeadAttention(2, 2, name="mha")(y, y))
    z = L.Bidirectional(L.LSTM(2), name="both")(z)
    found = producers(keras.Model(x, L.Dense(1, name="out")(z)))
    heads = tuple(f"mha/{part}" for part in ("query", "key", "value"))
    assert all(found[head] == ("table",) for head in heads)
    assert found["mha/attention_output"] == heads
    assert found["norm"] == ("table", "mha/attention_output")
    cells = ("both/forward_layer/cell", "both/backward_layer/cell")
    assert all(found[cell] == ("norm",) for cell in cells)
    assert found["out"] == cells


def test_attention_over_something_else_is_fed_by_it_but_for_the_query():
    x, memory = keras.Input((5, 4)), keras.Input((7, 4))
    q, v = L.Dense(4, name="dq")(x), L.Dense(4, name="dv")(memory)
    found = producers(keras.Model([x, memory], L.MultiHeadAttention(2, 2, name="mha")(q, v)))
    assert found["mha/query"] == ("dq",)
    assert found["mha/key"] == found["mha/value"] == ("dv",)


def test_what_is_not_known_is_left_out_and_not_guessed():
    class Two(L.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.p, self.q = L.Dense(4), L.Dense(4)

        def build(self, shape):
            self.p.build(shape)
            self.q.build(shape)

        def call(self, x):
            return self.q(self.p(x))

    x = keras.Input((4,))
    y = L.Dense(4, name="after")(Two(name="two")(L.Dense(4, name="before")(x)))
    found = producers(keras.Model(x, L.Dense(1, name="last")(y)))
    assert found == {"before": (), "last": ("after",)}


def test_a_published_model_is_the_chain_it_is_known_to_be():
    model = keras.applications.MobileNet(
        input_shape=(32, 32, 3), alpha=0.25, weights=None, classes=3
    )
    index = index_model(model)
    upstream: dict[str, set[str]] = {}
    for path, feeds in index.producers.items():
        upstream[path] = set(feeds).union(*(upstream[f] for f in feeds))
    assert len(upstream) == len(
        {weight.layer_path for weight in index.values() if weight.kind == "weight"}
    )
    names = list(upstream)
    assert upstream[names[0]] == set()
    for earlier, later in itertools.pairwise(names):  # MobileNet is one chain
        assert index.producers[later] == (earlier,)


def test_where_branches_come_together():
    """By layers or by operations on tensors; a layer of one's own may do anything by that name."""

    class Add(L.Layer):
        def call(self, inputs):
            return inputs[0] - inputs[1]

    x = keras.Input((4,))
    a, b, c, d = (L.Dense(4, name=name)(x) for name in "abcd")
    both = keras.ops.concatenate([L.Concatenate()([d, a]), keras.ops.tile(L.Add()([b, c]), [1, 2])])
    out = L.Dense(1, name="out")(both + Add()([both, both]))
    one = {name: frozenset({name}) for name in "abcd"}
    every = frozenset("abcd")
    assert set(index_model(keras.Model(x, out)).joins) == {
        Join((one["d"], one["a"]), ordered=True),
        Join((one["b"], one["c"]), ordered=False),
        Join((frozenset("ad"), frozenset("bc")), ordered=True),
        Join((every, every), ordered=False),
    }
