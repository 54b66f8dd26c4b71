"""zihangdai/xlnet, written anew in small: its names, its arithmetic, and no memory."""

import math

import tensorflow as tf

from tf1compat.graph import layers

v1 = tf.compat.v1
WORDS, STEPS, WIDTH, HEADS, BLOCKS, INNER = 41, 6, 12, 4, 2, 20
EACH = WIDTH // HEADS


def xlnet():
    """Steps come before the batch; of a mask, 1 is what isn't to be seen."""
    tokens = tf.transpose(v1.placeholder(tf.int32, [1, STEPS], "input_ids"))
    segments = tf.transpose(v1.placeholder(tf.int32, [1, STEPS], "segment_ids"))
    hidden = tf.transpose(v1.placeholder(tf.float32, [1, STEPS], "input_mask"))
    with v1.variable_scope("model/transformer"):
        biases = {n: v1.get_variable(n, [BLOCKS, HEADS, EACH]) for n in ("r_w_bias", "r_r_bias")}
        with v1.variable_scope("word_embedding"):
            h = tf.gather(v1.get_variable("lookup_table", [WORDS, WIDTH]), tokens)
        with v1.variable_scope("mask_emb"):  # where words are guessed
            v1.get_variable("mask_emb", [1, 1, WIDTH])
        biases["r_s_bias"] = v1.get_variable("r_s_bias", [BLOCKS, HEADS, EACH])
        biases["seg_embed"] = v1.get_variable("seg_embed", [BLOCKS, 2, HEADS, EACH])
        other = tf.one_hot(tf.cast(tf.not_equal(segments[:, None], segments), tf.int32), 2)
        itself = tf.eye(STEPS)[:, :, None]
        mask = tf.cast(hidden[None] - itself > 0, tf.float32)[..., None]
        for block in range(BLOCKS):
            own = {name: value[block] for name, value in biases.items()}
            with v1.variable_scope(f"layer_{block}"):
                h = _fed_forward(_attended(h, own, other, mask))
    tf.transpose(h, [1, 0, 2], name="sequence")


def _attended(h, own, other, mask):
    with v1.variable_scope("rel_attn"):
        q, k, v = (_in_heads(h, name) for name in "qkv")
        r = _in_heads(_places(), "r")
        scores = tf.einsum("ibnd,jbnd->ijbn", q + own["r_w_bias"], k)
        scores += _shifted(tf.einsum("ibnd,jbnd->ijbn", q + own["r_r_bias"], r))
        of_segments = tf.einsum("ibnd,snd->ibns", q + own["r_s_bias"], own["seg_embed"])
        scores += tf.einsum("ijbs,ibns->ijbn", other, of_segments)
        weights = tf.nn.softmax(scores / math.sqrt(EACH) - 1e30 * mask, 1)
        found = tf.einsum("ijbn,jbnd->ibnd", weights, v)
        with v1.variable_scope("o"):
            out = v1.get_variable("kernel", [WIDTH, HEADS, EACH])
        return _norm(tf.einsum("ibnd,hnd->ibh", found, out) + h)


def _in_heads(x, scope):
    with v1.variable_scope(scope):
        return tf.einsum("ibh,hnd->ibnd", x, v1.get_variable("kernel", [WIDTH, HEADS, EACH]))


def _places():
    """[2 * STEPS, 1, WIDTH]: sines, then cosines, of how far a key stands before its query."""
    rates = 1 / (10000 ** (tf.range(0, WIDTH, 2.0) / WIDTH))
    angles = tf.einsum("i,d->id", tf.range(STEPS, -STEPS, -1.0), rates)
    return tf.concat([tf.sin(angles), tf.cos(angles)], -1)[:, None]


def _shifted(x):
    """From scores by distance to scores by key: row i begins i steps later."""
    size = x.shape
    x = tf.reshape(x, [size[1], size[0], size[2], size[3]])[1:]
    return tf.reshape(x, [size[0], size[1] - 1, size[2], size[3]])[:, :STEPS]


def _fed_forward(h):
    with v1.variable_scope("ff"):
        inner = layers.dense(h, INNER, activation=_gelu, name="layer_1")
        return _norm(layers.dense(inner, WIDTH, name="layer_2") + h)


def _gelu(x):
    return x * 0.5 * (1 + tf.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def _norm(x):
    with v1.variable_scope("LayerNorm"):
        beta, gamma = (v1.get_variable(name, [WIDTH]) for name in ("beta", "gamma"))
        mean, variance = tf.nn.moments(x, [-1], keepdims=True)
        return tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-12)
