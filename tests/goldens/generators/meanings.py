"""What TensorFlow 1.15.5 does with variables that Keras keeps in another way, a small graph each.

Every variable, biases too, has values of its own, so that none can be taken for another.
"""

import os

import tensorflow as tf

from generators import recording

BATCH = 4
WORDS, SIZE = 11, 3
SHARDS = 3  # of 4, 4 and 3 rows
IMAGE = (4, 5, 2)
STEPS, WIDTH, HEADS = 5, 6, 2
LAYERS = 3
CLASSES = 6  # and the background, which is the first
layers = tf.layers


def floats(*shape):
    """Returns a placeholder of floats."""
    return tf.placeholder(tf.float32, [None, *shape], "x")


def ids(*shape):
    """Returns a placeholder of word numbers."""
    return tf.placeholder(tf.int32, [None, *shape], "x")


def partitioned_table(strategy):
    """Returns what looks words up in a table in shards."""

    def build():
        parts = tf.fixed_size_partitioner(SHARDS)
        table = tf.get_variable("words/embeddings", [WORDS, SIZE], partitioner=parts)
        return tf.nn.embedding_lookup(table, ids(), partition_strategy=strategy)

    return build


def listed_table(strategy):
    """Returns the same where every shard is a variable of its own."""

    def build():
        rows = [WORDS // SHARDS + (i < WORDS % SHARDS) for i in range(SHARDS)]
        shards = [
            tf.get_variable(f"words/shard_{i}", [count, SIZE]) for i, count in enumerate(rows)
        ]
        return tf.nn.embedding_lookup(shards, ids(), partition_strategy=strategy)

    return build


def nchw_flatten():
    """Images in NCHW, turned around the convolution, which a CPU computes in NHWC only."""
    x = floats(IMAGE[2], *IMAGE[:2])
    h = layers.conv2d(tf.transpose(x, [0, 2, 3, 1]), 3, 3, padding="same", name="conv")
    h = tf.transpose(tf.nn.relu(h), [0, 3, 1, 2])
    return layers.dense(layers.flatten(h), WIDTH, name="fc")


def nchw_pieces():
    """The same flattened by way of rows, and a hidden layer behind it."""
    x = floats(*IMAGE)
    h = layers.conv2d(x, 3, 3, padding="same", activation=tf.nn.relu, name="conv")
    rows = tf.reshape(h, [-1, IMAGE[0] * IMAGE[1], 3])
    flat = tf.reshape(tf.transpose(rows, [0, 2, 1]), [-1, 3 * IMAGE[0] * IMAGE[1]])
    h = layers.dense(flat, WIDTH, activation=tf.nn.relu, name="hidden")
    return layers.dense(h, 2, name="fc")


def transposed_kernels():
    """Square kernels that have a row for each output."""
    h = floats(WIDTH)
    for scope in ("hidden", "scores"):
        with tf.variable_scope(scope):
            kernel = tf.get_variable("kernel", [WIDTH, WIDTH])
            bias = tf.get_variable("bias", [WIDTH])
        h = tf.nn.bias_add(tf.matmul(tf.tanh(h), kernel, transpose_b=True), bias)
    return h


def conv_1d_as_dense():
    """Convolutions of width 1 over steps."""
    h = layers.conv1d(floats(STEPS, WIDTH), WIDTH, 1, activation=tf.nn.relu, name="inner")
    return layers.conv1d(h, 3, 1, name="outer")


def conv_2d_as_dense():
    """Convolutions of width 1 over images."""
    h = layers.conv2d(floats(*IMAGE), WIDTH, 1, activation=tf.nn.relu, name="inner")
    return layers.conv2d(h, 3, 1, name="outer")


def dense_as_conv():
    """Dense layers over images."""
    h = layers.dense(floats(*IMAGE), WIDTH, activation=tf.nn.relu, name="inner")
    return layers.dense(h, 3, name="outer")


def depthwise():
    """A depthwise convolution, whose multiplier equals its number of channels."""
    with tf.variable_scope("depthwise"):
        kernel = tf.get_variable("depthwise_weights", [3, 2, 2, 2])
        bias = tf.get_variable("biases", [4])
    return tf.nn.depthwise_conv2d(floats(*IMAGE), kernel, [1, 1, 1, 1], "SAME") + bias


def separable_1d():
    """A separable convolution over steps."""
    x = floats(STEPS, WIDTH)
    return layers.separable_conv1d(x, 4, 3, depth_multiplier=2, padding="same", name="sep")


def separable_2d():
    """A separable convolution over images."""
    x = floats(*IMAGE)
    return layers.separable_conv2d(x, 4, [3, 2], depth_multiplier=2, padding="same", name="sep")


def conv_transpose():
    """Transposed convolutions, the first with as many channels as it takes."""
    h = layers.conv2d_transpose(
        floats(*IMAGE), 2, 3, 2, padding="same", activation=tf.nn.relu, name="first"
    )
    return layers.conv2d_transpose(h, 3, [2, 3], padding="same", name="second")


def heads(x):
    """[B, T, h * n] -> [B, h, T, n]."""
    return tf.transpose(tf.reshape(x, [-1, STEPS, HEADS, WIDTH // HEADS]), [0, 2, 1, 3])


def attended(query, key, value):
    """Attention of [B, h, T, n] each -> [B, T, h * n]."""
    scores = tf.matmul(query, key, transpose_b=True) * (WIDTH // HEADS) ** -0.5
    mixed = tf.transpose(tf.matmul(tf.nn.softmax(scores), value), [0, 2, 1, 3])
    return tf.reshape(mixed, [-1, STEPS, WIDTH])


def fused_qkv():
    """Attention whose queries, keys and values come of one kernel."""
    x = floats(STEPS, WIDTH)
    with tf.variable_scope("attention"):
        product = layers.dense(x, 3 * WIDTH, name="qkv")
        mixed = attended(*map(heads, tf.split(product, 3, axis=-1)))
        return layers.dense(mixed, WIDTH, name="output")


def fused_qkv_by_head():
    """The same, those of one head side by side."""
    x, size = floats(STEPS, WIDTH), WIDTH // HEADS
    with tf.variable_scope("attention"):
        product = layers.dense(x, 3 * WIDTH, name="qkv")
        by_head = tf.reshape(product, [-1, STEPS, HEADS, 3 * size])
        parts = [tf.transpose(p, [0, 2, 1, 3]) for p in tf.split(by_head, 3, axis=-1)]
        return layers.dense(attended(*parts), WIDTH, name="output")


def separate_qkv():
    """Attention of a kernel each."""
    x = floats(STEPS, WIDTH)
    with tf.variable_scope("attention"):
        parts = [heads(layers.dense(x, WIDTH, name=name)) for name in ("query", "key", "value")]
        return layers.dense(attended(*parts), WIDTH, name="output")


def stack():
    """Returns the weights of all layers in one."""
    with tf.variable_scope("layers"):
        kernel = tf.get_variable("kernel", [LAYERS, WIDTH, WIDTH])
        return kernel, tf.get_variable("bias", [LAYERS, WIDTH])


def stacked_layers():
    """Layers that are taken out of the weights of all."""
    h = floats(WIDTH)
    for kernel, bias in zip(*map(tf.unstack, stack())):  # noqa: B905
        h = tf.tanh(tf.matmul(h, kernel) + bias)
    return h


def scanned_layers():
    """Layers that a loop takes out of the weights of all."""
    x = floats(WIDTH)
    return tf.scan(lambda h, layer: tf.tanh(tf.matmul(h, layer[0]) + layer[1]), stack(), x)[-1]


def numbered_layers():
    """Layers with a scope each."""
    h = floats(WIDTH)
    for i in range(LAYERS):
        h = layers.dense(h, WIDTH, activation=tf.nn.tanh, name=f"layer_{i}/dense")
    return h


def tied():
    """A table that words are looked up in, and scored by."""
    with tf.variable_scope("words"):
        table = tf.get_variable("embeddings", [WORDS, SIZE])
    h = layers.dense(tf.nn.embedding_lookup(table, ids()), SIZE, tf.nn.tanh, name="transform")
    with tf.variable_scope("scores"):
        bias = tf.get_variable("output_bias", [WORDS])
    return tf.nn.bias_add(tf.matmul(h, table, transpose_b=True), bias)


def classes():
    """Scores with the background's before them, which the output leaves out."""
    h = layers.dense(floats(WIDTH), 5, activation=tf.nn.relu, name="hidden")
    return layers.dense(h, 1 + CLASSES, name="logits")[:, 1:]


def table():
    """A table as it is before more words come."""
    with tf.variable_scope("words"):
        rows = tf.get_variable("embeddings", [WORDS, SIZE])
    return layers.dense(tf.nn.embedding_lookup(rows, ids()), 2, name="scores")


PROGRAMS = {
    "mod_table": partitioned_table("mod"),
    "div_table": partitioned_table("div"),
    "mod_list": listed_table("mod"),
    "div_list": listed_table("div"),
    "nchw_flatten": nchw_flatten,
    "nchw_pieces": nchw_pieces,
    "transposed_kernels": transposed_kernels,
    "conv_1d_as_dense": conv_1d_as_dense,
    "conv_2d_as_dense": conv_2d_as_dense,
    "dense_as_conv": dense_as_conv,
    "depthwise": depthwise,
    "separable_1d": separable_1d,
    "separable_2d": separable_2d,
    "conv_transpose": conv_transpose,
    "fused_qkv": fused_qkv,
    "fused_qkv_by_head": fused_qkv_by_head,
    "separate_qkv": separate_qkv,
    "stacked_layers": stacked_layers,
    "scanned_layers": scanned_layers,
    "numbered_layers": numbered_layers,
    "tied": tied,
    "classes": classes,
    "table": table,
}


def write(folder):
    """Writes a folder for each program."""
    recording.fresh_folder(folder)
    for name, build in sorted(PROGRAMS.items()):
        write_program(os.path.join(folder, name), build)


def write_program(folder, build):
    """Writes what a program computes of its input `x`, with values of its variables."""
    recording.fresh_folder(folder)
    with tf.Graph().as_default() as graph, recording.session() as sess:
        outputs = recording.named(y=build())
        inputs = {"x": _input(graph.get_tensor_by_name("x:0"))}
        sess.run(tf.global_variables_initializer())
        for seed, variable in enumerate(tf.global_variables()):
            variable.load(0.6 * recording.normal(seed + 10, *variable.shape.as_list()), sess)
        recording.record(sess, folder, inputs, outputs)
        recording.save(sess, folder, strip_default_attrs=True)
    recording.check_restores(folder)


def _input(placeholder):
    shape = placeholder.shape.as_list()[1:]
    if placeholder.dtype == tf.int32:
        return recording.integers(1, WORDS, 2 * WORDS, *shape)
    return recording.normal(1, BATCH, *shape)
