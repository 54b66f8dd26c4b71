"""A generator and a discriminator that mirror each other, so that their kernels share shapes."""

import tensorflow as tf

from generators import recording

NOISE = 8
BIAS = tf.random_normal_initializer(stddev=0.1)


def generator(noise):
    """[B, 8] -> [B, 8, 8, 2]."""
    with tf.variable_scope("generator"):
        x = tf.layers.dense(noise, 2 * 2 * 12, tf.nn.relu, bias_initializer=BIAS)
        x = tf.reshape(x, [-1, 2, 2, 12])
        x = tf.layers.conv2d_transpose(
            x, 12, 4, 2, "same", activation=tf.nn.relu, bias_initializer=BIAS
        )
        x = tf.layers.conv2d_transpose(
            x, 12, 4, 2, "same", activation=tf.nn.relu, bias_initializer=BIAS
        )
        return tf.layers.conv2d(x, 2, 3, 1, "same", activation=tf.tanh, bias_initializer=BIAS)


def discriminator(images):
    """[B, 8, 8, 2] -> [B, 1]."""
    with tf.variable_scope("discriminator", reuse=tf.AUTO_REUSE):
        x = tf.layers.conv2d(
            images, 12, 3, 1, "same", activation=tf.nn.leaky_relu, bias_initializer=BIAS
        )
        for _ in range(2):
            x = tf.layers.conv2d(
                x, 12, 4, 2, "same", activation=tf.nn.leaky_relu, bias_initializer=BIAS
            )
        x = tf.layers.dense(tf.layers.flatten(x), 8, tf.nn.leaky_relu, bias_initializer=BIAS)
        return tf.layers.dense(x, 1, bias_initializer=BIAS)


def write(folder):
    """Writes the golden."""
    recording.fresh_folder(folder)
    inputs = {"noise": recording.normal(71, 4, NOISE), "images": recording.normal(72, 4, 8, 8, 2)}
    with tf.Graph().as_default(), recording.session() as sess:
        tf.set_random_seed(18)
        noise = tf.placeholder(tf.float32, [None, NOISE], "noise")
        images = tf.placeholder(tf.float32, [None, 8, 8, 2], "images")
        fakes = generator(noise)
        outputs = recording.named(
            fake_images=fakes, real_logits=discriminator(images), fake_logits=discriminator(fakes)
        )
        sess.run(tf.global_variables_initializer())
        recording.record(sess, folder, inputs, outputs)
        recording.save(sess, folder)
    recording.check_restores(folder)
