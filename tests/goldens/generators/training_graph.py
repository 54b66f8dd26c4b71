"""A training graph as programs save it: batch statistics, dropout, loss, gradients, summaries.

The ``.meta`` holds that graph; the record is what the same variables compute in inference mode.
"""

import tensorflow as tf

from generators import recording

STEPS = 6
DROPPED = 0.4


def network(images, training):
    """[B, 8, 8, 3] -> [B, 4]; a norm of each kind."""
    x = tf.layers.conv2d(images, 6, 3, name="conv1")
    x = tf.nn.relu(tf.layers.batch_normalization(x, training=training, name="fused_norm"))
    x = tf.layers.conv2d(x, 8, 3, 2, "same", use_bias=False, name="conv2")
    x = tf.layers.batch_normalization(x, training=training, fused=False, name="plain_norm")
    x = tf.layers.dropout(tf.nn.relu(x), DROPPED, training=training)
    x = tf.contrib.layers.flatten(x)
    x = tf.contrib.layers.fully_connected(
        x,
        10,
        normalizer_fn=tf.contrib.layers.batch_norm,
        normalizer_params={"is_training": training, "scale": True, "updates_collections": None},
        scope="hidden",
    )
    keep = 1 - DROPPED if training else 1.0
    return tf.layers.dense(tf.nn.dropout(x, keep_prob=keep), 4, name="logits")


def write(folder):
    """Writes the golden."""
    recording.fresh_folder(folder)
    values = recording.normal(91, 6, 8, 8, 3) + 0.5
    inputs = {"images": values}
    with tf.Graph().as_default(), recording.session() as sess:
        tf.set_random_seed(19)
        images = tf.placeholder(tf.float32, [None, 8, 8, 3], "images")
        labels = tf.placeholder(tf.int32, [None], "labels")
        logits = network(images, True)
        loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
        tf.summary.scalar("loss", loss)
        with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
            train = tf.train.AdamOptimizer(0.02).minimize(loss)
        tf.identity(logits, "scores")
        sess.run(tf.global_variables_initializer())
        for step in range(STEPS):
            noise = recording.normal(200 + step, 6, 8, 8, 3)
            answers = recording.integers(300 + step, 4, 6)
            sess.run(train, {images: values + noise, labels: answers})
        variables = recording.values_of_variables(sess)
        recording.save(sess, folder)
    with tf.Graph().as_default(), recording.session() as sess:
        scores = network(tf.placeholder(tf.float32, [None, 8, 8, 3], "images"), False)
        for variable in tf.global_variables():
            variable.load(variables[variable.op.name], sess)
        recording.record(sess, folder, inputs, recording.named(scores=scores))
