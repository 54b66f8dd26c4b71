"""A SavedModel as ``Builder`` of 1.15 writes it: signatures, a table of words and an asset."""

import os
import shutil

import numpy as np
import tensorflow as tf

from generators import recording

WORDS = ("the", "old", "graph", "runs")


def network(x):
    """[B, 6] -> [B, 4]; names that no layer of the model has."""
    with tf.variable_scope("net"):
        x = tf.layers.dense(x, 8, name="one")
        x = tf.layers.batch_normalization(x, name="norm")
        x = tf.nn.relu(x)
        kernel = tf.get_variable("turned", [4, 8])
        return tf.matmul(x, kernel, transpose_b=True)


def signature(inputs, outputs, method):
    """Returns a SignatureDef of tensors by what it calls them."""
    build = tf.saved_model.build_tensor_info
    return tf.saved_model.build_signature_def(
        {key: build(one) for key, one in inputs.items()},
        {key: build(one) for key, one in outputs.items()},
        method,
    )


def lookup(text, words):
    """[n] strings -> [n] ids, by a table that an initializer fills from a file of words."""
    rows = tf.lookup.TextFileInitializer(
        words,
        tf.string,
        tf.lookup.TextFileIndex.WHOLE_LINE,
        tf.int64,
        tf.lookup.TextFileIndex.LINE_NUMBER,
    )
    return tf.identity(tf.lookup.StaticVocabularyTable(rows, 1).lookup(text), "ids")


def fill(sess):
    """Gives every variable values that no initializer gives; variances are positive."""
    sess.run([tf.global_variables_initializer(), tf.tables_initializer()])
    for seed, variable in enumerate(tf.global_variables()):
        value = recording.normal(80 + seed, *variable.shape.as_list())
        variable.load(value**2 + 0.5 if "variance" in variable.name else value, sess)


def export(sess, folder, signatures):
    """Writes the SavedModel."""
    builder = tf.saved_model.Builder(folder)
    builder.add_meta_graph_and_variables(
        sess,
        [tf.saved_model.tag_constants.SERVING],
        signatures,
        assets_collection=tf.get_collection(tf.GraphKeys.ASSET_FILEPATHS),
        main_op=tf.tables_initializer(),
    )
    builder.save()


def write(folder):
    """Writes the golden."""
    inputs = {"pixels": recording.normal(71, 5, 6)}
    words = "words.txt"  # the graph holds the path as it is given
    with open(words, "w") as file:
        file.write("\n".join(WORDS) + "\n")
    shutil.rmtree(folder, ignore_errors=True)
    with tf.Graph().as_default(), recording.session() as sess:
        tf.set_random_seed(19)
        pixels = tf.placeholder(tf.float32, [None, 6], "pixels")
        text = tf.placeholder(tf.string, [None], "text")
        logits = network(pixels)
        outputs = recording.named(logits=logits, scores=tf.nn.softmax(logits))
        image, method = {"image": pixels}, "predict"
        signatures = {
            "serving_default": signature(image, {"probabilities": outputs["scores"]}, method),
            "logits": signature(image, {"raw": outputs["logits"]}, method),
            "words": signature({"word": text}, {"id": lookup(text, words)}, method),
        }
        fill(sess)
        export(sess, folder, signatures)
        recording.record(sess, folder, inputs, outputs)
        recording.describe(os.path.join(folder, "vars.json"))
    os.remove(words)
    check(folder)


def check(folder):
    """Loads the SavedModel in a new graph and compares what it computes with the record."""
    recorded = np.load(os.path.join(folder, "io.npz"))
    with tf.Graph().as_default(), recording.session() as sess:
        tf.saved_model.load(sess, ["serve"], folder)
        for name in ("logits", "scores"):
            found = sess.run(name + ":0", {"pixels:0": recorded["in/pixels"]})
            np.testing.assert_allclose(found, recorded["out/" + name], rtol=0, atol=1e-6)
