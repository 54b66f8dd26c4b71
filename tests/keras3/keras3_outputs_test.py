import keras
import numpy as np

from tf1compat.keras3 import index_model, layer_outputs

L = keras.layers


def test_outputs_are_what_a_model_of_the_layers_up_to_there_gives():
    x = keras.Input((4,), name="x")
    y = L.Dense(3, name="a")(x)
    z = L.BatchNormalization(name="b")(y)
    model = keras.Model(x, L.Dense(2, name="c")(z))
    given = {"x": np.random.default_rng(0).normal(size=(5, 4)).astype("float32")}
    found = layer_outputs(model, index_model(model), given)
    expected = keras.Model(x, [y, z, *model.outputs])(given["x"], training=False)
    for name, value in zip("abc", expected, strict=True):
        assert np.array_equal(found[name], value.numpy())
    assert [name for name in found if len(name) == 1 and name != "x"] == ["a", "b", "c"]
    assert "call" not in vars(model.get_layer("a"))


def test_layers_within_subclassed_layers_are_seen():
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.blocks = [L.Dense(3), L.LSTM(2, return_sequences=True)]

        def call(self, x, training=False):
            for block in self.blocks:
                x = block(x)
            return x

    model = Model()
    given = {"x": np.ones((1, 4, 3), "float32")}
    model(given["x"])
    found = layer_outputs(model, index_model(model), given)
    assert found["blocks_0"].shape == (1, 4, 3)
    assert np.array_equal(found["blocks_1"], model(given["x"]).numpy())


def test_several_inputs_go_by_name_or_by_order():
    a, b = keras.Input((2,), name="a"), keras.Input((2,), name="b")
    model = keras.Model([a, b], L.Subtract(name="minus")([a, b]))
    one, two = np.ones((1, 2), "float32"), np.full((1, 2), 2, "float32")
    index = index_model(model)
    for given in ({"b": two, "a": one}, {"first": one, "second": two}):
        assert np.array_equal(layer_outputs(model, index, given)["minus"], one - two)
