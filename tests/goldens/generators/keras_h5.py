"""A model of 1.15's tf.keras in HDF5: its weights, and the whole of it with its optimizer's."""

import collections
import os

import numpy as np
import tensorflow as tf

from generators import recording

layers = tf.keras.layers


def network():
    """[B, 4] -> [B, 2]; a layer without weights, and a model within the model."""
    inner = tf.keras.Sequential([layers.Dense(3, input_shape=(6,), name="inside")], name="inner")
    x = tf.keras.Input((4,), name="x")
    y = layers.Dense(6, activation="relu", name="one")(x)
    y = inner(layers.BatchNormalization(name="norm")(layers.Dropout(0.1, name="drop")(y)))
    return tf.keras.Model(x, layers.Dense(2, name="two")(y))


def write(folder):
    """Writes the golden."""
    recording.fresh_folder(folder)
    with tf.Graph().as_default(), recording.session() as sess:
        tf.keras.backend.set_session(sess)
        model = network()
        model.compile(tf.compat.v1.keras.optimizers.Adam(), "mse")
        model._make_train_function()
        for number, variable in enumerate([*model.weights, *model.optimizer.weights]):
            value = recording.normal(number, *variable.shape.as_list())
            variable.load(value.astype(variable.dtype.base_dtype.as_numpy_dtype), sess)
        model.save_weights(os.path.join(folder, "weights.h5"))
        model.save(os.path.join(folder, "whole.h5"))
        values = [(variable.op.name, variable) for variable in model.weights]
        held = collections.OrderedDict((name, sess.run(one)) for name, one in values)
        np.savez_compressed(os.path.join(folder, "values.npz"), **held)
