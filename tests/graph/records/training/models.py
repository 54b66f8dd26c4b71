"""Three small models trained ten steps from fixed weights; both interpreters run them.

Python 3.7 must read this file. Each builder returns (init values by name are fixed outside),
a list of ops to run each step, and the losses to report.
"""

import numpy as np
from records.layers.running import value_of

STEPS = 10


def images(count, seed):
    return np.random.RandomState(seed).uniform(-1, 1, size=[count, 8, 8, 3]).astype("float32")


def conv_and_batch_norm(tf):
    x = tf.constant(images(16, 1))
    labels = tf.constant(np.random.RandomState(2).randint(0, 4, size=16))
    with tf.variable_scope("net", regularizer=lambda w: 1e-3 * tf.nn.l2_loss(w)):
        h = tf.layers.conv2d(x, 6, 3, padding="same", use_bias=False)
        h = tf.nn.relu(tf.layers.batch_normalization(h, training=True, momentum=0.9))
        h = tf.layers.max_pooling2d(h, 2, 2)
        h = tf.layers.separable_conv2d(h, 8, 3)
        h = tf.layers.batch_normalization(h, training=True, fused=False)
        h = tf.layers.dense(tf.layers.flatten(tf.nn.relu(h)), 4)
    loss = tf.losses.sparse_softmax_cross_entropy(labels, h)
    loss += tf.losses.get_regularization_loss()
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        step = tf.train.MomentumOptimizer(0.05, 0.9).minimize(loss)
    return [[step]], [loss]


def gan(tf):
    noise = tf.constant(np.random.RandomState(3).uniform(-1, 1, size=[8, 6]).astype("float32"))
    real = tf.constant(images(8, 4))

    def generator(z):
        with tf.variable_scope("generator"):
            h = tf.layers.dense(z, 4 * 4 * 5, activation=tf.nn.relu)
            h = tf.reshape(h, [-1, 4, 4, 5])
            h = tf.layers.batch_normalization(h, training=True)
            return tf.layers.conv2d_transpose(h, 3, 3, 2, "same", activation=tf.nn.tanh)

    def discriminator(x):
        with tf.variable_scope("discriminator", reuse=tf.AUTO_REUSE):
            h = tf.layers.conv2d(x, 6, 3, 2, activation=tf.nn.leaky_relu)
            return tf.layers.dense(tf.layers.flatten(h), 1)

    on_fake, on_real = discriminator(generator(noise)), discriminator(real)

    def cross(logits, target):
        targets = tf.ones_like(logits) * target
        return tf.reduce_mean(
            tf.nn.sigmoid_cross_entropy_with_logits(labels=targets, logits=logits)
        )

    d_loss = cross(on_real, 1.0) + cross(on_fake, 0.0)
    g_loss = cross(on_fake, 1.0)
    variables = tf.trainable_variables
    d_step = tf.train.AdamOptimizer(1e-2, beta1=0.5).minimize(
        d_loss, var_list=variables("discriminator/")
    )
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS, "generator/")
    with tf.control_dependencies(updates):
        g_step = tf.train.AdamOptimizer(1e-2, beta1=0.5).minimize(
            g_loss, var_list=variables("generator/")
        )
    return [[d_step], [g_step]], [d_loss, g_loss]


def embedding(tf):
    ids = tf.constant(np.random.RandomState(5).randint(0, 20, size=[12, 5]))
    labels = tf.constant(np.random.RandomState(6).randint(0, 2, size=12).astype("float32"))
    with tf.variable_scope("text", partitioner=tf.fixed_size_partitioner(3)):
        table = tf.get_variable("table", [20, 4])
    h = tf.reduce_mean(tf.nn.embedding_lookup(table, ids, partition_strategy="div"), 1)
    h = tf.layers.dense(h, 6, activation=tf.nn.tanh, name="hidden")
    logits = tf.layers.dense(h, 1, kernel_regularizer=tf.nn.l2_loss)[:, 0]
    loss = tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
    ) + 1e-2 * tf.add_n(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))
    return [[tf.train.AdagradOptimizer(0.3).minimize(loss)]], [loss]


MODELS = {"conv_and_batch_norm": conv_and_batch_norm, "gan": gan, "embedding": embedding}


def curves(tf, build, config=None):
    """Returns the losses before each step, and the sum of |w| of every variable at the end.

    `config` is of the session; None is TensorFlow's own.
    """
    graph = tf.Graph()
    with graph.as_default():
        steps, losses = build(tf)
        weights = list(tf.global_variables())
        slots = ("Adam", "Momentum", "Adagrad", "beta1_power", "beta2_power")
        with tf.Session(graph=graph, config=config) as session:
            session.run(tf.global_variables_initializer())
            for weight in weights:
                if not any(slot in weight.name for slot in slots):
                    shape = weight.shape.as_list()
                    weight.load(value_of(weight.name, shape, "float32"), session)
            found = []
            for _ in range(STEPS):
                found.append([float(loss) for loss in session.run(losses)])
                for ops in steps:
                    session.run(ops)
            values = session.run({weight.name: weight for weight in weights})
            ends = {name: float(np.abs(value).sum()) for name, value in values.items()}
    return {"losses": found, "ends": ends}
