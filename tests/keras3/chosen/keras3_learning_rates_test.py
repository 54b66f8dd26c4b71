"""A factor of a learning rate is exactly training that weight with an optimizer of its own."""

import keras
import numpy as np
import pytest

from tests.keras3.chosen.part_models import backbone, moved_by, step_of
from tf1compat.checkpoint.comparing import same_bits
from tf1compat.errors import ModelError, UsageError
from tf1compat.keras3 import scaled_learning_rates, select, v1_optimizers
from tf1compat.testing import assert_arrays_close, assert_arrays_equal

optimizers = keras.optimizers
FACTORS = {"encoder/.*": 0.125, "head/.*": 1.0}


def gradients(model, step):
    rng = np.random.default_rng(step)
    return [
        keras.ops.convert_to_tensor(rng.normal(size=v.shape).astype("f4"))
        for v in model.trainable_variables
    ]


def twins():
    one, other = backbone(), backbone()
    other.set_weights(one.get_weights())
    return one, other


def apart(make, model, rates, steps=3):
    """Trains by an optimizer of its own for the encoder, and one for the head."""
    head = {id(v) for v in model.get_layer("head").variables}
    each = [make(rate) for rate in rates]
    for step in range(steps):
        pairs = list(zip(gradients(model, step), model.trainable_variables, strict=True))
        for optimizer, wanted in zip(each, (False, True), strict=True):
            own = [(g, v) for g, v in pairs if (id(v) in head) == wanted]
            optimizer.apply(*map(list, zip(*own, strict=True)))


def together(optimizer, model, steps=3):
    for step in range(steps):
        optimizer.apply(gradients(model, step), model.trainable_variables)


MAKERS = [
    lambda rate: optimizers.SGD(rate, momentum=0.9, nesterov=True, weight_decay=0.1),
    lambda rate: optimizers.Adam(rate, clipnorm=0.5),
    lambda rate: optimizers.AdamW(rate, weight_decay=0.1),
    lambda rate: optimizers.RMSprop(rate, gradient_accumulation_steps=2),
    lambda rate: optimizers.Adam(rate, use_ema=True, ema_overwrite_frequency=3),
]


@pytest.mark.parametrize("make", MAKERS)
def test_each_weight_is_trained_as_by_an_optimizer_of_its_own(make):
    model, twin = twins()
    together(scaled_learning_rates(make(0.5), model, FACTORS), model)
    apart(make, twin, (0.0625, 0.5))
    assert_arrays_equal(model.get_weights(), twin.get_weights())  # 1/8 of it is exact


def test_a_factor_of_a_tenth_is_within_rounding():
    model, twin = twins()
    together(scaled_learning_rates("adam", model, {"encoder/.*": 0.1}, others=1.0), model)
    apart(optimizers.Adam, twin, (0.0001, 0.001))
    assert_arrays_close(model.get_weights(), twin.get_weights(), rtol=1e-6, atol=1e-9)


def test_schedules_and_assigned_rates_are_followed():
    model, twin = twins()
    decay = optimizers.schedules.ExponentialDecay(0.5, 1, 0.5)
    together(scaled_learning_rates(optimizers.SGD(decay), model, FACTORS), model)
    by = (optimizers.schedules.ExponentialDecay(0.0625, 1, 0.5), decay)
    apart(optimizers.SGD, twin, by)
    assert_arrays_equal(model.get_weights(), twin.get_weights())
    model, twin = twins()
    optimizer = scaled_learning_rates(optimizers.SGD(7.0), model, FACTORS)
    optimizer.learning_rate = 0.5
    together(optimizer, model)
    apart(optimizers.SGD, twin, (0.0625, 0.5))
    assert_arrays_equal(model.get_weights(), twin.get_weights())
    assert int(optimizer.iterations) == 3


def test_a_global_norm_is_that_of_all_gradients():
    """By factors that are all 1, the optimizer is the one that it was made of."""
    model, twin = twins()
    factors = {"encoder/.*": 1.0, "head/kernel": 0.5, "head/bias": 1}
    together(
        scaled_learning_rates(optimizers.SGD(0.5, global_clipnorm=0.25), model, factors), model
    )
    together(optimizers.SGD(0.5, global_clipnorm=0.25), twin)
    encoders = [one.get_layer("encoder").get_weights() for one in (model, twin)]
    assert_arrays_close(*encoders, rtol=1e-6, atol=1e-8)
    kernels = [keras.ops.convert_to_numpy(m.get_layer("head").kernel) for m in (model, twin)]
    assert not same_bits(*kernels)


@pytest.mark.skipif(
    keras.config.backend() in ("numpy", "openvino"), reason="Keras doesn't train there"
)
def test_a_factor_of_zero_leaves_a_weight_alone_and_files_keep_the_state(tmp_path):
    model = backbone()
    factors = {"encoder/.*": 0.0, "head/.*": 0.5}
    model.compile(
        scaled_learning_rates(optimizers.Adam(0.25), model, factors), "mse", jit_compile=False
    )
    step = step_of(model)
    assert moved_by(model, step) == {
        "head/kernel",
        "head/bias",
        "encoder/bn/moving_mean",
        "encoder/bn/moving_variance",
    }
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    assert loaded.optimizer.get_config() == model.optimizer.get_config()
    assert_arrays_equal(
        [keras.ops.convert_to_numpy(v) for v in loaded.optimizer.variables],
        [keras.ops.convert_to_numpy(v) for v in model.optimizer.variables],
    )
    step()
    step_of(loaded)()
    assert_arrays_close(loaded.get_weights(), model.get_weights(), rtol=1e-6, atol=1e-7)


def test_weights_without_a_factor_or_with_two_are_errors():
    model = backbone()
    with pytest.raises(ModelError, match="weights and factors don't match") as error:
        scaled_learning_rates("sgd", model, {"encoder/(a|b)/.*": 0.1, ".*/kernel": 1, "hed/.*": 1})
    said = {problem.name: problem.found for problem in error.value.problems}
    assert said["pattern 'hed/.*'"] == "none"
    assert said["encoder/a/kernel"] == "'encoder/(a|b)/.*', '.*/kernel'"
    assert said["head/bias"] == "none"
    assert "encoder/a/bias" not in said
    select(model, layer="encoder").freeze()
    with pytest.raises(
        ModelError, match=r"'encoder/\.\*': expected to match the path of a trained"
    ):
        scaled_learning_rates("sgd", model, FACTORS)


@pytest.mark.skipif(
    keras.config.backend() in ("numpy", "openvino"), reason="Keras doesn't train there"
)
def test_other_weights_than_it_was_made_for_are_refused():
    model = backbone()
    optimizer = scaled_learning_rates("sgd", model, FACTORS)
    select(model, layer="head").freeze()
    model.compile(optimizer, "mse", jit_compile=False, run_eagerly=True)
    with pytest.raises(ModelError, match="the 8 weights that it was made for, found 6"):
        step_of(model)()


@pytest.mark.parametrize("factor", [-1, float("nan"), float("inf"), "1", True, None])
def test_a_factor_is_a_number(factor):
    with pytest.raises(UsageError, match=r"factor of '\.\*': expected a number from 0 up, found"):
        scaled_learning_rates("sgd", backbone(), {".*": factor})


def test_optimizers_that_cannot_be_divided_are_refused():
    model = backbone()
    used = optimizers.SGD()
    used.build(model.trainable_variables)
    excluding = optimizers.AdamW()
    excluding.exclude_from_weight_decay(var_names=["bias"])
    scaling = optimizers.LossScaleOptimizer(optimizers.SGD())
    both = optimizers.SGD(global_clipnorm=1.0, gradient_accumulation_steps=2)
    for optimizer, said in (
        (used, "that wasn't used yet, found one that has slots"),
        (
            scaling,
            "a LossScaleOptimizer, which goes around the result",
        ),
        (excluding, "some from weight decay, which the result's own method says"),
        (both, "global_clipnorm of what gradient_accumulation_steps adds up"),
    ):
        with pytest.raises(UsageError, match=said):
            scaled_learning_rates(optimizer, model, FACTORS)


def test_weights_are_excluded_from_weight_decay():
    model = backbone()
    optimizer = scaled_learning_rates(optimizers.AdamW(0.5, weight_decay=0.5), model, FACTORS)
    optimizer.exclude_from_weight_decay(var_names=["kernel"])
    bias = model.get_layer("head").bias
    kernel = model.get_layer("head").kernel
    before = [np.array(keras.ops.convert_to_numpy(one)) for one in (kernel, bias + 1.0)]
    bias.assign(bias + 1.0)
    zeros = [keras.ops.zeros(v.shape) for v in model.trainable_variables]
    optimizer.apply(zeros, model.trainable_variables)
    after = [keras.ops.convert_to_numpy(one) for one in (kernel, bias)]
    assert_arrays_equal(after, [before[0], before[1] * np.float32(0.75)])


def test_a_global_norm_of_rows_is_that_of_1_15():
    tf = pytest.importorskip("tensorflow")
    table = keras.layers.Embedding(3, 2, name="table", embeddings_initializer="zeros")
    model = keras.Sequential([keras.Input((2,), dtype="int32"), table])
    own = v1_optimizers.Momentum(1.0, global_clipnorm=1.0)
    optimizer = scaled_learning_rates(own, model, {"table/.*": 1.0})
    rows = tf.IndexedSlices(tf.constant([[3.0, 0.0], [4.0, 0.0]]), [1, 1], [3, 2])
    for rate in (1.0, 0.0):  # rows that get nothing keep their momentum and stay
        optimizer.learning_rate = rate
        optimizer.apply([rows], model.trainable_variables)
    other = tf.IndexedSlices(tf.constant([[0.0, 5.0]]), [0], [3, 2])
    optimizer.learning_rate = 1.0
    optimizer.apply([other], model.trainable_variables)
    expected = np.array([[0.0, -1.0], [-1.4, 0.0], [0.0, 0.0]], np.float32)
    assert_arrays_close(model.get_weights()[0], expected, rtol=1e-6)
