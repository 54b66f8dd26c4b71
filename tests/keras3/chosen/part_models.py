"""Small models of which parts are chosen, and a training step that says what it moved."""

import keras
import numpy as np

from tf1compat.keras3 import index_model

L = keras.layers


class Counted(L.Layer):
    """A layer of a program's own: weights in a list, and a count of its calls."""

    def build(self, shape):
        self.parts = [
            self.add_weight(shape=(shape[-1], 2), initializer="ones", name="part") for _ in "ab"
        ]
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")

    def call(self, x):
        self.calls.assign_add(1.0)
        return keras.ops.concatenate([keras.ops.matmul(x, part) for part in self.parts], -1)


def backbone():
    """A nested model with a norm in the middle, and a head."""
    inside = [L.Dense(4, name="a"), L.BatchNormalization(name="bn"), L.Dense(4, name="b")]
    encoder = keras.Sequential([keras.Input((3,)), *inside], name="encoder")
    x = keras.Input((3,))
    return keras.Model(x, L.Dense(1, name="head")(encoder(x)))


def towers():
    """One dense layer used by two towers, a custom layer and a head."""
    shared = L.Dense(3, name="shared")
    left = keras.Sequential([keras.Input((3,)), shared], name="left")
    right = keras.Sequential([keras.Input((3,)), shared, L.Dense(3, name="own")], name="right")
    x = keras.Input((3,))
    both = L.Concatenate()([left(x), Counted(name="counted")(right(x))])
    return keras.Model(x, L.Dense(1, name="head")(both))


def moved_by(model, step):
    """Returns the paths of the weights that a step changes."""
    weights = index_model(model).values()
    before = {weight.path: _value(weight) for weight in weights}
    step()
    return {w.path for w in weights if before[w.path] != _value(w)}


def _value(weight):
    return keras.ops.convert_to_numpy(weight.variable).tobytes()


def step_of(model):
    """Returns a function that trains the model, compiled before, by one batch."""
    rng = np.random.default_rng(0)
    batch = rng.normal(size=(8, 3)).astype("f4"), rng.normal(size=(8, 1)).astype("f4")
    return lambda: model.train_on_batch(*batch)


def compiled(model, *, run_eagerly=True):
    """Compiles a model; one step of a toy is quicker as it stands than traced first."""
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=False, run_eagerly=run_eagerly)
    return model
