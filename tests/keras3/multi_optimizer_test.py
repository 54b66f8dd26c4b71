"""Several optimizers in the place of one, and variables that were one in 1.15."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.keras3 import v1_optimizers as own
from tf1compat.testing import assert_arrays_close, assert_arrays_equal


def _model():
    dense = keras.layers.Dense
    return keras.Sequential([keras.Input((2,)), dense(3, name="deep"), dense(1, name="wide")])


def _both():
    pairs = [(own.GradientDescent(0.5), ["(^|/)wide/"]), (own.Momentum(0.25), ["."])]
    return own.MultiOptimizer(pairs)


def test_each_optimizer_steps_on_its_own(tmp_path):
    model = _model()
    model.compile(_both(), "mse")
    start = [value.copy() for value in model.get_weights()]
    x, y = np.ones((4, 2), "f4"), np.ones((4, 1), "f4")
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((y - model(x)) ** 2)
    gradients = tape.gradient(loss, [one.value for one in model.trainable_variables])
    model.train_on_batch(x, y)
    for value, was, gradient, rate in zip(
        model.get_weights(), start, gradients, (0.25, 0.25, 0.5, 0.5), strict=True
    ):
        assert_arrays_close(value, was - rate * gradient.numpy(), rtol=1e-6, atol=1e-7)
    path = tmp_path / "m.keras"
    model.save(path)
    loaded = keras.saving.load_model(path)
    assert [type(one) for one in loaded.optimizer.optimizers] == [own.GradientDescent, own.Momentum]
    for one, other in zip(loaded.optimizer.variables, model.optimizer.variables, strict=True):
        assert_arrays_equal(one.numpy(), other.numpy())
    assert int(loaded.optimizer.iterations.numpy()) == 1


def test_a_custom_loop_gets_each_optimizer():
    model, both = _model(), _both()
    both.build(model.trainable_variables)
    wide = model.get_layer("wide").kernel
    assert both.optimizer_for(wide) is both.optimizers[0]
    assert [len(some) for _, some in both.groups()] == [2, 2]
    both.optimizers[0].apply([tf.ones((3, 1))], [wide])
    assert int(both.iterations.numpy()) == 1
    assert int(both.optimizers[1].iterations.numpy()) == 0


def test_a_scaled_loss_steps_as_a_plain_one():
    """By a power of two, which rounds nothing; a table's gradients are of a few rows."""

    def trained(**scale):
        keras.utils.set_random_seed(7)
        table = keras.layers.Embedding(5, 2, name="table")
        out = keras.layers.Dense(1, name="out")
        layers = [keras.Input((3,), dtype="int32"), table, keras.layers.Flatten(), out]
        model = keras.Sequential(layers)
        pairs = [(own.Momentum(0.1, **scale), ["table"]), (own.Adam(0.1, **scale), ["."])]
        model.compile(own.MultiOptimizer(pairs), "mse")
        for _ in range(3):
            model.train_on_batch(np.int32([[1, 1, 4]]), np.float32([[1]]))
        return model.get_weights()

    for scaled, plain in zip(trained(loss_scale_factor=128.0), trained(), strict=True):
        assert_arrays_equal(scaled, plain)
    with pytest.raises(
        UsageError, match=r"one loss_scale_factor, found momentum\w* 2\.0, adam\w* None"
    ):
        own.MultiOptimizer([(own.Momentum(0.1, loss_scale_factor=2.0), ["a"]), (own.Adam(), ["."])])


def test_what_no_optimizer_trains_is_refused():
    both = own.MultiOptimizer([(own.Adam(0.5), ["(^|/)wide/"])])
    with pytest.raises(UsageError, match="deep/kernel: expected a pattern that matches it, found"):
        both.build(_model().trainable_variables)
    one = own.Adam(0.5)
    with pytest.raises(UsageError, match=r"expected each once, found (adam\w*), \1"):
        own.MultiOptimizer([(one, ["a"]), (one, ["b"])])
    with pytest.raises(UsageError, match="expected optimizers of Keras, found 'adam'"):
        own.MultiOptimizer([("adam", ["a"])])


def _parts():
    rng = np.random.default_rng(5)
    whole, gradient = (rng.uniform(-1, 1, (5, 4)).astype("f4") for _ in range(2))
    parts = [keras.Variable(whole[:2], name="above"), keras.Variable(whole[2:], name="below")]
    return keras.Variable(whole, name="whole"), parts, gradient


@pytest.mark.parametrize(
    "make",
    [
        lambda **more: own.Lamb(0.1, **more),
        lambda **more: own.Adafactor(0.1, beta_1=0.5, **more),
    ],
)
def test_joined_variables_step_as_one(make):
    whole, parts, gradient = _parts()
    alone, joined = make(), make(joined=[["above", "below"]])
    again = type(joined).from_config(joined.get_config())
    alone.build([whole])
    again.build(parts)
    for factor in (1.0, 3.0):
        alone.apply([tf.constant(factor * gradient)], [whole])
        again.apply([tf.constant(factor * part) for part in (gradient[:2], gradient[2:])], parts)
    assert_arrays_close(np.concatenate([one.numpy() for one in parts]), whole.numpy(), rtol=1e-6)


def test_added_constants_take_no_part_in_steps():
    rng = np.random.default_rng(6)
    value, gradient = (rng.uniform(-1, 1, (6,)).astype("f4") for _ in range(2))
    shift = np.array([0, 0, 1, 1, 0, 0], "f4")
    plain, shifted = keras.Variable(value, name="plain"), keras.Variable(value + shift, name="bias")
    for variable, more in ((plain, {}), (shifted, {"added": {"bias": [[2, 4, 1.0]]}})):
        optimizer = own.Ftrl(0.1, l1_regularization_strength=0.01, **more)
        optimizer.build([variable])
        optimizer.apply([tf.constant(gradient)], [variable])
    assert_arrays_close(shifted.numpy() - shift, plain.numpy(), atol=2e-7)


def test_what_joins_or_adds_nothing_is_refused():
    _, parts, gradient = _parts()
    with pytest.raises(UsageError, match="other: expected the path of one variable, found 0 of it"):
        own.Lamb(0.1, joined=[["above", "other"]]).build(parts)
    with pytest.raises(UsageError, match=r"added:\s+other: expected the path of one variable"):
        own.Ftrl(0.1, added={"other": [[0, 1, 1.0]]}).build(parts)
    optimizer = own.Lamb(0.1, joined=[["above", "below"]])
    optimizer.build(parts)
    with pytest.raises(UsageError, match="found those of above alone; train the others too"):
        optimizer.apply([tf.constant(gradient[:2])], parts[:1])
    with pytest.raises(UsageError, match="expected one of all, matrices, none, found 'rows'"):
        own.Adafactor(factored="rows")


def test_what_is_factored_may_be_said():
    kernel = keras.Variable(np.ones((2, 3, 4), "f4"), name="kernel")
    made = {}
    for factored in ("all", "matrices", "none"):
        optimizer = own.Adafactor(0.1, factored=factored)
        optimizer.build([kernel])
        made[factored] = {tuple(one.shape) for one in optimizer.variables[2:]}
    assert made == {"all": {(2, 3), (2, 4)}, "matrices": {(2, 3, 4)}, "none": {(2, 3, 4)}}
