"""The Keras side of the training goldens: the net, each run's optimizer, and its batches."""

import importlib.util
import pathlib

import keras
import numpy as np
from shares import share

from tf1compat.keras3 import index_model, v1_optimizers
from tf1compat.migration.values import value_for

# The generator's own: the v1 side and this one see the same numbers.
_PATH = pathlib.Path(__file__).parents[2] / "goldens/generators/training_batches.py"
_SPEC = importlib.util.spec_from_file_location("training_batches", _PATH)
given = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(given)

schedules = keras.optimizers.schedules


@keras.saving.register_keras_serializable("training_runs")
class FirstWord(keras.layers.Layer):
    """[B, N] ids -> [B, ROWS], the first of them one-hot."""

    def call(self, ids):
        return keras.ops.one_hot(ids[:, 0], given.ROWS)


@keras.saving.register_keras_serializable("training_runs")
class Warm(schedules.LearningRateSchedule):
    """BERT's: linear warmup, then linear decay."""

    def __call__(self, step):
        step = keras.ops.cast(step, "float32")
        later = 0.01 * (1 - keras.ops.minimum(step, 150.0) / 150.0)
        return keras.ops.where(step < 20, 0.01 * step / 20.0, later)

    def get_config(self):
        return {}


def decayed(*, staircase=False):
    return schedules.ExponentialDecay(0.02, 10, 0.9, staircase=staircase)


def stepwise():
    return schedules.PiecewiseConstantDecay([50], [0.02, 0.005])


def average_adam():
    rate = schedules.PolynomialDecay(0.02, 200, 0.001)
    return v1_optimizers.Adam(rate, epsilon=1e-4, use_ema=True, ema_momentum=0.95)


def momentum_adafactor():
    own = v1_optimizers.Adafactor
    more = {"multiply_by_parameter_scale": False, "clipping_threshold": None}
    return own(0.7, beta_1=0.9, beta_2=0.99, **more)


def wide_and_deep():
    wide = v1_optimizers.Ftrl(0.7, l1_regularization_strength=0.001)
    pairs = [(wide, ["^conv/", "^norm/"]), (v1_optimizers.Adagrad(0.7), ["."])]
    return v1_optimizers.MultiOptimizer(pairs)


# An LSTM of Keras has two kernels, and its bias has what 1.15 adds to the forget gate.
JOINED = {"joined": [["rnn/lstm_cell/kernel", "rnn/lstm_cell/recurrent_kernel"]]}
ADDED = {"added": {"rnn/lstm_cell/bias": [[3, 6, 1.0]]}}

# Learning rates that a graph tells are compiled wrong: the plan has to put them right.
RUNS = {
    "adam_dense": ("dense", lambda: v1_optimizers.Adam(0.7)),
    "ftrl": (
        "lstm",
        lambda: v1_optimizers.Ftrl(
            0.7,
            l1_regularization_strength=0.001,
            l2_regularization_strength=0.002,
            l2_shrinkage_regularization_strength=0.001,
            **ADDED,
        ),
    ),
    "momentum_dense": ("dense", lambda: keras.optimizers.SGD(0.7, momentum=0.9)),
    "loss_scaled": (
        "dense",
        lambda: keras.optimizers.LossScaleOptimizer(
            v1_optimizers.Momentum(0.7), initial_scale=2.0, dynamic_growth_steps=30
        ),
    ),
    "adafactor_momentum": ("dense", momentum_adafactor),
    "clipped_values": ("dense", lambda: v1_optimizers.Adam(0.7, clipvalue=0.01)),
    "clipped_norms": ("mean", lambda: v1_optimizers.Momentum(0.7, clipnorm=0.05)),
    "wide_and_deep": ("mean", wide_and_deep),
    "lamb": ("lstm", lambda: v1_optimizers.Lamb(Warm(), global_clipnorm=0.1, **JOINED)),
    "adafactor": ("lstm", lambda: v1_optimizers.Adafactor(**JOINED, **ADDED)),
    "adam": ("lstm", lambda: v1_optimizers.Adam(0.7)),
    "adam_average": ("lstm", average_adam),
    "adam_weight_decay": (
        "lstm",
        lambda: v1_optimizers.AdamWeightDecay(Warm(), global_clipnorm=0.1),
    ),
    "lazy_adam": ("lstm", lambda: v1_optimizers.LazyAdam(0.7)),
    "sgd_decayed": ("lstm", lambda: v1_optimizers.GradientDescent(decayed(staircase=True))),
    "momentum": ("lstm", lambda: v1_optimizers.Momentum(0.7)),
    "momentum_decayed": ("lstm", lambda: v1_optimizers.Momentum(decayed())),
    "nesterov": ("lstm", lambda: v1_optimizers.Momentum(stepwise(), use_nesterov=True)),
    "adagrad": ("lstm", lambda: v1_optimizers.Adagrad(0.7)),
    "adagrad_sharded": ("lstm", lambda: v1_optimizers.Adagrad(0.7)),
    "rmsprop": ("lstm", lambda: v1_optimizers.RMSProp(0.7, momentum=0.8)),
    "rmsprop_centered": ("lstm", lambda: v1_optimizers.RMSProp(0.7, momentum=0.5, centered=True)),
    "adadelta": ("lstm", lambda: v1_optimizers.Adadelta(0.7, 0.9, 1e-6)),
}


def _optimizer(name):
    """Returns the class of a run's optimizer: arithmetic and slots are its own."""
    return type(RUNS[name][1]())


# Options of an optimizer are held to 1.15's kernels in tests/keras3/v1_optimizers_test.py; what a
# run adds is where slots, steps and rates come from, which a class has its own way for.
EACH_OPTIMIZER = share(RUNS, 9, _optimizer)


def net(kind):
    """Returns the net of the generator, of its kinds."""
    layers = keras.layers
    images = keras.Input((5, 5, 2), batch_size=given.BATCH, name="images")
    ids = keras.Input((3,), batch_size=given.BATCH, dtype="int32", name="ids")
    if kind == "dense":
        x = layers.Concatenate()([layers.Reshape((50,))(images), FirstWord()(ids)])
        x = layers.Dense(6, "tanh", name="hidden")(x)
    else:
        x = layers.Conv2D(3, 3, use_bias=False, name="conv")(images)
        x = layers.BatchNormalization(momentum=0.9, name="norm")(x)
        words = layers.Embedding(given.ROWS, 4, name="words")(ids)
        # Unrolled, its three steps are built in a third less time than a loop and its gradient.
        last = (
            layers.LSTM(3, unroll=True, name="rnn")
            if kind == "lstm"
            else layers.GlobalAveragePooling1D()
        )
        x = layers.Concatenate()([layers.Flatten()(layers.ReLU()(x)), last(words)])
    return keras.Model([images, ids], layers.Dense(2, name="scores")(x))


def compiled(name):
    """Returns a run's net, with its optimizer."""
    kind, make = RUNS[name]
    model = net(kind)
    model.compile(optimizer=make(), loss="mse")
    return model


def plain_momentum():
    """Returns a net that Keras' own optimizer trains."""
    return compiled("momentum_dense")


def train(model):
    """Trains 100 steps on the generator's batches; returns the losses."""
    return losses(model, given.batches(given.BEFORE, given.AFTER))


def losses(model, batches):
    """Trains a step on each batch; returns the loss of each by itself."""
    found = []
    for one in batches:
        model.reset_metrics()  # Keras before 3.13 returns the mean of all since
        found.append(model.train_on_batch([one["images"], one["ids"]], one["targets"]))
    return np.array(found, np.float32)


class _Value:
    """An entry of a checkpoint, as `value_for` reads it."""

    def __init__(self, value):
        self._value = value

    def read(self):
        return self._value


def after(folder):
    """Returns what 1.15.5 had 100 steps on: the variables by name, and `loss`."""
    with np.load(folder / "after.npz") as held:
        return {name.replace("|", "/"): held[name] for name in held.files}


def largest_gap(plan, fills, values, variables):
    """Returns the largest gap between variables and the values laid out, relative to each's."""
    gaps = []
    for fill in fills:
        sources = {source: _Value(values[source]) for source in fill.sources}
        expected = value_for(fill, sources, initial=None)
        found = np.asarray(variables[fill.target].numpy())
        gaps.append(np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-3))
    return max(gaps)


def weights_of(model):
    """Returns a model's weights by path."""
    return {path: weight.variable for path, weight in index_model(model).items()}
