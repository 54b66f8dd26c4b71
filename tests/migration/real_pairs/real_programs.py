"""Public programs of TensorFlow 1, written anew in small: their names, their arithmetic.

Each function makes a graph with a placeholder for tokens and a tensor for what comes out.
"""

import math

import tensorflow as tf

from tf1compat.graph import layers

v1 = tf.compat.v1
WORDS, PLACES, WIDTH, HEADS, BLOCKS = 41, 12, 8, 2, 2


def gelu(x):
    """As GPT-2, ALBERT and ELECTRA have it."""
    return 0.5 * x * (1 + tf.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def gpt2():
    """openai/gpt-2: ``model/h0/attn/c_attn/w``, one kernel for queries, keys and values."""
    tokens = v1.placeholder(tf.int32, [None, 6], "tokens")
    with v1.variable_scope("model"):
        places = v1.get_variable("wpe", [PLACES, WIDTH])
        words = v1.get_variable("wte", [WORDS, WIDTH])
        h = tf.gather(words, tokens) + tf.gather(places, tf.range(6))
        for block in range(BLOCKS):
            with v1.variable_scope(f"h{block}"):
                h += _gpt_attention(_gpt_norm(h, "ln_1"))
                normed = _gpt_norm(h, "ln_2")
                with v1.variable_scope("mlp"):
                    inner = gelu(_gpt_dense(normed, "c_fc", 4 * WIDTH))
                    h += _gpt_dense(inner, "c_proj", WIDTH)
        h = tf.identity(_gpt_norm(h, "ln_f"), name="hidden")
        tf.matmul(tf.reshape(h, [-1, WIDTH]), words, transpose_b=True, name="logits")


def _gpt_norm(x, scope):
    with v1.variable_scope(scope):
        gain = v1.get_variable("g", [WIDTH])
        offset = v1.get_variable("b", [WIDTH])
        mean = tf.reduce_mean(x, -1, keepdims=True)
        variance = tf.reduce_mean(tf.square(x - mean), -1, keepdims=True)
        return (x - mean) * tf.math.rsqrt(variance + 1e-5) * gain + offset


def _gpt_dense(x, scope, size):
    """A convolution of width 1 by its kernel's shape, a product by what is done with it."""
    with v1.variable_scope(scope):
        w = v1.get_variable("w", [1, x.shape[-1], size])
        b = v1.get_variable("b", [size])
        rows = tf.matmul(tf.reshape(x, [-1, x.shape[-1]]), tf.reshape(w, [-1, size])) + b
        return tf.reshape(rows, [-1, x.shape[1], size])


def _gpt_attention(x):
    with v1.variable_scope("attn"):
        q, k, v = tf.split(_gpt_dense(x, "c_attn", 3 * WIDTH), 3, axis=2)
        after = tf.linalg.band_part(tf.ones([6, 6]), -1, 0)
        return _gpt_dense(_attended(q, k, v, after), "c_proj", WIDTH)


def _attended(q, k, v, seen):
    """[B, T, WIDTH] of each; `seen` [T, T] is 0 where a key isn't to be seen."""
    q, k, v = (_in_heads(one) for one in (q, k, v))
    scores = tf.matmul(q, k, transpose_b=True) / math.sqrt(WIDTH // HEADS)
    found = tf.matmul(tf.nn.softmax(scores * seen - 1e10 * (1 - seen)), v)
    return tf.reshape(tf.transpose(found, [0, 2, 1, 3]), [-1, 6, WIDTH])


def _in_heads(x):
    return tf.transpose(tf.reshape(x, [-1, 6, HEADS, WIDTH // HEADS]), [0, 2, 1, 3])


def albert():
    """google-research/albert: a small table, projected, and blocks that are used again."""
    tokens = v1.placeholder(tf.int32, [None, 6], "input_ids")
    with v1.variable_scope("bert"):
        with v1.variable_scope("embeddings"):
            h = tf.gather(v1.get_variable("word_embeddings", [WORDS, 4]), tokens)
            types = v1.get_variable("token_type_embeddings", [2, 4])
            h += tf.gather(types, tf.zeros_like(tokens))
            h += v1.get_variable("position_embeddings", [PLACES, 4])[:6]
            h = _norm(h, "LayerNorm")
        with v1.variable_scope("encoder"):
            h = layers.dense(h, WIDTH, name="embedding_hidden_mapping_in")
            with v1.variable_scope("transformer", reuse=tf.compat.v1.AUTO_REUSE):
                for _ in range(BLOCKS):
                    with v1.variable_scope("group_0"), v1.variable_scope("inner_group_0"):
                        h = _albert_block(h)
        tf.identity(h, name="sequence")
        with v1.variable_scope("pooler"):
            layers.dense(h[:, 0], WIDTH, activation=tf.tanh, name="dense")


def _albert_block(h):
    with v1.variable_scope("attention_1"):
        with v1.variable_scope("self"):
            q, k, v = (layers.dense(h, WIDTH, name=n) for n in ("query", "key", "value"))
        with v1.variable_scope("output"):
            found = layers.dense(_attended(q, k, v, tf.ones([6, 6])), WIDTH, name="dense")
    h = _norm(found + h, "LayerNorm")
    with v1.variable_scope("ffn_1"), v1.variable_scope("intermediate"):
        inner = layers.dense(h, 3 * WIDTH, activation=gelu, name="dense")
        with v1.variable_scope("output"):
            inner = layers.dense(inner, WIDTH, name="dense")
    return _norm(inner + h, "LayerNorm_1")


def _norm(x, scope):
    size = x.shape[-1]
    with v1.variable_scope(scope):
        beta, gamma = v1.get_variable("beta", [size]), v1.get_variable("gamma", [size])
        mean, variance = tf.nn.moments(x, [-1], keepdims=True)
        return tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-12)


def electra():
    """google-research/electra: BERT's names under its own, and the tanh kind of GELU."""
    tokens = v1.placeholder(tf.int32, [None, 6], "input_ids")
    mask = v1.placeholder(tf.int32, [None, 6], "input_mask")
    types = v1.placeholder(tf.int32, [None, 6], "token_type_ids")
    with v1.variable_scope("electra"):
        with v1.variable_scope("embeddings"):
            h = tf.gather(v1.get_variable("word_embeddings", [WORDS, WIDTH]), tokens)
            h += tf.gather(v1.get_variable("token_type_embeddings", [2, WIDTH]), types)
            h += v1.get_variable("position_embeddings", [PLACES, WIDTH])[:6]
            h = _norm(h, "LayerNorm")
        seen = tf.cast(mask, tf.float32)[:, None, None, :]
        with v1.variable_scope("encoder"):
            for block in range(BLOCKS):
                with v1.variable_scope(f"layer_{block}"):
                    h = _bert_block(h, seen)
    tf.identity(h, name="sequence")


def _bert_block(h, seen):
    with v1.variable_scope("attention"):
        with v1.variable_scope("self"):
            q, k, v = (layers.dense(h, WIDTH, name=n) for n in ("query", "key", "value"))
        with v1.variable_scope("output"):
            found = layers.dense(_attended(q, k, v, seen), WIDTH, name="dense")
            h = _norm(found + h, "LayerNorm")
    with v1.variable_scope("intermediate"):
        inner = layers.dense(h, 3 * WIDTH, activation=gelu, name="dense")
    with v1.variable_scope("output"):
        return _norm(layers.dense(inner, WIDTH, name="dense") + h, "LayerNorm")
