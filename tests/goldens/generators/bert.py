"""A small encoder in the style of BERT, with its two pretraining heads, trained a few steps.

Names are those of the original: ``bert/encoder/layer_0/attention/self/query/kernel``, ``LayerNorm``
scopes by ``tf.contrib.layers.layer_norm``, ``cls/predictions`` with output weights tied to the word
embeddings, and ``adam_m``/``adam_v`` slots beside the variables.
"""

import math

import numpy as np
import tensorflow as tf

from generators import recording
from generators.adam_beside import adam_step

VOCABULARY, POSITIONS, TYPES = 48, 16, 2
HIDDEN, HEADS, INTERMEDIATE, LAYERS = 24, 3, 40, 2
BATCH, LENGTH = 3, 10


def initializer():
    return tf.truncated_normal_initializer(stddev=0.15)


def gelu(x):
    """The tanh form of the Gaussian error linear unit."""
    return x * 0.5 * (1.0 + tf.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * tf.pow(x, 3))))


def layer_norm(x):
    return tf.contrib.layers.layer_norm(x, begin_norm_axis=-1, begin_params_axis=-1)


def dense(x, units, name="dense", activation=None):
    return tf.layers.dense(x, units, activation, name=name, kernel_initializer=initializer())


def embeddings(ids, types):
    """[B, T] ids and types -> ([B, T, HIDDEN], the table of word embeddings)."""
    with tf.variable_scope("embeddings"):
        words = tf.get_variable("word_embeddings", [VOCABULARY, HIDDEN], tf.float32, initializer())
        segments = tf.get_variable(
            "token_type_embeddings", [TYPES, HIDDEN], tf.float32, initializer()
        )
        positions = tf.get_variable(
            "position_embeddings", [POSITIONS, HIDDEN], tf.float32, initializer()
        )
        x = tf.gather(words, ids) + tf.gather(segments, types)
        return layer_norm(x + positions[:LENGTH]), words


def heads_of(x):
    """[B, T, HIDDEN] -> [B, HEADS, T, HIDDEN / HEADS]."""
    shape = [-1, LENGTH, HEADS, HIDDEN // HEADS]
    return tf.transpose(tf.reshape(x, shape), [0, 2, 1, 3])


def attention(x, mask):
    """Self-attention on [B, T, HIDDEN] with mask [B, T] of ones where there are tokens."""
    with tf.variable_scope("self"):
        query, key, value = (heads_of(dense(x, HIDDEN, n)) for n in ("query", "key", "value"))
        scores = tf.matmul(query, key, transpose_b=True) / math.sqrt(HIDDEN // HEADS)
        scores += (1.0 - tf.to_float(mask)[:, None, None, :]) * -10000.0
        context = tf.transpose(tf.matmul(tf.nn.softmax(scores), value), [0, 2, 1, 3])
        context = tf.reshape(context, [-1, LENGTH, HIDDEN])
    with tf.variable_scope("output"):
        return layer_norm(dense(context, HIDDEN) + x)


def encoder(x, mask):
    """[B, T, HIDDEN] -> the same."""
    for index in range(LAYERS):
        with tf.variable_scope(f"layer_{index}"):
            with tf.variable_scope("attention"):
                attended = attention(x, mask)
            with tf.variable_scope("intermediate"):
                wide = dense(attended, INTERMEDIATE, activation=gelu)
            with tf.variable_scope("output"):
                x = layer_norm(dense(wide, HIDDEN) + attended)
    return x


def predictions(sequence, words):
    """Logits of the masked-language model, [B, T, VOCABULARY], by the tied embeddings."""
    with tf.variable_scope("cls/predictions"):
        with tf.variable_scope("transform"):
            x = layer_norm(dense(sequence, HIDDEN, activation=gelu))
        bias = tf.get_variable(
            "output_bias", [VOCABULARY], initializer=tf.random_normal_initializer(stddev=0.1)
        )
        x = tf.reshape(x, [-1, HIDDEN])
        logits = tf.matmul(x, words, transpose_b=True) + bias
        return tf.reshape(logits, [-1, LENGTH, VOCABULARY])


def relationship(pooled):
    """Logits of next-sentence prediction, [B, 2]; the weights are stored as [2, HIDDEN]."""
    with tf.variable_scope("cls/seq_relationship"):
        weights = tf.get_variable("output_weights", [2, HIDDEN], tf.float32, initializer())
        bias = tf.get_variable(
            "output_bias", [2], initializer=tf.random_normal_initializer(stddev=0.1)
        )
        return tf.matmul(pooled, weights, transpose_b=True) + bias


def model(ids, mask, types):
    """Returns the outputs by name."""
    with tf.variable_scope("bert"):
        x, words = embeddings(ids, types)
        with tf.variable_scope("encoder"):
            sequence = encoder(x, mask)
        with tf.variable_scope("pooler"):
            pooled = dense(sequence[:, 0], HIDDEN, activation=tf.tanh)
    mlm, nsp = predictions(sequence, words), relationship(pooled)
    return recording.named(sequence=sequence, pooled=pooled, mlm_logits=mlm, nsp_logits=nsp)


def example():
    """Returns inputs by name; the second sequence is padded."""
    mask = np.ones((BATCH, LENGTH), np.int32)
    mask[1, 7:] = 0
    types = np.zeros((BATCH, LENGTH), np.int32)
    types[:, 5:] = 1
    return {
        "input_ids": recording.integers(21, VOCABULARY, BATCH, LENGTH),
        "input_mask": mask,
        "segment_ids": types,
    }


def build(inputs):
    """Returns the outputs by name, on placeholders named as the inputs."""
    return model(*(tf.placeholder(tf.int32, [None, LENGTH], name) for name in inputs))


def trained(inputs):
    """Trains five steps and returns the variables' values by name."""
    with tf.Graph().as_default(), recording.session() as sess:
        tf.set_random_seed(13)
        outputs = build(inputs)
        loss = tf.losses.sparse_softmax_cross_entropy(
            inputs["input_ids"], outputs["mlm_logits"]
        ) + tf.losses.sparse_softmax_cross_entropy([0, 1, 1], outputs["nsp_logits"])
        train = adam_step(loss, rate=0.01)
        sess.run(tf.global_variables_initializer())
        for _ in range(5):
            sess.run(train, {name + ":0": value for name, value in inputs.items()})
        return recording.values_of_variables(sess)


def write(folder):
    """Writes the golden."""
    recording.fresh_folder(folder)
    inputs = example()
    variables = trained(inputs)
    with tf.Graph().as_default(), recording.session() as sess:
        outputs = build(inputs)
        recording.carry_over(sess, variables)
        recording.record(sess, folder, inputs, outputs)
        recording.save(sess, folder)
    recording.check_restores(folder)
