"""A small character model, trained alike by TensorFlow 1.15.5 and by tf1compat (Python 3.7 too)."""

import numpy as np
from records.cells.running import weight_value

STEPS, BATCH, TIME, VOCABULARY, UNITS = 10, 4, 12, 11, 16


def text():
    """Returns inputs and targets of each step, int32 [STEPS, BATCH, TIME]."""
    random = np.random.RandomState(7)
    symbols = random.randint(0, VOCABULARY, size=(STEPS, BATCH, TIME + 1)).astype("int32")
    symbols[..., 1::2] = (symbols[..., 0:-1:2] + 3) % VOCABULARY  # something to learn
    return symbols[..., :-1], symbols[..., 1:]


def _cell(R, kind):
    if kind == "lstm":
        return R.BasicLSTMCell(UNITS)
    if kind == "stack":
        layers = [R.LSTMCell(UNITS, use_peepholes=True), R.ResidualWrapper(R.GRUCell(UNITS))]
        return R.MultiRNNCell(layers)
    return R.LayerNormBasicLSTMCell(UNITS)


def build(tf, R, kind, optimizer):
    """Returns (inputs, targets, initial assigns, loss, training op, final logits)."""
    x = tf.placeholder(tf.int32, [BATCH, TIME])
    y = tf.placeholder(tf.int32, [BATCH, TIME])
    table = tf.get_variable("embedding", [VOCABULARY, 8])
    cell = _cell(R, kind)
    start = cell.zero_state(BATCH, tf.float32)
    outputs, _ = R.dynamic_rnn(cell, tf.nn.embedding_lookup(table, x), initial_state=start)
    with tf.variable_scope("softmax"):
        w = tf.get_variable("w", [UNITS, VOCABULARY])
        b = tf.get_variable("b", [VOCABULARY])
    logits = tf.reshape(tf.matmul(tf.reshape(outputs, [-1, UNITS]), w) + b, [BATCH, TIME, -1])
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
    loss = tf.reduce_mean(losses)
    variables = tf.trainable_variables()
    assigns = [tf.assign(v, weight_value(v)) for v in variables]
    gradients, _ = tf.clip_by_global_norm(tf.gradients(loss, variables), 0.5)
    rule = tf.train.AdamOptimizer(0.01)
    if optimizer == "sgd":
        rule = tf.train.GradientDescentOptimizer(1.0)
    pairs = [(g, v) for g, v in zip(gradients, variables)]  # noqa: B905
    return x, y, assigns, loss, rule.apply_gradients(pairs), logits


def train(tf, R, kind, optimizer, save=None, config=None):
    """Returns the losses before each of STEPS updates and the logits after the last.

    `config` is of the session; None is TensorFlow's own.
    """
    with tf.Graph().as_default():
        x, y, assigns, loss, update, logits = build(tf, R, kind, optimizer)
        inputs, targets = text()
        with tf.Session(config=config) as session:
            session.run(tf.global_variables_initializer())
            session.run(assigns)
            curve = []
            for fed, wanted in [(inputs[i], targets[i]) for i in range(STEPS)]:
                curve.append(float(session.run([loss, update], {x: fed, y: wanted})[0]))
            if save:
                tf.train.Saver().save(session, save, write_meta_graph=False, write_state=False)
            return curve, session.run(logits, {x: inputs[0]})


RUNS = [("lstm", "adam"), ("lstm", "sgd"), ("stack", "adam"), ("layer_norm", "adam")]
