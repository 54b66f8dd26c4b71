"""Public programs of TensorFlow 1 with recurrent cells, written anew in small.

Their names and their arithmetic; each function makes a graph with placeholders and a loss.
"""

import functools

import tensorflow as tf

from tf1compat.graph import rnn_cell

v1 = tf.compat.v1
BATCH, TIME, WORDS, UNITS = 3, 5, 17, 6
CHARS, LETTERS, LETTER, WORD, TAGS = 11, 3, 4, 6, 3


def char_rnn(cell):
    """sherjilozair/char-rnn-tensorflow: two layers, unrolled; a rate that is an unnamed variable.

    Args:
      cell: makes a cell of `UNITS` units.
    """
    ids = v1.placeholder(tf.int32, [BATCH, TIME])
    targets = v1.placeholder(tf.int32, [BATCH, TIME])
    with v1.variable_scope("rnnlm"):
        softmax_w = v1.get_variable("softmax_w", [UNITS, WORDS])
        softmax_b = v1.get_variable("softmax_b", [WORDS])
    embedding = v1.get_variable("embedding", [WORDS, UNITS])
    stack = rnn_cell.MultiRNNCell([cell(UNITS) for _ in range(2)], state_is_tuple=True)
    steps = tf.split(tf.nn.embedding_lookup(embedding, ids), TIME, 1)
    outputs = _unrolled(stack, [tf.squeeze(step, [1]) for step in steps])
    logits = tf.matmul(tf.reshape(tf.concat(outputs, 1), [-1, UNITS]), softmax_w) + softmax_b
    tf.nn.softmax(logits, name="probs")
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.reshape(targets, [-1]), logits)
    with v1.name_scope("cost"):
        cost = tf.reduce_sum(loss) / BATCH / TIME
    _trained(cost, v1.Variable(0.0, trainable=False))


def _unrolled(stack, steps):
    """As 1.x's legacy ``rnn_decoder`` does, in the scope that it is given."""
    state = stack.zero_state(BATCH, tf.float32)
    outputs = []
    with v1.variable_scope("rnnlm", reuse=v1.AUTO_REUSE):
        for step in steps:
            output, state = stack(step, state)
            outputs.append(output)
    return outputs


def _trained(cost, rate):
    """Clipped gradients, as the program has them, with Adam's slots."""
    variables = v1.trainable_variables()
    grads, _ = tf.clip_by_global_norm(tf.gradients(cost, variables), 5.0)
    v1.train.AdamOptimizer(rate).apply_gradients(zip(grads, variables, strict=True))


char_lstm = functools.partial(char_rnn, rnn_cell.LSTMCell)
char_gru = functools.partial(char_rnn, rnn_cell.GRUCell)


def tagger():
    """guillaumegenthial/sequence_tagging: letters, then words, in both directions, then a CRF."""
    int32 = tf.int32
    word_ids = v1.placeholder(int32, [None, None], "word_ids")
    lengths = v1.placeholder(int32, [None], "sequence_lengths")
    char_ids = v1.placeholder(int32, [None, None, None], "char_ids")
    word_lengths = v1.placeholder(int32, [None, None], "word_lengths")
    labels = v1.placeholder(int32, [None, None], "labels")
    dropout = v1.placeholder(tf.float32, [], "dropout")
    with v1.variable_scope("words"):
        table = v1.get_variable("_word_embeddings", [WORDS, WORD])
        words = tf.nn.embedding_lookup(table, word_ids, name="word_embeddings")
    spelt = _spelt(char_ids, word_lengths)
    x = tf.nn.dropout(tf.concat([words, spelt], axis=-1), rate=1 - dropout)
    logits = _tag_scores(x, lengths, dropout)
    likelihood = _pair_scores(logits, labels) - tf.reduce_logsumexp(logits, [1, 2])
    tf.reduce_mean(-likelihood, name="loss")  # gradients of its loops would take the longest


def _spelt(char_ids, lengths):
    """[B, T, 2 * UNITS]: the last states of both directions over each word's letters."""
    with v1.variable_scope("chars"):
        table = v1.get_variable("_char_embeddings", [CHARS, LETTER])
        chars = tf.nn.embedding_lookup(table, char_ids, name="char_embeddings")
        shape = tf.shape(chars)
        chars = tf.reshape(chars, [shape[0] * shape[1], shape[-2], LETTER])
        lengths = tf.reshape(lengths, [shape[0] * shape[1]])
        _, ((_, forward), (_, backward)) = _both_ways(chars, lengths, UNITS)
        last = tf.concat([forward, backward], axis=-1)
        return tf.reshape(last, [shape[0], shape[1], 2 * UNITS])


def _both_ways(x, lengths, units):
    cells = [rnn_cell.LSTMCell(units, state_is_tuple=True) for _ in range(2)]
    return v1.nn.bidirectional_dynamic_rnn(*cells, x, sequence_length=lengths, dtype=tf.float32)


def _tag_scores(x, lengths, dropout):
    """[B, T, TAGS]."""
    with v1.variable_scope("bi-lstm"):
        outputs, _ = _both_ways(x, lengths, UNITS + 1)
        outputs = tf.nn.dropout(tf.concat(outputs, axis=-1), rate=1 - dropout)
    with v1.variable_scope("proj"):
        w = v1.get_variable("W", [2 * UNITS + 2, TAGS])
        b = v1.get_variable("b", [TAGS], initializer=tf.zeros_initializer())
        steps = tf.shape(outputs)[1]
        scores = tf.matmul(tf.reshape(outputs, [-1, 2 * UNITS + 2]), w) + b
        return tf.reshape(scores, [-1, steps, TAGS])


def _pair_scores(logits, labels):
    """[B]: what a CRF gives the labels: of each by itself, and of each after the one before."""
    transitions = v1.get_variable("transitions", [TAGS, TAGS])
    pairs = tf.stack([labels[:, :-1], labels[:, 1:]], axis=-1)
    alone = tf.reduce_sum(logits * tf.one_hot(labels, TAGS), [1, 2])
    return alone + tf.reduce_sum(tf.gather_nd(transitions, pairs), 1)
