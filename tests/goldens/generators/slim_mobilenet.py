"""A small network in TF-slim's manner: batch norm without gamma, depthwise and separable layers."""

import tensorflow as tf
from tensorflow.contrib import slim

from generators import recording

BLOCKS = ((16, 1), (24, 2), (24, 1), (24, 1))  # filters and stride of the pointwise convolutions


def scope(training):
    """The argument scope; slim's batch norm has no gamma unless asked for one."""
    norm = {"is_training": training, "decay": 0.7, "epsilon": 1e-3}
    with slim.arg_scope(
        [slim.conv2d, slim.separable_conv2d],
        activation_fn=tf.nn.relu6,
        normalizer_fn=slim.batch_norm,
        normalizer_params=norm,
        weights_initializer=slim.variance_scaling_initializer(),
    ) as made:
        return made


def network(images, training):
    """[B, 16, 16, 3] -> [B, 6]."""
    with tf.variable_scope("TinyMobilenet", reuse=tf.AUTO_REUSE), slim.arg_scope(scope(training)):
        x = slim.conv2d(images, 8, 3, stride=2, scope="Conv2d_0")
        for index, (filters, stride) in enumerate(BLOCKS, 1):
            name = f"Conv2d_{index}"
            x = slim.separable_conv2d(x, None, 3, 1, stride=stride, scope=name + "_depthwise")
            x = slim.conv2d(x, filters, 1, scope=name + "_pointwise")
        x = slim.separable_conv2d(x, 20, 3, 1, scope="Separable")
        x = tf.reduce_mean(x, [1, 2], keepdims=True)
        with tf.variable_scope("Logits"):
            x = slim.conv2d(
                x,
                6,
                1,
                activation_fn=None,
                normalizer_fn=None,
                biases_initializer=tf.random_normal_initializer(stddev=0.2),
                scope="Conv2d_1c_1x1",
            )
        return tf.squeeze(x, [1, 2])


def write(folder):
    """Lets the moving statistics follow a few batches and writes the golden."""
    recording.fresh_folder(folder)
    values = recording.normal(51, 4, 16, 16, 3)
    with tf.Graph().as_default(), recording.session() as sess:
        tf.set_random_seed(16)
        images = tf.placeholder(tf.float32, [None, 16, 16, 3], "images")
        network(images, True)
        outputs = recording.named(logits=network(images, False))
        shift = [v.assign_add(tf.random_normal(v.shape, stddev=0.2)) for v in betas()]
        sess.run(tf.global_variables_initializer())
        sess.run(shift)
        for step in range(6):
            batch = recording.normal(500 + step, 8, 16, 16, 3)
            sess.run(tf.get_collection(tf.GraphKeys.UPDATE_OPS), {images: batch})
        recording.record(sess, folder, {"images": values}, outputs)
        recording.save(sess, folder)
    recording.check_restores(folder)


def betas():
    """Returns the offsets of the batch norms, which would all be zero untrained."""
    return [v for v in tf.trainable_variables() if v.op.name.endswith("beta")]
