"""Writes ``keras215/`` with genuine Keras 2.15, the last Keras 2: each kind of file that it saves.

From the repository's root, with any Python 3.9 to 3.11:

    python3.11 -m venv .venv-keras215
    .venv-keras215/bin/pip install tensorflow==2.15.1
    .venv-keras215/bin/python tests/goldens/generate_keras215.py

Of one trained net with a convolution, batch norm, an embedding, an LSTM and a dense layer:
``weights.h5`` and ``whole.h5`` (HDF5), ``tf/model`` (TensorFlow's format of weights) and
``whole.keras``; of a smaller one without the recurrent part, whose traces take 600 kB, ``saved/``
(a SavedModel). ``io.npz`` and ``io_saved.npz`` hold inputs and what they computed.
``shared.keras`` has a layer that stands within another, too, so that layers are counted otherwise
than in Keras 3; each kernel holds its layer's number. ``gru.pb`` is a frozen GRU, ``io_gru.npz``
what it computed.
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "keras215")
layers = tf.keras.layers


def _image_part():
    image = layers.Input((6, 6, 2), name="image")
    x = layers.Conv2D(3, 3, name="conv", use_bias=False)(image)
    x = layers.BatchNormalization(name="norm")(x)
    return image, layers.Flatten()(layers.ReLU()(x))


def _trained(inputs, outputs, values):
    model = tf.keras.Model(inputs, outputs)
    model.compile(tf.keras.optimizers.Adam(0.01), "mse")
    target = np.random.default_rng(1).standard_normal((8, 3)).astype("f4")
    model.fit(values, target, epochs=3, shuffle=False, verbose=0)
    return model


def _shared():
    """Writes a net of which a layer is wrapped before it is used by itself."""
    tf.keras.backend.clear_session()
    shared, x = layers.Dense(2, name="shared"), layers.Input((3, 2))
    y = layers.Dense(2, name="next")(shared(layers.TimeDistributed(shared, name="steps")(x)))
    model = tf.keras.Model(x, layers.Dense(2, name="last")(y))
    for number, name in enumerate(("shared", "next", "last"), 1):
        model.get_layer(name).kernel.assign(np.full((2, 2), number, "f4"))
    model.save("shared.keras")


def _frozen():
    """Writes a frozen GRU, whose constants are called after the ops that read them."""
    tf.keras.backend.clear_session()
    steps = layers.Input((5, 3), name="steps")
    model = tf.keras.Model(steps, layers.Dense(2, name="last")(layers.GRU(4, name="reader")(steps)))
    rng = np.random.default_rng(1)
    for weight in model.weights:
        weight.assign(rng.standard_normal(weight.shape) * 0.3)
    given = rng.standard_normal((1, 5, 3)).astype("f4")
    spec = tf.TensorSpec((1, 5, 3), tf.float32, name="steps")
    called = tf.function(lambda steps: model(steps)).get_concrete_function(spec)
    graph = convert_variables_to_constants_v2(called).graph.as_graph_def()
    tf.io.write_graph(graph, ".", "gru.pb", as_text=False)
    np.savez("io_gru.npz", **{"in/steps": given, "out/last": model(given).numpy()})


def main():
    os.makedirs(os.path.join(HERE, "tf"), exist_ok=True)
    os.chdir(HERE)
    tf.keras.utils.set_random_seed(7)
    rng = np.random.default_rng(0)
    images = rng.standard_normal((8, 6, 6, 2)).astype("f4")
    words = rng.integers(0, 7, (8, 4)).astype("i4")
    image, x = _image_part()
    ids = layers.Input((4,), dtype="int32", name="ids")
    y = layers.LSTM(4, name="reader")(layers.Embedding(7, 3, name="words")(ids))
    z = layers.Dense(3, name="joined")(layers.Concatenate()([x, y]))
    model = _trained([image, ids], z, [images, words])
    model.save_weights("weights.h5")
    model.save("whole.h5")
    model.save("whole.keras")
    model.save_weights("tf/model")
    given = {"in/image": images[:2], "in/ids": words[:2]}
    np.savez("io.npz", **given, **{"out/joined": model([images[:2], words[:2]]).numpy()})
    image, x = _image_part()
    model = _trained(image, layers.Dense(3, name="joined")(x), images)
    model.save("saved")
    np.savez("io_saved.npz", **{"in/image": images[:2], "out/joined": model(images[:2]).numpy()})
    _shared()
    _frozen()


if __name__ == "__main__":
    main()
