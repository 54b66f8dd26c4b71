"""A variable of every dtype that can be one in 1.15.5, with scalars and empty ones.

There are no kernels to assign variables of uint32, uint64 and qint16.

``values.npz`` holds what went in, by the variable's name: bfloat16 as its bits in uint16, quantized
values as plain integers, and strings, which npz would cut at a NUL, as ``NAME#bytes`` (uint8, all
of them joined) and ``NAME#lengths`` (int64, of the variable's shape).
"""

import os

import numpy as np
import tensorflow as tf

from generators import recording

QUANTIZED = {"qint8": "i1", "quint8": "u1", "quint16": "u2", "qint32": "i4"}
FLOATS = ("float16", "float32", "float64")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16")
COMPLEX = ("complex64", "complex128")


def values():
    """Returns numpy arrays by variable name."""
    found = {}
    for index, name in enumerate(FLOATS):
        found[name] = recording.normal(81 + index, 3, 4).astype(name)
        found[name].flat[:4] = [np.inf, -np.inf, np.nan, -0.0]
    for name in INTEGERS:
        info = np.iinfo(name)
        found[name] = np.array([[info.min, info.max], [0, 1], [2, 100]], name)
    for index, name in enumerate(COMPLEX):
        parts = recording.normal(91 + index, 2, 2, 3)
        found[name] = (parts[0] + 1j * parts[1]).astype(name)
    found["bool"] = np.array([[True, False, True]])
    found["bfloat16"] = np.array([[0x3F80, 0xC049, 0x7F80], [0x0001, 0xFF80, 0x0000]], np.uint16)
    for name, kind in QUANTIZED.items():
        found[name] = np.array([0, 1, 2, 127], kind)
    found["string"] = np.array([[b"plain", b""], [b"nul\0inside\0", b"\xff" * 300]], object)
    return found


def scalars():
    """Returns scalars and empty arrays by variable name."""
    return {
        "scalar/float32": np.float32(-2.5),
        "scalar/int64": np.int64(-(2**62)),
        "scalar/bool": np.bool_(True),
        "scalar/string": np.array(b"one \xc3\xa9", object),
        "empty/float32": np.zeros((0, 3), np.float32),
        "empty/string": np.zeros((2, 0), object),
    }


def variable(name, value):
    """Returns a variable of the dtype that the last part of its name says."""
    kind = name.split("/")[-1]
    if kind == "bfloat16" or kind in QUANTIZED:
        start = tf.bitcast(tf.constant(value), getattr(tf, kind))
    else:
        start = tf.constant(value, getattr(tf, kind), np.shape(value))
    return tf.Variable(start, name=name, trainable=False)


def stored(name, value):
    """Returns what stands in ``values.npz`` for a variable."""
    if not name.endswith("string"):
        return {name: value}
    texts = list(np.ravel(value))
    return {
        name + "#bytes": np.frombuffer(b"".join(texts), np.uint8),
        name + "#lengths": np.array([len(t) for t in texts], np.int64).reshape(np.shape(value)),
    }


def write(folder):
    """Writes the golden, and checks that TensorFlow reads back every value."""
    recording.fresh_folder(folder)
    expected = dict(values(), **scalars())
    with tf.Graph().as_default(), recording.session() as sess:
        for name, value in expected.items():
            variable(name, value)
        sess.run(tf.global_variables_initializer())
        recording.save(sess, folder)
    arrays = {}
    for name, value in expected.items():
        arrays.update(stored(name, value))
    np.savez(os.path.join(folder, "values.npz"), **arrays)
    check(folder, expected)


def check(folder, expected):
    """Restores the variables in a new graph and compares them bit for bit."""
    prefix = tf.train.latest_checkpoint(folder)
    with tf.Graph().as_default() as graph, recording.session() as sess:
        tf.train.import_meta_graph(prefix + ".meta").restore(sess, prefix)
        for name, value in expected.items():
            kind = name.split("/")[-1]
            tensor = graph.get_tensor_by_name(name + ":0")
            if kind == "bfloat16" or kind in QUANTIZED:
                tensor = tf.bitcast(tensor, value.dtype)
            np.testing.assert_array_equal(sess.run(tensor), value, err_msg=name)
