import warnings

import keras
import numpy as np
import pytest

from tf1compat.keras3 import index_model, layer_outputs, run_model
from tf1compat.testing import assert_arrays_equal

L = keras.layers


def test_outputs_are_what_a_model_of_the_layers_up_to_there_gives():
    x = keras.Input((4,), name="x")
    y = L.Dense(3, name="a")(x)
    z = L.BatchNormalization(name="b")(y)
    model = keras.Model(x, L.Dense(2, name="c")(L.ReLU()(z)))
    given = {"x": np.random.default_rng(0).normal(size=(5, 4)).astype("float32")}
    found = layer_outputs(index_model(model), given)
    assert list(found) == ["a", "b", "c"]
    expected = keras.Model(x, [y, z, *model.outputs])(given["x"], training=False)
    for name, value in zip("abc", expected, strict=True):
        assert_arrays_equal(found[name][0], keras.ops.convert_to_numpy(value))
    assert "call" not in vars(model.get_layer("a"))


def test_each_call_of_a_shared_layer_is_there():
    x = keras.Input((3,))
    shared = L.Dense(3, name="shared")
    once = shared(x)
    model = keras.Model(x, [once, shared(once)])
    given = np.ones((2, 3), "float32")
    (found,) = layer_outputs(index_model(model), {"x": given}).values()
    for value, expected in zip(found, model(given), strict=True):
        assert_arrays_equal(value, keras.ops.convert_to_numpy(expected))


def test_a_call_of_the_layers_own_comes_back_and_dicts_are_outputs_too():
    class Both(L.Layer):
        def build(self, shape):
            self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

        def call(self, x):
            return {"same": x * self.scale, "twice": 2 * x * self.scale}

    model = keras.Sequential([keras.Input((2,)), Both(name="both")])
    layer = model.layers[0]
    own = layer.call
    layer.call = own
    found = layer_outputs(index_model(model), {"x": np.ones((1, 2), "float32")})
    assert_arrays_equal(found["both"][0], np.ones((1, 2), "float32"))
    assert vars(layer)["call"] is own


def test_recurrent_layers_give_their_outputs():
    x = keras.Input((4, 3))
    model = keras.Model(x, L.LSTM(2, return_sequences=True, name="lstm")(L.Dense(3)(x)))
    given = np.ones((1, 4, 3), "float32")
    found = layer_outputs(index_model(model), {"x": given})
    assert found["dense"][0].shape == (1, 4, 3)


def test_several_inputs_go_by_name_or_by_order():
    a, b = keras.Input((2,), name="a"), keras.Input((2,), name="b")
    model = keras.Model([a, b], L.Subtract()([a, b]))
    one, two = np.ones((1, 2), "float32"), np.full((1, 2), 2, "float32")
    for given in ({"b": two, "a": one}, {"first": one, "second": two}):
        assert_arrays_equal(keras.ops.convert_to_numpy(run_model(model, given)), one - two)


def test_inputs_by_order_go_to_a_model_that_takes_a_dict():
    """As KerasHub's backbones do; Keras refuses them a list. Their order is that of `inputs`."""
    taken = {name: keras.Input((2,), name=name) for name in ("z", "y")}
    model = keras.Model(taken, L.Subtract()([taken["z"], taken["y"]]))
    given = {tensor.name: np.full((1, 2), n, "float32") for n, tensor in enumerate(model.inputs)}
    expected = given["z"] - given["y"]
    for names in (list(given), ["first", "second"]):
        found = run_model(model, dict(zip(names, given.values(), strict=True)))
        assert_arrays_equal(keras.ops.convert_to_numpy(found), expected)


def test_the_model_itself_is_none_of_its_layers():
    class Scaled(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = L.Dense(2)
            self.scale = self.add_weight(shape=(2,), name="scale")

        def call(self, x):
            return self.inner(x) * self.scale

    model, x = Scaled(), np.ones((1, 2), "float32")
    model(x)
    assert list(layer_outputs(index_model(model), {"x": x})) == ["inner"]


@pytest.mark.parametrize("within", [lambda x: x, lambda x: [x], lambda x: {"image": x}])
def test_one_input_goes_in_as_the_model_has_it(within):
    """Else Keras warns of another structure."""
    x = keras.Input((2,), name="image")
    model = keras.Model(within(x), keras.layers.Rescaling(2.0)(x))
    given = np.ones((1, 2), "f4")
    for name in ("image", "graph/x"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = run_model(model, {name: given})
        assert_arrays_equal(keras.ops.convert_to_numpy(found), 2 * given)
