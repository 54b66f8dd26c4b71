"""What an index says is held against what Keras itself says of the same model."""

import keras
import numpy as np
import pytest

from tf1compat.errors import ModelError, UnknownNameError
from tf1compat.keras3 import build_model, index_model

L = keras.layers


class Block(L.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.attention = L.MultiHeadAttention(2, 4, dropout=0.1)
        self.ffs = [L.Dense(8), L.Dense(4)]
        self.norms = {"before": L.LayerNormalization(), "after": L.LayerNormalization()}
        self.named = L.Dense(4, name="by_author")

    def build(self, shape):
        self.scale = self.add_weight(shape=(4,), name="scale")
        self.attention.build(shape, shape)
        self.ffs[0].build(shape)
        self.ffs[1].build((*shape[:-1], 8))
        for layer in (*self.norms.values(), self.named):
            layer.build(shape)
        self.built = True

    def call(self, x):
        x = self.norms["before"](self.attention(x, x))
        return self.named(self.norms["after"](self.ffs[1](self.ffs[0](x)))) * self.scale


class Encoder(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.table = L.Embedding(10, 4)
        self.blocks = [Block() for _ in range(2)]
        self.head = keras.Sequential([L.Dense(3), L.Dense(2)])
        self.first = self.add_weight(shape=(2,), name="same")
        self.second = self.add_weight(shape=(2,), name="same")

    def call(self, x):
        x = self.table(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x) * self.first * self.second


def encoder():
    model = Encoder()
    model(np.zeros((1, 3), int))
    return model


def functional():
    x = keras.Input((4,))
    shared = L.Dense(4)
    y = L.BatchNormalization()(L.Dropout(0.1)(shared(shared(x) + x)))
    left, right = L.Dense(4, name="left")(y), L.Dense(4)(y)
    return keras.Model(x, [keras.Sequential([L.Dense(3)])(left + right), right])


def recurrent():
    x = keras.Input((5, 4))
    y = L.Bidirectional(L.LSTM(3, return_sequences=True))(x)
    y = L.TimeDistributed(L.Dense(2))(y)
    return keras.Model(x, L.Dense(1)(L.RNN([L.GRUCell(3), L.LSTMCell(2)])(y)))


FACTORIES = [functional, encoder, recurrent]


@pytest.mark.parametrize("factory", FACTORIES)
def test_every_variable_of_keras_is_indexed_once(factory):
    model = factory()
    index = index_model(model)
    assert {id(w.variable) for w in index.values()} == {id(v) for v in model.variables}
    assert len(index) == len({id(v) for v in model.variables})
    for path, weight in index.items():
        assert weight.path == path
        assert (weight.shape, weight.dtype) == (tuple(weight.variable.shape), weight.variable.dtype)
        assert weight.keras_path == weight.variable.path
    weights = {id(w.variable) for w in index.values() if w.kind == "weight"}
    assert weights == {id(v) for v in model.weights}


@pytest.mark.parametrize("factory", FACTORIES)
def test_paths_do_not_depend_on_what_the_process_built_before(factory):
    first = {p: (w.shape, w.role, w.uses) for p, w in index_model(factory()).items()}
    for advanced in (L.Dense(1), L.Dense(2), L.MultiHeadAttention(1, 1), L.LSTM(1), L.Dropout(0)):
        assert advanced.name  # Keras numbers the next one of its class differently now
    second = {p: (w.shape, w.role, w.uses) for p, w in index_model(factory()).items()}
    assert list(first.items()) == list(second.items())


def test_paths_of_a_functional_model_are_those_of_a_fresh_process():
    assert L.Dense(1).name != L.Dense(1).name
    assert [p for p, w in index_model(functional()).items() if w.kind == "weight"] == [
        "dense/kernel",
        "dense/bias",
        "batch_normalization/gamma",
        "batch_normalization/beta",
        "batch_normalization/moving_mean",
        "batch_normalization/moving_variance",
        "left/kernel",
        "left/bias",
        "dense_1/kernel",
        "dense_1/bias",
        "sequential/dense_2/kernel",
        "sequential/dense_2/bias",
    ]


def test_numbers_with_gaps_are_left_as_they_are():
    L.Dense(1)
    x = keras.Input((2,))
    named = L.Dense(2, name="dense_900")
    model = keras.Model(x, L.Dense(2)(named(x)))
    assert {"dense_900/kernel", f"{model.layers[-1].name}/kernel"} < set(index_model(model))


def test_paths_of_a_subclassed_model_use_attributes_and_the_authors_names():
    index = index_model(encoder())
    assert index["table/embeddings"].role == "embedding"
    assert index["blocks_1/attention/query/kernel"].shape == (4, 2, 4)
    assert index["blocks_0/norms_after/gamma"].role == "gamma"
    assert index["blocks_0/by_author/bias"].layer_class == "Dense"
    assert index["blocks_1/scale"].layer_class == "Block"
    assert index["blocks_1/ffs_0/kernel"].enclosing == ("blocks_1", "ffs_0")
    assert {"first", "second"} < set(index)
    assert index["first"].variable is index.model.first
    assert index["second"].name == "same"


def test_wrappers_show_their_layers_and_cells():
    index = index_model(recurrent())
    assert index["bidirectional/backward_layer/cell/recurrent_kernel"].role == "recurrent_kernel"
    assert index["time_distributed/layer/kernel"].shape == (6, 2)
    assert index["rnn/cell/cells_1/bias"].layer_class == "LSTMCell"


def test_states_of_random_generators_are_marked():
    index = index_model(functional())
    assert index["dropout/seed_generator_state"].role == "seed"
    assert [p for p, w in index.items() if w.kind == "state"] == ["dropout/seed_generator_state"]


class Seeded(L.Layer):
    """Has a weight that is called as the state of a random generator is."""

    def build(self, shape):
        self.own = self.add_weight(name="seed_generator_state", shape=(2,))


def test_a_weight_that_is_trained_is_no_state():
    layer = Seeded()
    layer.build((2,))
    assert [w.kind for w in index_model(layer).values()] == ["weight"]


def test_a_layer_used_in_two_places_is_one_weight_with_two_uses():
    inner = L.Dense(2, name="inner")
    one = keras.Sequential([keras.Input((2,)), inner], name="one")
    two = keras.Sequential([keras.Input((2,)), inner], name="two")
    x = keras.Input((2,))
    index = index_model(keras.Model(x, two(one(x))))
    assert index["one/inner/kernel"].uses == ("one/inner/kernel", "two/inner/kernel")
    assert index["one/inner/kernel"].aliases == ("two/inner/kernel",)
    assert "two/inner/kernel" not in index
    assert index.by_layer["one/inner"].uses == ("one/inner", "two/inner")


def test_a_variable_that_two_layers_hold_is_one_weight():
    class Tied(L.Layer):
        def __init__(self, table, **kwargs):
            super().__init__(**kwargs)
            self.embeddings = table

        def call(self, x):
            return keras.ops.matmul(x, keras.ops.transpose(self.embeddings))

    x = keras.Input((3,))
    table = L.Embedding(7, 2, name="table")
    y = table(x)
    index = index_model(keras.Model(x, Tied(table.embeddings, name="logits")(y)))
    assert list(index) == ["table/embeddings"]
    assert index["table/embeddings"].aliases == ("logits/embeddings",)


@pytest.mark.skipif(
    keras.config.backend() in ("numpy", "openvino"), reason="Keras doesn't train there"
)
def test_optimizer_and_metrics_are_no_weights():
    model = keras.Sequential([keras.Input((2,)), L.Dense(2)])
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(np.ones((2, 2)), np.ones((2, 2)), verbose=0)
    assert list(index_model(model)) == ["dense/kernel", "dense/bias"]


def test_a_frozen_layer_is_not_trainable():
    model = functional()
    model.get_layer("left").trainable = False
    index = index_model(model)
    assert not index["left/kernel"].trainable
    assert index["dense/kernel"].trainable
    assert not index["batch_normalization/moving_mean"].trainable


def test_an_unbuilt_model_names_its_unbuilt_layers_all_at_once():
    with pytest.raises(ModelError, match="call the model once on an example batch") as caught:
        index_model(Encoder())
    assert "model.build" not in str(caught.value)  # this class has no build of its own
    names = {problem.name for problem in caught.value.problems}
    assert {"table (Embedding)", "blocks_0/ffs_1 (Dense)", "head (Sequential)"} < names
    with pytest.raises(ModelError, match=r"call model.build\(input_shape\)"):
        index_model(keras.Sequential([L.Dense(2)]))


@pytest.mark.parametrize(
    ("thing", "text"),
    [(3, "found a int"), (Encoder, "found the class Encoder itself"), (None, "found a NoneType")],
)
def test_what_is_no_model_is_named(thing, text):
    with pytest.raises(ModelError, match=text):
        index_model(thing)


def test_an_unknown_path_gets_the_nearest_ones():
    with pytest.raises(UnknownNameError, match="left/kernel") as caught:
        index_model(functional())["left/kernl"]
    assert isinstance(caught.value, KeyError)


def test_an_index_is_taken_for_a_model():
    index = index_model(functional())
    assert index_model(index) is index


def test_automatic_numbers_give_the_order_of_creation_that_depth_hides():
    x = keras.Input((2,))
    made = [L.Dense(2) for _ in range(3)]
    late = made[2](x)  # used first, created last
    model = keras.Model(x, made[1](made[0](x)) + late)
    order = [w.layer_name for w in index_model(model).values() if w.role == "kernel"]
    assert order == [layer.name for layer in made]


def test_a_layer_that_refers_back_to_its_model_owns_its_weights_all_the_same():
    class Child(L.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(shape=(2, 2), name="kernel")

        def call(self, x):
            return x @ self.kernel

    class Parent(keras.Model):
        def __init__(self):
            super().__init__()
            self.child = Child()
            self.other = L.Dense(2)
            object.__setattr__(self.child, "owner", self)
            object.__setattr__(self.child, "neighbour", self.other)

        def call(self, x):
            return self.other(self.child(x))

    model = Parent()
    model(np.zeros((1, 2)))
    index = index_model(model)
    assert list(index) == ["child/kernel", "other/kernel", "other/bias"]
    assert index["other/kernel"].aliases == ()  # which the child's reference is not


def test_a_reference_back_is_no_second_use():
    class Wrapper(keras.Model):
        def __init__(self):
            super().__init__()
            self.child = L.Dense(2)
            object.__setattr__(self.child, "owner", self)

        def call(self, x):
            return self.child(x)

    model = Wrapper()
    model(np.zeros((1, 2)))
    assert [node.uses for node in index_model(model).layers] == [("",), ("child",)]


@pytest.mark.parametrize("name", ["ResNet50", "InceptionV3"])
def test_keras_applications_are_indexed_whole(name):
    model = build_model(lambda: getattr(keras.applications, name)(weights=None))
    index = index_model(model)
    assert len(index) == len(model.weights)
    assert {w.role for w in index.values()} <= {
        *("kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance"),
    }
