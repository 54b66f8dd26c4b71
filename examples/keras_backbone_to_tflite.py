r"""A v1 backbone under a new head: migrated, frozen, fine-tuned, quantized for TFLite.

python -m examples.keras_backbone_to_tflite --steps=30 --output=/tmp/model.tflite
"""

import os
import pathlib
import tempfile
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

from tf1compat.graph import layers
from tf1compat.keras3 import select
from tf1compat.migration import transfer

v1 = tf.compat.v1
_STEPS = flags.DEFINE_integer("steps", 30, "Training steps of the head.", lower_bound=1)
_OUTPUT = flags.DEFINE_string("output", None, "Where the .tflite goes; by default nowhere.")


def save_v1_net(prefix: str) -> None:
    """Writes the checkpoint of a v1 net: a backbone with a norm, and a head for five classes."""
    with tf.Graph().as_default() as g, v1.Session(graph=g) as session:
        v1.set_random_seed(0)
        images = v1.placeholder(tf.float32, [None, 8, 8, 3])
        with v1.variable_scope("net"):
            x = layers.conv2d(images, 8, 3, padding="same", name="conv1")
            x = tf.nn.relu(layers.batch_normalization(x, name="norm1"))
            x = layers.conv2d(x, 16, 3, strides=2, padding="same", name="conv2")
        layers.dense(tf.reduce_mean(x, [1, 2]), 5, name="logits")
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, prefix)


def build_model() -> keras.Model:
    """Returns the backbone in Keras' own names, under a head for two classes."""
    inside = keras.layers
    backbone = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            inside.Conv2D(8, 3, padding="same", name="first"),
            inside.BatchNormalization(name="first_norm"),
            inside.ReLU(),
            inside.Conv2D(16, 3, strides=2, padding="same", name="second"),
        ],
        name="backbone",
    )
    images = keras.Input((8, 8, 3))
    x = inside.GlobalAveragePooling2D()(backbone(images))
    return keras.Model(images, inside.Dense(2, name="new_head")(x))


def quantized(model: keras.Model) -> bytes:
    """Returns the model for TFLite, its large weights as integers of 8 bits."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return bytes(converter.convert())


def run_tflite(content: bytes, images: np.ndarray) -> np.ndarray:
    """Returns the outputs of a TFLite model."""
    interpreter = tf.lite.Interpreter(model_content=content)
    given, made = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    interpreter.resize_tensor_input(given["index"], images.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(given["index"], images)
    interpreter.invoke()
    return np.array(interpreter.get_tensor(made["index"]))


def main(argv: Sequence[str]) -> None:
    """Migrates, freezes, trains, quantizes and compares."""
    if len(argv) > 1:
        raise app.UsageError(f"expected no arguments, found {argv[1:]}")
    keras.utils.set_random_seed(0)
    model = build_model()
    with tempfile.TemporaryDirectory() as folder:
        save_v1_net(os.path.join(folder, "model.ckpt"))
        print(transfer(folder, model, part="net:backbone").plan.headline())
    backbone = select(model, layer="backbone")
    frozen = backbone.freeze(updates="hold")
    print("Frozen:", *frozen.names)
    print("Held:", *frozen.held.names)
    before = backbone.read()

    rng = np.random.default_rng(0)
    images = rng.normal(size=(64, 8, 8, 3)).astype("float32")
    images[::2] += 0.5  # of the second class
    classes = np.tile([1, 0], 32)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.1), loss, metrics=["accuracy"], jit_compile=False)
    history = model.fit(images, classes, batch_size=64, epochs=_STEPS.value, verbose=0).history
    print(f"accuracy {history['accuracy'][0]:.2f}, then {history['accuracy'][-1]:.2f}")
    after = backbone.read()
    print(
        "the backbone stayed:",
        all(after[name].tobytes() == before[name].tobytes() for name in before),
    )

    content = quantized(model)
    expected, found = model.predict(images, verbose=0), run_tflite(content, images)
    error = np.abs(found - expected).max() / np.abs(expected).max()
    print(f"{len(content)} bytes for TFLite, outputs within {error:.2%}")
    if _OUTPUT.value:
        pathlib.Path(_OUTPUT.value).write_bytes(content)


if __name__ == "__main__":
    app.run(main)
