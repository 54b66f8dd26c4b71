r"""Fine-tuning a Keras model: a frozen encoder, a slow layer, a new head; and thawing it.

python -m examples.keras_freezing --steps=20
"""

from collections.abc import Sequence

import keras
import numpy as np
from absl import app, flags
from keras import layers

from tf1compat.keras3 import scaled_learning_rates, select

_STEPS = flags.DEFINE_integer("steps", 20, "Training steps.", lower_bound=1)


def build_model() -> keras.Model:
    """Returns an encoder with a norm, a layer on top and a head."""
    encoder = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(16, activation="tanh", name="wide"),
            layers.BatchNormalization(name="norm"),
        ],
        name="encoder",
    )
    x = keras.Input((6,))
    top = layers.Dense(16, activation="tanh", name="top")(encoder(x))
    return keras.Model(x, layers.Dense(1, name="head")(top))


def _train(model: keras.Model, steps: int) -> dict[str, float]:
    """Returns by how much training moved each weight."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(256, 6)).astype("float32")
    targets = np.sin(inputs.sum(axis=1, keepdims=True))
    before = select(model).read()
    history = model.fit(inputs, targets, batch_size=256, epochs=steps, verbose=0)
    losses = history.history["loss"]
    print(f"loss {losses[0]:.4f}, then {losses[-1]:.4f}")
    after = select(model).read()
    return {name: float(np.abs(after[name] - before[name]).max()) for name in before}


def main(argv: Sequence[str]) -> None:
    """Trains what isn't frozen, and shows that nothing else moved."""
    if len(argv) > 1:
        raise app.UsageError(f"expected no arguments, found {argv[1:]}")
    keras.utils.set_random_seed(0)
    model = build_model()
    # Held, or the norm would go on moving its statistics by batches of the new task.
    print(select(model, "encoder/.*").freeze(updates="hold"))
    rates = {"top/.*": 0.1, "head/.*": 1.0}
    optimizer = scaled_learning_rates(keras.optimizers.Adam(0.02), model, rates)
    model.compile(optimizer, "mse", run_eagerly=True)  # a toy isn't worth compiling
    for name, by in _train(model, _STEPS.value).items():
        print(f"{name}: moved by up to {by:.4f}")

    print("\nThawed:", *select(model, layer="encoder").thaw().names)
    # Compiled again, as after any change of what is trained; a small rate for the last steps.
    model.compile(keras.optimizers.Adam(0.001), "mse", run_eagerly=True)
    moved = _train(model, 2)
    print("moved now:", *(name for name, by in moved.items() if by))


if __name__ == "__main__":
    app.run(main)
