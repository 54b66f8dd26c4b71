"""A GAN's two nets, each with an optimizer of its own: on in Keras, and back in the v1 graph."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf1compat.checkpoint import open_checkpoint
from tf1compat.keras3 import v1_optimizers
from tf1compat.migration import convert, convert_back, plan_migration
from tf1compat.testing import assert_arrays_close

v1 = tf.compat.v1
REAL = np.random.RandomState(3).randn(4, 2).astype("float32")
NOISE = np.random.RandomState(4).randn(4, 3).astype("float32")
BEFORE, MORE, BACK = 3, 5, 4  # steps of each net


def _dense(x, units, scope):
    with v1.variable_scope(scope, reuse=v1.AUTO_REUSE):
        kernel = v1.get_variable("kernel", [x.shape[1], units])
        return tf.tanh(tf.matmul(x, kernel) + v1.get_variable("bias", [units]))


def _graph():
    """Returns the steps of both nets, the judge's first."""
    fake = _dense(v1.placeholder_with_default(NOISE, [4, 3], "noise"), 2, "maker")
    real = v1.placeholder_with_default(REAL, [4, 2], "real")
    on_real, on_fake = _dense(real, 1, "judge"), _dense(fake, 1, "judge")
    losses = (
        tf.reduce_mean((on_real - 1) ** 2 + on_fake**2),
        tf.reduce_mean((on_fake - 1) ** 2),
    )
    optimizers = v1.train.AdamOptimizer(0.01, beta1=0.5), v1.train.AdamOptimizer(0.02)
    return [
        optimizer.minimize(loss, var_list=v1.trainable_variables(scope))
        for optimizer, loss, scope in zip(optimizers, losses, ("judge", "maker"), strict=True)
    ]


def _run(prefix, output, steps):
    """Trains the graph, from a checkpoint if there is one; returns what it then has."""
    with tf.Graph().as_default(), v1.Session() as session:
        v1.set_random_seed(1)
        each = _graph()
        session.run(v1.global_variables_initializer())
        saver = v1.train.Saver()
        if prefix:
            saver.restore(session, prefix)
        for _ in range(steps):
            for one in (each[0], *each):  # the judge steps twice, so that counts differ
                session.run(one)
        saver.save(session, str(output))
    return {name: entry.read() for name, entry in open_checkpoint(output).items()}


def _keras(beta_1=0.9):
    return keras.optimizers.Adam(0.7, beta_1, epsilon=1e-8)


def _own(beta_1=0.9):
    return v1_optimizers.Adam(0.7, beta_1)


def _model(adam):
    x = keras.Input((3,), batch_size=4, name="noise")
    made = keras.layers.Dense(2, "tanh", name="maker")(x)
    model = keras.Model(x, keras.layers.Dense(1, "tanh", name="judge")(made))
    parts = v1_optimizers.MultiOptimizer([(adam(0.5), ["judge"]), (adam(), ["."])])
    model.compile(parts, "mse")
    return model


def _train(model, steps):
    """Trains both nets in turn, as the docs say."""
    maker, judge = (model.get_layer(name) for name in ("maker", "judge"))
    for _ in range(steps):
        for trained in (judge, judge, maker):
            with tf.GradientTape() as tape:
                on_fake = judge(maker(NOISE))
                of_judge = tf.reduce_mean((judge(REAL) - 1) ** 2 + on_fake**2)
                loss = of_judge if trained is judge else tf.reduce_mean((on_fake - 1) ** 2)
            own = trained.trainable_variables
            optimizer = model.optimizer.optimizer_for(trained.kernel)
            optimizer.apply(tape.gradient(loss, own), own)


# Of one kind that keeps the powers as 1.x does, and of one that counts steps.
@pytest.fixture(scope="module", params=[_own, _keras])
def went_on(request, tmp_path_factory):
    """What 1.x has after all steps, and a plan and model that went on from it for some."""
    folder = tmp_path_factory.mktemp("gan")
    _run("", folder / "model.ckpt", BEFORE)
    model = _model(request.param)
    plan = plan_migration(folder / "model.ckpt", model, optimizer="use")
    convert(plan, model)
    after = _run(str(folder / "model.ckpt"), folder / "on", MORE)
    _train(model, MORE)
    return after, plan, model, folder


def test_each_net_goes_on_with_its_own_slots_and_powers(went_on):
    after, plan, model, _ = went_on
    assert plan.training.slots == 8
    assert not plan.training.differences
    for layer in ("maker", "judge"):
        for weight in model.get_layer(layer).weights:
            assert_arrays_close(weight, after[f"{layer}/{weight.name}"], atol=1e-5)


def test_both_go_back_and_the_v1_graph_trains_on(went_on):
    after, plan, model, folder = went_on
    done = convert_back(plan, model, output=folder / "back")
    assert (done.slots, done.stale) == ("follow", ())
    back = {name: entry.read() for name, entry in open_checkpoint(folder / "back").items()}
    assert back.keys() == after.keys()
    for name, value in after.items():  # slots and the powers of both
        assert_arrays_close(back[name], value, atol=1e-5)
    found = _run(str(folder / "back"), folder / "back_on", BACK)
    expected = _run(str(folder / "on"), folder / "on_on", BACK)
    for name, value in expected.items():
        assert_arrays_close(found[name], value, atol=1e-5)
