"""A residual convolutional network of tf.layers, trained with Adam, batch norm and an EMA."""

import tensorflow as tf

from generators import recording

STEPS = 8


def conv_norm(x, filters, training, strides=1):
    """A convolution without bias and a batch normalisation, under automatic names."""
    x = tf.layers.conv2d(x, filters, 3, strides, "same", use_bias=False)
    return tf.layers.batch_normalization(x, training=training)


def network(images, training):
    """[B, 12, 12, 3] -> [B, 5]."""
    x = tf.nn.relu(conv_norm(images, 8, training))
    x = tf.nn.relu(conv_norm(x, 12, training, strides=2))
    for _ in range(2):
        y = tf.nn.relu(conv_norm(x, 12, training))
        x = tf.nn.relu(x + conv_norm(y, 12, training))
    return tf.layers.dense(tf.reduce_mean(x, [1, 2]), 5)


def averages_of(ema):
    """Returns a getter that gives the EMA's shadow of a variable instead of the variable."""

    def averaged(getter, name, *args, **kwargs):
        variable = getter(name, *args, **kwargs)
        average = ema.average(variable)
        return variable if average is None else average

    return averaged


def train_op(images):
    """Returns one step of Adam, moving statistics and the EMA."""
    with tf.variable_scope("net"):
        logits = network(images, True)
    loss = tf.losses.sparse_softmax_cross_entropy(tf.constant(recording.integers(4, 5, 8)), logits)
    step = tf.train.get_or_create_global_step()
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train = tf.train.AdamOptimizer(0.01).minimize(loss, step)
    with tf.control_dependencies([train]):
        return tf.train.ExponentialMovingAverage(0.8).apply(tf.trainable_variables())


def trained(values):
    """Trains a few steps and returns the variables' values by name."""
    with tf.Graph().as_default(), recording.session() as sess:
        tf.set_random_seed(12)
        images = tf.placeholder(tf.float32, [None, 12, 12, 3], "images")
        train = train_op(images)
        sess.run(tf.global_variables_initializer())
        for step in range(STEPS):
            sess.run(train, {images: values + recording.normal(100 + step, 8, 12, 12, 3) * 0.1})
        return recording.values_of_variables(sess)


def towers(images):
    """Returns what the raw weights and what the averaged ones compute."""
    with tf.variable_scope("net"):
        raw = network(images, False)
    ema = tf.train.ExponentialMovingAverage(0.8)
    ema.apply(tf.trainable_variables())
    with tf.variable_scope("net", reuse=True, custom_getter=averages_of(ema)):
        return raw, network(images, False)


def write(folder):
    """Writes the golden; ``io_ema.npz`` holds what the averaged weights compute."""
    recording.fresh_folder(folder)
    values = recording.normal(5, 8, 12, 12, 3)
    variables = trained(values)
    with tf.Graph().as_default(), recording.session() as sess:
        raw, averaged = towers(tf.placeholder(tf.float32, [None, 12, 12, 3], "images"))
        recording.carry_over(sess, variables)
        inputs = {"images": values}
        recording.record(sess, folder, inputs, recording.named(logits=raw))
        recording.record(sess, folder, inputs, recording.named(logits_ema=averaged), "io_ema.npz")
        recording.save(sess, folder)
    recording.check_restores(folder, files=("io.npz", "io_ema.npz"))
