"""What a graph tells of its training beside slots: settings, gradients, counts, averages."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from shares import share
from training_runs import JOINED, RUNS, Warm, net

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.errors import PlanError, UsageError
from tf1compat.keras3 import v1_optimizers
from tf1compat.migration import Assumptions, Plan, convert, plan_migration
from tf1compat.testing import assert_arrays_close, assert_arrays_equal

v1 = tf.compat.v1
train = v1.train


def planned(path, optimizer, *, kind="dense", policy="use", **more):
    model = net(kind)
    model.compile(optimizer=optimizer, loss="mse")
    return plan_migration(path, model, optimizer=policy, **more)


def said(plan):
    return [reason.text for reason in plan.training.differences]


def _slow(*names):
    return [pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.mark.parametrize(
    "name",
    ["wide_and_deep", *_slow("clipped_norms", "adafactor", "ftrl", "lazy_adam", "clipped_values")],
)
def test_what_is_offered_computes_the_same(runs, name):
    path, kind = runs / name / "model.ckpt", RUNS[name][0]
    first = planned(path, keras.optimizers.RMSprop(0.5), kind=kind, policy="prefer")
    assert first.training.differences
    names = {"tf1compat": _Namespace(keras3=_Namespace(v1_optimizers=v1_optimizers))}
    text = first.training.offer.replace("learning_rate=..., ", "")  # Adafactor's own
    offered = eval(text, names)
    plan = planned(path, offered, kind=kind)
    plan.require_complete()
    assert not plan.training.differences
    assert Plan.from_json(plan.to_json()) == plan


class _Namespace:
    def __init__(self, **names):
        vars(self).update(names)


OTHERWISE = [
    ("lamb", lambda: _lamb(global_clipnorm=1.0), "lstm", "global_clipnorm 0.1 in the v1"),
    ("lamb", lambda: _lamb(), "lstm", "global_clipnorm 0.1 in the v1 graph, none in the model"),
    ("lamb", lambda: _lamb(epsilon=1e-8), "lstm", "epsilon 1e-06 in the v1 graph, 1e-08"),
    (
        "lamb",
        lambda: _lamb(weight_decay_rate=0.1),
        "lstm",
        "weight_decay_rate 0.01 in the v1 graph, 0.1 in the model's optimizer",
    ),
    (
        "lamb",
        lambda: _lamb(exclude=("norm",)),
        "lstm",
        "exclude: excluded in the v1 graph, weight_decay_rate in the model's optimizer: "
        "rnn/cell/bias, scores/bias",
    ),
    (
        "lamb",
        lambda: _lamb(exclude_from_layer_adaptation=()),
        "lstm",
        "exclude_from_layer_adaptation: excluded in the v1 graph, adapted in the model's "
        "optimizer: norm/gamma, norm/beta, rnn/cell/bias and 1 more",
    ),
    (
        "adafactor_momentum",
        lambda: v1_optimizers.Adafactor(0.5, beta_1=0.9, multiply_by_parameter_scale=False),
        "dense",
        "clipping_threshold none in the v1 graph, 1 in the model's optimizer",
    ),
    (
        "adafactor_momentum",
        lambda: v1_optimizers.Adafactor(0.5, beta_1=0.9, multiply_by_parameter_scale=False),
        "dense",
        "decay_rate 0.870559 at step 7 in the v1 graph, 0.810535 at step 7 in the model's",
    ),
    (
        "clipped_values",
        lambda: v1_optimizers.Adam(0.5, clipnorm=0.01),
        "dense",
        "clipvalue 0.01 in the v1 graph, none in the model's optimizer",
    ),
    (
        "nesterov",
        lambda: v1_optimizers.Momentum(_Turning(), use_nesterov=True),
        "lstm",
        "learning rate 0.005 at step 51 in the v1 graph, 0.02 at step 51 in the model's optimizer",
    ),
    (
        "nesterov",  # which turns at step 50
        lambda: v1_optimizers.Momentum(
            keras.optimizers.schedules.PiecewiseConstantDecay([51], [0.02, 0.005]),
            use_nesterov=True,
        ),
        "lstm",
        "learning rate 0.005 at step 51 in the v1 graph, 0.02 at step 51 in the model's",
    ),
    ("adam", lambda: v1_optimizers.LazyAdam(0.5), "lstm", "words/table has no slot m of Lazy"),
    ("lazy_adam", lambda: v1_optimizers.Adam(0.5), "lstm", "words/table has no slot m of Adam"),
]


@pytest.mark.parametrize(
    ("name", "make", "kind", "text"),
    share(OTHERWISE, 9, lambda case: case[2]),
)
def test_what_is_set_otherwise_is_said(runs, name, make, kind, text):
    plan = planned(runs / name / "model.ckpt", make(), kind=kind)
    with pytest.raises(PlanError) as raised:
        plan.require_complete()
    assert text in str(raised.value)


class _Turning(keras.optimizers.schedules.LearningRateSchedule):
    """It turns a step late, which no number of its configuration tells."""

    def __call__(self, step):
        return keras.ops.where(keras.ops.cast(step, "int32") <= 51, 0.02, 0.005)

    def get_config(self):
        return {}


def _lamb(**settings):
    return v1_optimizers.Lamb(Warm(), **JOINED, **settings)


@pytest.fixture
def graphless(runs, tmp_path):
    """Returns a checkpoint of Adam without its graph."""
    entries = open_checkpoint(runs / "adam_dense/model.ckpt")
    write_checkpoint(tmp_path / "alone", {name: one.read() for name, one in entries.items()})
    return tmp_path / "alone"


def test_what_no_graph_tells_is_asked(graphless):
    plan = planned(graphless, v1_optimizers.Adam(0.5))
    with pytest.raises(
        PlanError,
        match=r"nothing that tells beta_1.*learning_rate.*--optimizer_settings=compiled says",
    ):
        plan.require_complete()
    assume = Assumptions(optimizer_settings="compiled")
    plan = planned(graphless, v1_optimizers.Adam(0.5), assume=assume)
    plan.require_complete()
    assert "learning_rate" in plan.training.unread  # it is said all the same
    assert Plan.from_json(plan.to_json()) == plan
    assert planned(graphless, v1_optimizers.Adam(0.5), policy="prefer").complete
    with pytest.raises(UsageError, match="optimizer_settings: expected compiled, found 'so'"):
        planned(graphless, v1_optimizers.Adam(0.5), assume=Assumptions(optimizer_settings="so"))


@pytest.mark.slow
def test_averages_of_one_side_alone_are_said(runs):
    own = v1_optimizers.Adam(0.5, use_ema=True)
    plan = planned(runs / "adam_dense/model.ckpt", own)
    assert said(plan) == ["use_ema False in the v1 graph, True in the model's optimizer"]
    rate = keras.optimizers.schedules.PolynomialDecay(0.02, 200, 0.001)
    own = v1_optimizers.Adam(rate, epsilon=1e-4)
    plan = planned(runs / "adam_average/model.ckpt", own, kind="lstm")
    assert said(plan) == ["use_ema True in the v1 graph, False in the model's optimizer"]
    assert "use_ema=True, ema_momentum=0.95" in plan.training.offer


@pytest.fixture
def graph(tmp_path):
    """A function that saves a small graph that trains, after some steps, as a program builds it."""

    def save(build, *, steps=3):
        with tf.Graph().as_default(), v1.Session() as session:
            v1.set_random_seed(1155)
            x = v1.placeholder(tf.float32, [None, 3], "x")
            first = v1.get_variable("a/kernel", [3, 2], use_resource=False)
            last = v1.get_variable("b/kernel", [2, 1], use_resource=False)
            op = build(tf.reduce_mean(tf.square(x @ first @ last)), [first, last])
            session.run(v1.variables_initializer([first, last]))  # averages begin with these
            session.run(v1.global_variables_initializer())
            for _ in range(steps):
                session.run(op, {x: np.ones((2, 3), "f4")})
            train.Saver().save(session, str(tmp_path / "m.ckpt"))
        return tmp_path / "m.ckpt"

    return save


def two_layers(optimizer):
    dense = keras.layers.Dense
    layers = [dense(2, use_bias=False, name="a"), dense(1, use_bias=False, name="b")]
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile(optimizer, "mse")
    return model


def _plain(loss, weights):
    return train.MomentumOptimizer(0.1, 0.9).minimize(loss, train.get_or_create_global_step())


def _decayed_beside(loss, weights):
    with tf.control_dependencies([_plain(loss, weights)]):
        return weights[0].assign_sub(0.1 * weights[0])


def _constrained(loss, weights):
    with tf.control_dependencies([_plain(loss, weights)]):
        return weights[0].assign(tf.clip_by_value(weights[0], -1.0, 1.0))


def _fed(loss, weights):
    weights[0].assign(v1.placeholder(tf.float32, [3, 2]))  # as pretrained values are
    return _plain(loss, weights)


def _one_alone(loss, weights):
    step = train.get_or_create_global_step()
    return train.MomentumOptimizer(0.1, 0.9).minimize(loss, step, var_list=weights[:1])


def _noisy(loss, weights):
    optimizer = train.MomentumOptimizer(0.1, 0.9)
    pairs = optimizer.compute_gradients(loss, weights)
    noisy = [(one + tf.random.normal(one.shape), weight) for one, weight in pairs]
    return optimizer.apply_gradients(noisy, train.get_or_create_global_step())


def _accumulated(loss, weights):
    sums = [v1.get_variable(f"sum_{n}", w.shape, trainable=False) for n, w in enumerate(weights)]
    optimizer = train.MomentumOptimizer(0.1, 0.9)
    step = train.get_or_create_global_step()
    return optimizer.apply_gradients([*zip(sums, weights, strict=True)], step)


def _scaled(loss, weights, *, back=128.0):
    optimizer = train.MomentumOptimizer(0.1, 0.9)
    pairs = optimizer.compute_gradients(128.0 * loss, weights)
    step = train.get_or_create_global_step()
    return optimizer.apply_gradients([(one / back, weight) for one, weight in pairs], step)


def _scaled_otherwise(loss, weights):
    return _scaled(loss, weights, back=64.0)


def _scaled_by_an_optimizer(loss, weights):
    own = v1.mixed_precision
    scale = own.FixedLossScale(128.0)
    optimizer = own.MixedPrecisionLossScaleOptimizer(train.MomentumOptimizer(0.1, 0.9), scale)
    return optimizer.minimize(loss, train.get_or_create_global_step())


def _norm_of_more(loss, weights):
    optimizer = train.MomentumOptimizer(0.1, 0.9)
    clipped, _ = tf.clip_by_global_norm(v1.gradients(loss, [*weights, loss]), 1.0)
    step = train.get_or_create_global_step()
    return optimizer.apply_gradients([*zip(clipped[:2], weights, strict=True)], step)


def _norm_by_column(loss, weights):
    optimizer = train.MomentumOptimizer(0.1, 0.9)
    gradients = v1.gradients(loss, weights)
    clipped = [tf.clip_by_norm(one, 1.0, axes=[0]) for one in gradients]
    step = train.get_or_create_global_step()
    return optimizer.apply_gradients([*zip(clipped, weights, strict=True)], step)


def _every_other_step(loss, weights):
    step = train.get_or_create_global_step()
    optimizer = train.MomentumOptimizer(0.1, 0.9)
    pairs = optimizer.compute_gradients(loss, weights)
    even = tf.equal(step % 2, 0)
    taken = v1.cond(even, lambda: optimizer.apply_gradients(pairs), tf.no_op)
    with tf.control_dependencies([taken]):
        return v1.assign_add(step, 1)


DONE_BESIDE = [
    (_decayed_beside, "changed by AssignSub too in the v1 graph, by steps alone in the"),
    (_constrained, "changed by Assign too in the v1 graph, by steps alone in the model's"),
    (_fed, ""),
    (_one_alone, "no step that is read in the v1 graph, steps in the model's optimizer: b/ke"),
    (_noisy, "gradients changed by AddV2: a/kernel, b/kernel in the v1 graph"),
    (_accumulated, "gradients accumulated over batches: a/kernel, b/kernel in the v1 graph"),
    (_scaled_otherwise, "gradients divided by 64: a/kernel, b/kernel in the v1 graph"),
    (_norm_of_more, "gradients a norm of 3 gradients in the v1 graph, of 2 in the model's"),
]


def test_steps_on_a_condition_are_said(graph, v1_control_flow):
    found = said(plan_migration(graph(_every_other_step), two_layers(v1_optimizers.Momentum(0.1))))
    assert found == [
        "steps on a condition in the v1 graph, steps each time in the model's optimizer: a/kernel, "
        "b/kernel"
    ]


def test_rates_of_constants_on_a_condition_are_read(graph, v1_control_flow):
    def build(loss, weights):
        step = train.get_or_create_global_step()
        rate = v1.cond(step < 50, lambda: tf.constant(0.5), lambda: tf.constant(0.25))
        return train.MomentumOptimizer(rate, 0.9).minimize(loss, step)

    path = graph(build)
    same = keras.optimizers.schedules.PiecewiseConstantDecay([49], [0.5, 0.25])
    assert not said(plan_migration(path, two_layers(v1_optimizers.Momentum(same))))
    (found,) = said(plan_migration(path, two_layers(v1_optimizers.Momentum(0.25))))
    assert found.startswith("learning rate 0.5 at step 3 in the v1 graph, 0.25 at step 3 in")


@pytest.fixture
def v1_control_flow():
    """Has `tf.cond` make switches, as that of 1.15 does."""
    v1.disable_control_flow_v2()
    yield
    v1.enable_control_flow_v2()


def test_norms_by_column_are_said(graph):
    own = v1_optimizers.Momentum(0.1, clipnorm=1.0)
    found = said(plan_migration(graph(_norm_by_column), two_layers(own)))
    assert found == ["clipnorm along axes [0] in the v1 graph, 1 in the model's optimizer"]


@pytest.mark.parametrize(("build", "text"), share(DONE_BESIDE, 3))
def test_what_else_a_graph_does_is_said(graph, build, text):
    model = two_layers(v1_optimizers.Momentum(0.5, global_clipnorm=_clip(build)))
    found = said(plan_migration(graph(build), model))
    assert [one for one in found if text in one] if text else not found


@pytest.mark.parametrize("build", [_scaled, _scaled_by_an_optimizer])
def test_a_fixed_loss_scale_is_that_of_keras(graph, build):
    """Whose `loss_scale_factor` multiplies the loss and divides its gradients."""
    path = graph(build)
    plan = plan_migration(path, two_layers(v1_optimizers.Momentum(0.5)))
    assert said(plan) == ["loss_scale_factor 128 in the v1 graph, none in the model's optimizer"]
    assert plan.training.offer.endswith("loss_scale_factor=128.0)")
    model = two_layers(v1_optimizers.Momentum(0.5, loss_scale_factor=128.0))
    plan = plan_migration(path, model, optimizer="use")
    plan.require_complete()
    convert(plan, model)
    model.fit(np.ones((2, 3), "f4"), np.zeros((2, 1), "f4"), verbose=0)
    after = open_checkpoint(graph(build, steps=4))  # begins with the same random numbers
    for name in ("a", "b"):
        kernel = model.get_layer(name).kernel
        assert_arrays_close(kernel, after[f"{name}/kernel"].read(), of_largest=1e-6)


def test_a_fixed_loss_scale_of_1_15_is_read_where_its_gradients_begin(graph):
    """It calls the ones that they begin with otherwise than today's TensorFlow."""
    path = graph(_scaled)
    meta = path.with_suffix(".ckpt.meta")
    text = str(v1.MetaGraphDef.FromString(meta.read_bytes()))
    text = text.replace('"gradients/grad_ys_0"', '"gradients/Fill"')
    meta.write_bytes(text_format.Parse(text, v1.MetaGraphDef()).SerializeToString())
    found = said(plan_migration(path, two_layers(v1_optimizers.Momentum(0.5))))
    assert found == ["loss_scale_factor 128 in the v1 graph, none in the model's optimizer"]


def test_what_keras_cannot_clip_by_at_once_is_said_of_what_is_offered(graph):
    def build(loss, weights):
        optimizer = train.MomentumOptimizer(0.1, 0.9)
        pairs = optimizer.compute_gradients(loss, weights)
        norms = [(tf.clip_by_norm(one, 1.0), weight) for one, weight in pairs]
        both = [(tf.clip_by_value(one, -0.5, 0.5), weight) for one, weight in norms]
        return optimizer.apply_gradients(both, train.get_or_create_global_step())

    training = plan_migration(graph(build), two_layers(keras.optimizers.SGD(0.5))).training
    assert any("clipped in several ways" in one.text for one in training.beyond)


def test_what_is_offered_needs_no_import_of_the_program(graph, monkeypatch):
    """Keras knows the optimizers of this package once somebody has imported them."""
    monkeypatch.delitem(keras.saving.get_custom_objects(), "tf1compat>Momentum")
    training = plan_migration(graph(_constrained), two_layers(keras.optimizers.SGD(0.5))).training
    assert "v1_optimizers.Momentum(" in training.offer
    assert [one.facts["v1"] for one in training.beyond] == ["changed by Assign too"]


@pytest.mark.parametrize("build", [_decayed_beside, _constrained])
def test_what_is_offered_is_tried_before(graph, build):
    path = graph(build)
    own = v1_optimizers.Momentum(0.5, 0.5)
    training = plan_migration(path, two_layers(own)).training
    (left,) = training.beyond
    assert left in training.differences
    assert "by steps alone" in left.text
    lines = list(training.lines())
    assert f"  nearest to what 1.15 computed: {training.offer}" in lines
    assert f"    which differs too: {left.text}" in lines
    plan = plan_migration(path, two_layers(own), optimizer="use")
    with pytest.raises(PlanError, match="no optimizer here computes all of it; --optimizer=prefer"):
        plan.require_complete()
    assert Plan.from_json(plan.to_json()) == plan


def _clip(build):
    return 1.0 if build is _norm_of_more else None


def _own_count(loss, weights):
    train.get_or_create_global_step()  # which nothing counts
    count = v1.get_variable("count", [], tf.int64, tf.zeros_initializer(), trainable=False)
    rate = train.exponential_decay(0.1, count, 2, 0.5)
    return train.MomentumOptimizer(rate, 0.9).minimize(loss, global_step=count)


def test_steps_are_counted_by_what_the_steps_count(graph):
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
    plan = plan_migration(
        graph(_own_count), two_layers(v1_optimizers.Momentum(rate)), optimizer="use"
    )
    plan.require_complete()
    fills = {fill.target: fill.sources for fill in plan.training.fills}
    assert fills["optimizer/iterations"] == ("count",)


@pytest.mark.slow
def test_a_count_of_two_optimizers_is_said(graph):
    def build(loss, weights):
        step = train.get_or_create_global_step()
        rate = train.exponential_decay(0.1, step, 2, 0.5)
        ops = [
            train.MomentumOptimizer(rate, 0.9, name=name).minimize(loss, step, var_list=[one])
            for name, one in zip(("one", "other"), weights, strict=True)
        ]
        return tf.group(*ops)

    plan = plan_migration(graph(build), two_layers(v1_optimizers.Momentum(0.5)))
    assert plan.training.slots == 2  # of names that the graph alone tells
    assert any("global_step counted by one, other in the checkpoint" in one for one in said(plan))


def test_settings_that_change_with_the_step_are_said(graph):
    def build(loss, weights):
        step = train.get_or_create_global_step()
        falls = train.exponential_decay(0.5, step, 50, 0.5, staircase=True)
        optimizer = train.MomentumOptimizer(0.1, falls)
        clipped, _ = tf.clip_by_global_norm(v1.gradients(loss, weights), falls)
        return optimizer.apply_gradients([*zip(clipped, weights, strict=True)], step)

    own = v1_optimizers.Momentum(0.1, momentum=0.5, global_clipnorm=0.5)
    momentum, clip = said(plan_migration(graph(build), two_layers(own)))
    at = momentum.split()[4]  # the first step that is looked at from the 51st on
    assert momentum.startswith("momentum 0.25 at step ")
    assert momentum.endswith(f"in the v1 graph, 0.5 at step {at} in the model's optimizer")
    assert 50 < int(at) < 80
    assert clip.startswith("global_clipnorm by what changes with the step in the v1 graph, 0.5 in")


def test_a_norm_of_rows_as_they_come_is_said_of_what_adds_them_up(tmp_path):
    with tf.Graph().as_default(), v1.Session() as session:
        ids = v1.placeholder(tf.int32, [None, 2], "ids")
        table = v1.get_variable("table/embeddings", [5, 2], use_resource=False)
        loss = tf.reduce_sum(tf.nn.embedding_lookup(table, ids))
        clipped, _ = tf.clip_by_global_norm(v1.gradients(loss, [table]), 1.0)
        step = train.get_or_create_global_step()
        train.GradientDescentOptimizer(0.1).apply_gradients([(clipped[0], table)], step)
        session.run(v1.global_variables_initializer())
        train.Saver().save(session, str(tmp_path / "m.ckpt"))

    def found(optimizer):
        table = keras.layers.Embedding(5, 2, name="table")
        model = keras.Sequential([keras.Input((2,), dtype="int32"), table])
        model.compile(optimizer, "mse")
        return said(plan_migration(tmp_path / "m.ckpt", model))

    assert not found(v1_optimizers.GradientDescent(0.1, global_clipnorm=1.0))
    assert found(keras.optimizers.SGD(0.1, global_clipnorm=1.0)) == [
        "the norm is of rows as they come in the v1 graph, of what each row gets in all in the "
        "model's optimizer: table/embeddings"
    ]


@pytest.mark.slow
def test_averages_whose_decay_grows_are_said(graph):
    def build(loss, weights):
        step = train.get_or_create_global_step()
        with tf.control_dependencies([_plain(loss, weights)]):
            return train.ExponentialMovingAverage(0.99, step).apply(weights)

    own = v1_optimizers.Momentum(0.5, use_ema=True, ema_momentum=0.99)
    found = said(plan_migration(graph(build), two_layers(own)))
    # min(0.99, (1 + 3) / (10 + 3))
    assert found == [
        "ema_momentum 0.307692 at step 3 in the v1 graph, 0.99 in the model's optimizer"
    ]


def test_optimizers_that_nothing_is_known_of_are_named(graph):
    def build(loss, weights):
        return train.ProximalGradientDescentOptimizer(0.1).minimize(loss)

    found = said(plan_migration(graph(build), two_layers(v1_optimizers.Momentum(0.5))))
    assert found == ["steps of ProximalGradientDescent in the checkpoint, Momentum in the model"]


@pytest.mark.slow
def test_slots_of_parts_are_joined_from_the_first_format(runs):
    own, assume = v1_optimizers.Adagrad(0.5), Assumptions(1.0, "div")
    path = runs / "adagrad_sharded/first.ckpt"
    plan = planned(path, own, kind="lstm", policy="prefer", assume=assume)
    fills = {fill.target: (fill.sources, fill.layout) for fill in plan.training.fills}
    assert fills["optimizer/accum/words/embeddings"] == (
        tuple(f"words/table/art_{part}/Adagrad" for part in range(3)),
        "concatenate(0)",
    )
    first, second = (
        open_checkpoint(runs / "adagrad_sharded" / name) for name in ("first.ckpt", "model.ckpt")
    )
    assert_arrays_equal(
        *({name: entry.read() for name, entry in one.items()} for one in (first, second))
    )
