"""Writes ``keras_optimizers``: objects whose optimizers are tf.keras' own, of two Kerases.

    pip install tensorflow==1.15.5 "protobuf<3.21" "numpy<1.19"    # on Python 3.7; then
    pip install tensorflow==2.15.1                                 # elsewhere
    python tests/checkpoint/testdata/generate_optimizers.py

With each of the two, it writes what that one has: a checkpoint after 3 steps for each optimizer,
and ``of_1.npz`` or ``of_2.npz``: what it was trained on, and weights 20 steps later.
"""

import os

import numpy as np
import tensorflow as tf

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "keras_optimizers")
WORLD = "1" if tf.__version__.startswith("1.") else "2"
OPTIMIZERS = tf.keras.optimizers
MOVED = {"momentum": 0.9, "centered": True}

OF_1 = {
    "rmsprop": lambda: OPTIMIZERS.RMSprop(0.01, centered=True),
    "rmsprop_moved": lambda: OPTIMIZERS.RMSprop(0.01, **MOVED),
    "adagrad": lambda: OPTIMIZERS.Adagrad(0.01),
    "adadelta": lambda: OPTIMIZERS.Adadelta(1.0),
    "ftrl": lambda: OPTIMIZERS.Ftrl(0.01, l1_regularization_strength=0.001),
    "amsgrad": lambda: OPTIMIZERS.Adam(0.01, amsgrad=True),
    "nadam": lambda: OPTIMIZERS.Nadam(0.01),
    "named": lambda: OPTIMIZERS.Adam(0.01, name="mine"),
    "descent": lambda: OPTIMIZERS.SGD(0.01, decay=0.1),
}
OF_2 = {
    "adam": lambda: OPTIMIZERS.Adam(0.01),
    "rmsprop": lambda: OPTIMIZERS.RMSprop(0.01, **MOVED),
    "adagrad": lambda: OPTIMIZERS.Adagrad(0.01),
    "adadelta": lambda: OPTIMIZERS.Adadelta(1.0),
    "ftrl": lambda: OPTIMIZERS.Ftrl(0.01),
    "adamax": lambda: OPTIMIZERS.Adamax(0.01),
    "nadam": lambda: OPTIMIZERS.Nadam(0.01),
    "sgd": lambda: OPTIMIZERS.SGD(0.01, momentum=0.9),
    "named": lambda: OPTIMIZERS.RMSprop(0.01, name="mine"),
    "scheduled": lambda: OPTIMIZERS.Adam(OPTIMIZERS.schedules.ExponentialDecay(0.01, 9, 0.5)),
}


def main():
    random = np.random.RandomState(20150814)
    features, answers = random.standard_normal((16, 4)), random.standard_normal((16, 2))
    found = {"features": features.astype("float32"), "answers": answers.astype("float32")}
    kept = {"batch_size": 16, "shuffle": False, "verbose": 0}
    for name, make in (OF_1 if WORLD == "1" else OF_2).items():
        tf.keras.backend.clear_session()
        tf.keras.backend.set_floatx("float32")
        (tf.set_random_seed if WORLD == "1" else tf.random.set_seed)(1)
        hidden = tf.keras.layers.Dense(3, "tanh", input_shape=(4,), name="hidden")
        model = tf.keras.Sequential([hidden, tf.keras.layers.Dense(2, name="output")])
        optimizer = make()
        model.compile(optimizer, "mse")
        model.fit(features, answers, epochs=3, **kept)
        saved = tf.train.Checkpoint(net=model, opt=optimizer)
        saved.save(os.path.join(FOLDER, f"{name}_{WORLD}"))
        model.fit(features, answers, epochs=20, **kept)
        for layer in model.layers:
            found[f"{name}/{layer.name}/kernel"], found[f"{name}/{layer.name}/bias"] = (
                layer.get_weights()
            )
    np.savez_compressed(os.path.join(FOLDER, f"of_{WORLD}.npz"), **found)
    os.remove(os.path.join(FOLDER, "checkpoint"))


if __name__ == "__main__":
    main()
