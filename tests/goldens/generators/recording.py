"""What all generators share: sessions, saving, recording and the check that TensorFlow restores."""

import collections
import json
import os
import shutil

import numpy as np
import tensorflow as tf

CHECKPOINT = "model.ckpt"
TOLERANCE = 1e-6
COLLECTIONS = ("trainable_variables", "moving_average_variables", "model_variables", "update_ops")


def fresh_folder(folder):
    """Empties and returns the folder of a golden."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder


def session(cpus=1):
    """Returns a session on one thread, so that sums are always made in the same order."""
    return tf.Session(
        config=tf.ConfigProto(
            device_count={"CPU": cpus},
            intra_op_parallelism_threads=1,
            inter_op_parallelism_threads=1,
            # else ops that need a GPU fail a run that doesn't need them
            graph_options=tf.GraphOptions(place_pruned_graph=True),
        )
    )


def normal(seed, *shape):
    """Returns float32 values from the standard normal distribution."""
    return np.random.RandomState(seed).standard_normal(shape).astype(np.float32)


def integers(seed, high, *shape):
    """Returns int32 values from 0 to `high` - 1."""
    return np.random.RandomState(seed).randint(0, high, shape).astype(np.int32)


def named(**tensors):
    """Returns the tensors under identities, so that the graph holds them by these names."""
    return collections.OrderedDict((name, tf.identity(t, name)) for name, t in tensors.items())


def record(sess, folder, inputs, outputs, file="io.npz"):
    """Runs `outputs` on `inputs` (arrays by placeholder name) and writes both.

    The order of the outputs in the file is that of their dict.
    """
    feeds = {name + ":0": value for name, value in inputs.items()}
    values = sess.run(outputs, feeds)
    write_record(folder, inputs, collections.OrderedDict((n, values[n]) for n in outputs), file)


def write_record(folder, inputs, values, file="io.npz"):
    """Writes inputs and what was computed with them, both arrays by name."""
    arrays = collections.OrderedDict(("in/" + n, v) for n, v in inputs.items())
    arrays.update(("out/" + n, value) for n, value in values.items())
    np.savez(os.path.join(folder, file), **arrays)


def save(sess, folder, variables=None, strip_default_attrs=False, **options):
    """Saves every global variable of the default graph, with its ``.meta``, and describes them."""
    saver = tf.train.Saver(variables, save_relative_paths=True, **options)
    prefix = os.path.join(folder, CHECKPOINT)
    saver.save(sess, prefix, strip_default_attrs=strip_default_attrs)
    describe(os.path.join(folder, "vars.json"))


def values_of_variables(sess):
    """Returns the global variables' values by name, in order of creation."""
    variables = tf.global_variables()
    values = sess.run(variables)
    return collections.OrderedDict((v.op.name, x) for v, x in zip(variables, values))  # noqa: B905


def carry_over(sess, values):
    """Gives the default graph's variables these values, and adds the variables that it lacks.

    So that the ``.meta`` of a trained golden holds the inference graph, which is small, and every
    variable that training made.
    """
    present = {v.op.name for v in tf.global_variables()}
    for name, value in values.items():
        if name not in present:
            start = tf.zeros_initializer()
            tf.get_variable(name, value.shape, value.dtype, start, trainable=False)
    for variable in tf.global_variables():
        variable.load(values[variable.op.name], sess)


def describe(path):
    """Writes the variables of the default graph in order of creation."""
    graph = tf.get_default_graph()
    members = {name: {_name(v) for v in graph.get_collection(name)} for name in COLLECTIONS}
    variables = [
        {
            "name": v.op.name,
            "shape": v.shape.as_list() if v.shape.ndims is not None else None,
            "dtype": v.dtype.base_dtype.name,
            "trainable": v.op.name in members["trainable_variables"],
            "collections": [name for name in COLLECTIONS if v.op.name in members[name]],
            "device": v.device,
        }
        for v in tf.global_variables()
    ]
    lines = ",\n".join("  " + json.dumps(v, sort_keys=True) for v in variables)
    head = f'{{"tensorflow": "{tf.__version__}", "variables": [\n'
    with open(path, "w") as file:
        file.write(head + lines + "\n]}\n")


def _name(item):
    return item.op.name if hasattr(item, "op") else str(item)


def check_restores(folder, cpus=1, files=("io.npz",)):
    """Restores graph and values in a new graph and compares what it computes with the record."""
    prefix = tf.train.latest_checkpoint(folder)
    with tf.Graph().as_default(), session(cpus) as sess:
        tf.train.import_meta_graph(prefix + ".meta").restore(sess, prefix)
        for file in files:
            recorded = np.load(os.path.join(folder, file))
            feeds = {n[3:] + ":0": recorded[n] for n in recorded.files if n.startswith("in/")}
            names = [n for n in recorded.files if n.startswith("out/")]
            for name in names:
                found = sess.run(name[4:] + ":0", feeds)
                scale = np.abs(recorded[name]).max()
                np.testing.assert_allclose(found, recorded[name], rtol=0, atol=TOLERANCE * scale)
