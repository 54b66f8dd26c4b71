"""A graph frozen in each of the ways that 1.15 has, and its values before that."""

import collections
import os

import numpy as np
import tensorflow as tf
from tensorflow.tools.graph_transforms import TransformGraph

from generators import recording

TAG = tf.saved_model.tag_constants.SERVING


def network(ids, resource):
    """[B, 3] ids -> [B, 2]; a table, a norm, a table in two parts, and a constant that is one."""
    with tf.variable_scope("net", use_resource=resource):
        table = tf.get_variable("table", [5, 4])
        x = tf.reshape(tf.nn.embedding_lookup(table, ids), [-1, 12])
        x = tf.layers.dense(x, 6, name="fc", activation=tf.nn.relu)
        x = tf.layers.batch_normalization(x, name="bn")
        parts = tf.get_variable("parts", [6, 4], partitioner=tf.fixed_size_partitioner(2))
        x = tf.matmul(x, tf.convert_to_tensor(parts)) * tf.constant([1.0, 2.0, 3.0, 4.0])
        scale = tf.get_variable("scale", [], initializer=tf.constant_initializer(2.0))
        return tf.identity(tf.layers.dense(x, 2, name="out") * scale, "y")


def values(sess):
    """Gives each variable values of its own, and returns them by name."""
    found = collections.OrderedDict()
    for number, variable in enumerate(tf.global_variables()):
        value = recording.normal(number, *variable.shape.as_list())
        value = np.abs(value) + 0.5 if "variance" in variable.op.name else value
        if "beta" in variable.op.name:  # all alike: 1.15 writes them as one
            value = np.full_like(value, 0.25)
        variable.load(value, sess)
        found[variable.op.name] = value
    return found


def frozen(folder, resource):
    """Returns the frozen GraphDef, and records its values and outputs."""
    with tf.Graph().as_default() as graph:
        ids = tf.placeholder(tf.int32, [None, 3], "ids")
        network(ids, resource)
        with recording.session() as sess:
            held = values(sess)
            if not resource:
                np.savez_compressed(os.path.join(folder, "values.npz"), **held)
                inputs = {"ids": recording.integers(7, 5, 4, 3)}
                recording.record(sess, folder, inputs, collections.OrderedDict(y="net/y:0"))
            return tf.graph_util.convert_variables_to_constants(
                sess, graph.as_graph_def(), ["net/y"]
            )


def splat(graph_def):
    """Writes constants whose elements are all one as that one, as 1.15 does from C++."""
    for node in graph_def.node:
        if node.op == "Const" and node.name.endswith("beta"):
            tensor = node.attr["value"].tensor
            value = tf.make_ndarray(tensor)
            tensor.ClearField("tensor_content")
            tensor.float_val.append(float(value.flat[0]))
    return graph_def


def write(folder):
    """Writes the golden."""
    recording.fresh_folder(folder)
    graph_def = splat(frozen(folder, resource=False))
    _write(folder, "reference.pb", graph_def)
    tf.io.write_graph(graph_def, folder, "reference.pbtxt")
    _write(folder, "resource.pb", frozen(folder, resource=True))
    # What reads the constants goes, as tools that optimize for inference have it.
    transforms = ["remove_nodes(op=Identity)"]
    _write(folder, "optimized.pb", TransformGraph(graph_def, ["ids"], ["net/y"], transforms))
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
        tf.train.export_meta_graph(os.path.join(folder, "embedded.meta"), clear_devices=True)
        with recording.session() as sess:
            tensors = (graph.get_tensor_by_name(name) for name in ("ids:0", "net/y:0"))
            ids, y = tensors
            tf.saved_model.simple_save(
                sess, os.path.join(folder, "saved_model"), {"tokens": ids}, {"scores": y}
            )
    os.rmdir(os.path.join(folder, "saved_model", "variables"))


def _write(folder, name, graph_def):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(graph_def.SerializeToString())
