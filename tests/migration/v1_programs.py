"""Checkpoints of small v1 programs, with their graphs, for tests of what becomes of them."""

import os

import numpy as np
import tensorflow as tf
from bare_copies import bare_copy

v1 = tf.compat.v1


def _plainly():
    """Rewriting a graph that runs once takes longer than running it."""
    config = v1.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    config.graph_options.optimizer_options.opt_level = -1
    return config


def saved(folder, build, scale=1.0):
    """Returns the prefix of a checkpoint of the graph that `build` makes, with values of a seed.

    Variances are positive.
    """
    with tf.Graph().as_default(), v1.Session(config=_plainly()) as session:
        build()
        variables = v1.global_variables()
        values = {}  # of a seed for each; all are set by one run, which is what takes the time
        for seed, variable in enumerate(variables):
            value = scale * np.random.default_rng(seed).normal(size=variable.shape.as_list())
            initial = variable.initializer.inputs[1]
            values[initial] = np.abs(value) if "variance" in variable.name else value
        session.run([variable.initializer for variable in variables], values)
        v1.train.Saver().save(session, os.fspath(folder / "model.ckpt"))
    return folder / "model.ckpt"


def without_graph(prefix):
    """Returns the prefix of a copy of a checkpoint that has no graph beside it."""
    bare = prefix.parent / "bare"
    bare.mkdir()
    return bare_copy(prefix.parent, bare)
