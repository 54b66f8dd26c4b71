r"""From one Keras model to another: what tf.train.Checkpoint does silently, and by a plan.

python -m examples.keras_transfer
"""

import os
import tempfile
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from absl import app
from keras import layers

from tf1compat.errors import PlanError
from tf1compat.keras3 import select
from tf1compat.migration import transfer


def build_model(encoder_name: str, head_name: str) -> keras.Model:
    """Returns an encoder and a head, under these names."""
    inside = [layers.Dense(8, activation="relu", name="one"), layers.Dense(8, name="two")]
    encoder = keras.Sequential([keras.Input((4,)), *inside], name=encoder_name)
    x = keras.Input((4,))
    return keras.Model(x, layers.Dense(3, name=head_name)(encoder(x)))


def main(argv: Sequence[str]) -> None:
    """Restores by position, and transfers by a plan."""
    if len(argv) > 1:
        raise app.UsageError(f"expected no arguments, found {argv[1:]}")
    keras.utils.set_random_seed(0)
    trained = build_model("encoder", "animals")
    with tempfile.TemporaryDirectory() as folder:
        path = tf.train.Checkpoint(model=trained).write(os.path.join(folder, "ckpt"))
        restored = build_model("backbone", "plants")
        tf.train.Checkpoint(model=restored).restore(path).expect_partial()
        same = np.array_equal(*(select(m, ".*s/kernel").one() for m in (trained, restored)))
        print("tf.train.Checkpoint put the head for animals into the one for plants:", same)

        target = build_model("backbone", "plants")
        # What a plan is told is what it does, from a checkpoint as from the live model.
        done = transfer(path, target, part="model/_operations/1:backbone")
        print(done.plan.headline())
    target = build_model("backbone", "plants")
    print(transfer(trained, target, part="encoder:backbone").plan)
    target = keras.Sequential([keras.Input((4,)), layers.Dense(8, name="one")])
    try:
        transfer(trained, target)
    except PlanError as error:
        print(error)


if __name__ == "__main__":
    app.run(main)
