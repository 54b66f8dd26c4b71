"""Optimizers of 1.x in Keras 3 against TensorFlow's own kernels, which are those of 1.15."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf1compat.keras3 import v1_optimizers as own
from tf1compat.testing import assert_arrays_close

raw = tf.raw_ops
RATE = 0.05
ROWS = np.array([3, 0, 3], np.int32)  # one of them twice
SUMMED = np.array([3, 0], np.int32)


def _number(value):
    return tf.constant(value, tf.float32)


def _momentum(nesterov, rows):
    def step(var, slots, grad, number):
        del number
        more = {"indices": SUMMED} if rows else {}
        apply = raw.ResourceSparseApplyMomentum if rows else raw.ResourceApplyMomentum
        apply(
            var=var.handle,
            accum=slots[0].handle,
            lr=_number(RATE),
            grad=grad,
            momentum=_number(0.9),
            use_nesterov=nesterov,
            **more,
        )

    return step


def _applied(dense, sparse, names, settings, rows):
    """Returns what calls a kernel: its slots by `names`, numbers by `settings`."""

    def step(var, slots, grad, number):
        del number
        held = {name: slot.handle for name, slot in zip(names, slots, strict=True)}
        numbers = {name: _number(value) for name, value in settings.items()}
        more = {"indices": SUMMED} if rows else {}
        (sparse if rows else dense)(
            var=var.handle, lr=_number(RATE), grad=grad, **held, **numbers, **more
        )

    return step


def _power(beta, number):
    """Returns what 1.15 has of a power, which it multiplies by beta after each step."""
    return np.multiply.accumulate(np.full(number, beta, np.float32))[-1]


def _adam(var, slots, grad, number):
    raw.ResourceApplyAdam(
        var=var.handle,
        m=slots[0].handle,
        v=slots[1].handle,
        beta1_power=_number(_power(0.9, number)),
        beta2_power=_number(_power(0.999, number)),
        lr=_number(RATE),
        beta1=_number(0.9),
        beta2=_number(0.999),
        epsilon=_number(1e-8),
        grad=grad,
    )


_RMS = {"rho": 0.8, "momentum": 0.7, "epsilon": 1e-3}
_FTRL = {"l1": 0.01, "l2": 0.02, "l2_shrinkage": 0.03, "lr_power": -0.5}


def _cases(rows):
    yield "momentum", own.Momentum(RATE), [0.0], _momentum(False, rows)
    yield "nesterov", own.Momentum(RATE, use_nesterov=True), [0.0], _momentum(True, rows)
    step = _applied(raw.ResourceApplyAdagrad, raw.ResourceSparseApplyAdagrad, ["accum"], {}, rows)
    yield "adagrad", own.Adagrad(RATE), [0.1], step
    step = _applied(
        raw.ResourceApplyAdadelta,
        raw.ResourceSparseApplyAdadelta,
        ["accum", "accum_update"],
        {"rho": 0.9, "epsilon": 1e-4},
        rows,
    )
    yield "adadelta", own.Adadelta(RATE, 0.9, 1e-4), [0.0, 0.0], step
    step = _applied(
        raw.ResourceApplyRMSProp, raw.ResourceSparseApplyRMSProp, ["ms", "mom"], _RMS, rows
    )
    yield "rmsprop", own.RMSProp(RATE, 0.8, 0.7, epsilon=1e-3), [1.0, 0.0], step
    step = _applied(
        raw.ResourceApplyCenteredRMSProp,
        raw.ResourceSparseApplyCenteredRMSProp,
        ["ms", "mg", "mom"],
        _RMS,
        rows,
    )
    centered = own.RMSProp(RATE, 0.8, 0.7, epsilon=1e-3, centered=True)
    yield "centered", centered, [1.0, 0.0, 0.0], step
    step = _applied(
        raw.ResourceApplyFtrlV2, raw.ResourceSparseApplyFtrlV2, ["accum", "linear"], _FTRL, rows
    )
    ftrl = own.Ftrl(
        RATE,
        l1_regularization_strength=0.01,
        l2_regularization_strength=0.02,
        l2_shrinkage_regularization_strength=0.03,
    )
    yield "ftrl", ftrl, [0.1, 0.0], step
    if not rows:  # of a few rows 1.15 makes Adam's step of several ops, for all rows
        yield "adam", own.Adam(RATE), [0.0, 0.0], _adam


def _after_steps(optimizer, starts, step, *, rows):
    """Returns a variable and its slots after 3 steps, of both sides."""
    rng = np.random.default_rng(3)
    start = rng.uniform(-1, 1, (5, 2)).astype(np.float32)
    variable = keras.Variable(start, name="table")
    optimizer.build([variable])
    expected = [tf.Variable(start), *(tf.Variable(np.full_like(start, one)) for one in starts)]
    for number in range(1, 4):
        gradient = rng.uniform(-1, 1, (3 if rows else 5, 2)).astype(np.float32)
        summed = np.stack([gradient[0] + gradient[2], gradient[1]]) if rows else gradient
        given = tf.IndexedSlices(tf.constant(gradient), ROWS, [5, 2]) if rows else gradient
        optimizer.apply([given if rows else tf.constant(gradient)], [variable])
        step(expected[0], expected[1:], tf.constant(summed), number)
    return [variable, *optimizer.variables[2:]][: len(expected)], expected


@pytest.mark.parametrize(
    ("rows", "name"), [(rows, case[0]) for rows in (False, True) for case in _cases(rows)]
)
def test_steps_are_those_of_1_15(rows, name):
    optimizer, starts, step = next(case[1:] for case in _cases(rows) if case[0] == name)
    found, expected = _after_steps(optimizer, starts, step, rows=rows)
    for one, other in zip(found, expected, strict=True):
        assert_arrays_close(one.numpy(), other.numpy(), rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("factor", [None, 2.0])
def test_a_norm_of_all_gradients_is_of_rows_as_they_come(factor):
    table = keras.Variable(np.zeros((3, 2), np.float32), name="table")
    head = keras.Variable(np.zeros(2, np.float32), name="head")
    optimizer = own.Momentum(1.0, global_clipnorm=6.5, loss_scale_factor=factor)
    optimizer.build([table, head])
    slot = optimizer.variables[-2]
    slot.assign(np.ones((3, 2), np.float32))
    rows = tf.constant([[3.0, 0.0], [4.0, 0.0]]) * (factor or 1.0)
    gradients = [tf.IndexedSlices(rows, [1, 1], [3, 2]), tf.constant([12.0, 0.0]) * (factor or 1.0)]
    optimizer.apply(gradients, [table, head])
    # The norm is that of 3, 4 and 12: 13, not that of 7 and 12. Row 1 alone steps.
    assert_arrays_close(table.numpy(), np.array([[0, 0], [-4.4, -0.9], [0, 0]], np.float32))
    assert_arrays_close(slot.numpy(), np.array([[1, 1], [4.4, 0.9], [1, 1]], np.float32))
    assert_arrays_close(head.numpy(), np.array([-6, 0], np.float32))
    assert optimizer.get_config()["global_clipnorm"] == 6.5


@pytest.mark.parametrize("cls", own.OWN_OPTIMIZERS)
def test_keras_makes_them_anew(cls):
    made = cls(0.25)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(made))
    assert type(again) is cls
    assert again.get_config() == made.get_config()
    assert keras.saving.get_registered_name(cls) == f"tf1compat>{cls.__name__}"


def test_adafactor_has_the_rate_of_1_15_by_default():
    schedule = own.Adafactor().get_config()["learning_rate"]
    rate = keras.saving.deserialize_keras_object(schedule)
    assert float(rate(0)) == pytest.approx(0.01)
    assert float(rate(39_999)) == pytest.approx(0.005)


def test_names_say_what_is_not_decayed():
    kernel, bias = (keras.Variable(np.ones((2, 2), np.float32), name=n) for n in ("k", "bias"))
    optimizer = own.AdamWeightDecay(0.1, weight_decay_rate=0.5)
    optimizer.build([kernel, bias])
    optimizer.apply([tf.zeros((2, 2)), tf.zeros((2, 2))], [kernel, bias])
    assert_arrays_close(kernel.numpy(), np.full((2, 2), 0.95, np.float32), rtol=1e-6)
    assert_arrays_close(bias.numpy(), np.ones((2, 2), np.float32))


def test_lamb_steps_as_far_as_a_variable_is_long():
    variable = keras.Variable(np.full((2, 2), 3.0, np.float32), name="k")
    optimizer = own.Lamb(0.1, weight_decay_rate=0.0)
    optimizer.build([variable])
    optimizer.apply([tf.ones((2, 2))], [variable])
    assert_arrays_close(variable.numpy(), np.full((2, 2), 2.7, np.float32), rtol=1e-6)
