"""Programs about layers in scopes; see program_tools.py."""

import numpy as np
from program_tools import failure, names, program, run


@program
def layer_names_count(tf):
    x = tf.ones([1, 2])
    outputs = [tf.layers.dense(x, 1) for _ in range(3)]
    return [names(tf), [y.name for y in outputs]]


@program
def layer_named_twice(tf):
    x = tf.ones([1, 2])
    tf.layers.dense(x, 1, name="d")
    return failure(lambda: tf.layers.dense(x, 1, name="d"))


@program
def layer_reuse(tf):
    x = tf.ones([1, 2])
    a = tf.layers.dense(x, 1, name="d")
    b = tf.layers.dense(x, 1, name="d", reuse=True)
    return [names(tf), a.name, b.name]


@program
def layer_reuse_needs_name(tf):
    x = tf.ones([1, 2])
    tf.layers.dense(x, 1)
    y = tf.layers.dense(x, 1, reuse=True)
    return [names(tf), y.name]


@program
def layer_reuse_of_nothing(tf):
    return failure(lambda: tf.layers.dense(tf.ones([1, 2]), 1, name="d", reuse=True))


@program
def layer_in_reused_scope(tf):
    x = tf.ones([1, 2])
    found = []
    for reuse in (None, True):
        with tf.variable_scope("a", reuse=reuse):
            found.append(tf.layers.dense(tf.layers.dense(x, 3), 2).name)
    return [names(tf), found]


@program
def layer_in_auto_reuse_scope(tf):
    x = tf.ones([1, 2])
    for _ in range(3):
        with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
            tf.layers.dense(x, 3, kernel_regularizer=tf.nn.l2_loss)
    return [names(tf), len(tf.get_collection("regularization_losses"))]


@program
def layer_object_twice(tf):
    layer = tf.layers.Dense(2, name="d")
    a, b = layer(tf.ones([1, 3])), layer(tf.ones([2, 3]))
    return [names(tf), a.name, b.name, layer.name, layer.scope_name]


@program
def layer_object_default_name(tf):
    layers = [tf.layers.Dense(2) for _ in range(2)]
    early = failure(lambda: layers[0].scope_name)
    for layer in reversed(layers):
        layer(tf.ones([1, 3]))
    return [early, [layer.scope_name for layer in layers], [v.name for v in layers[0].variables]]


@program
def layer_object_called_in_other_scope(tf):
    layer = tf.layers.Dense(2)
    with tf.variable_scope("a"):
        x = layer(tf.ones([1, 3]))
    with tf.variable_scope("b"):
        y = layer(tf.ones([1, 3]))
    return [names(tf), x.name, y.name]


@program
def layer_scope_argument(tf):
    layer = tf.layers.Dense(2)
    layer(tf.ones([1, 3]), scope="mine")
    other = tf.layers.Dense(2, name="n", _scope="given")
    other(tf.ones([1, 3]))
    return [names(tf), layer.scope_name, other.scope_name]


@program
def layer_under_name_scope(tf):
    with tf.name_scope("n"):
        y = tf.layers.dense(tf.ones([1, 2]), 1)
    return [names(tf), y.name]


@program
def layer_wrong_rank(tf):
    return [
        failure(lambda: tf.layers.conv2d(tf.ones([1, 2, 3]), 1, 1)),
        failure(lambda: tf.layers.dense(tf.ones([3]), 1)),
        failure(lambda: tf.layers.dense(tf.placeholder(tf.float32, [1, None]), 1)),
        failure(lambda: tf.layers.dense(tf.placeholder(tf.float32), 1)),
        failure(lambda: tf.layers.dense(tf.ones([1, 2], tf.int32), 1)),
    ]


@program
def layer_wrong_size_second_time(tf):
    layer = tf.layers.Dense(2)
    layer(tf.ones([1, 3]))
    return failure(lambda: layer(tf.ones([1, 4])))


@program
def layer_wrong_arguments(tf):
    x = tf.ones([1, 4, 4, 2])
    return [
        failure(lambda: tf.layers.conv2d(x, 1, [1, 2, 3])),
        failure(lambda: tf.layers.conv2d(x, 1, 2, padding="full")),
        failure(lambda: tf.layers.conv2d(x, 1, 2, data_format="wrong")),
        failure(lambda: tf.layers.conv2d(x, 1, 2, strides=2, dilation_rate=2)),
        failure(lambda: tf.layers.conv2d(x, 1, 2, padding="causal")),
        failure(lambda: tf.layers.max_pooling2d(x, 2, None)),
        failure(lambda: tf.layers.batch_normalization(x, axis=7)),
        failure(lambda: tf.layers.batch_normalization(x, renorm=True, renorm_clipping={"x": 1})),
        failure(lambda: tf.layers.Dense(2, nonsense=1)),
        failure(lambda: tf.layers.dropout(x, rate=2.0, training=True)),
    ]


@program
def layer_trainable_toggle(tf):
    layer = tf.layers.Dense(2)
    layer(tf.ones([1, 3]))
    before = [len(layer.trainable_weights), len(layer.non_trainable_weights)]
    layer.trainable = False
    return [before, [len(layer.trainable_weights), len(layer.non_trainable_weights)]]


@program
def layer_count_params(tf):
    layer = tf.layers.Dense(2)
    early = failure(layer.count_params)
    layer(tf.ones([1, 3]))
    return [early, int(layer.count_params())]


@program
def layer_config(tf):
    config = tf.layers.Dense(3, name="d").get_config()
    return [config["units"], config["name"], config["use_bias"], config["trainable"]]


@program
def layer_losses_under_sharing(tf):
    layer = tf.layers.Dense(
        2, kernel_regularizer=tf.nn.l2_loss, activity_regularizer=lambda y: tf.reduce_sum(y)
    )
    x = tf.ones([2, 3])
    layer(x), layer(x)
    return [
        len(tf.get_collection("regularization_losses")),
        len(layer.losses),
        len(layer.get_losses_for(None)),
        len(layer.get_losses_for(x)),
    ]


@program
def layer_updates_by_input(tf):
    layer = tf.layers.BatchNormalization()
    a, b = tf.placeholder(tf.float32, [4, 2]), tf.placeholder(tf.float32, [4, 2])
    layer(a, training=True), layer(b, training=True)
    return [
        len(layer.updates),
        len(layer.get_updates_for(a)),
        len(layer.get_updates_for(b)),
        len(layer.get_updates_for(None)),
        len(tf.get_collection("update_ops")),
    ]


@program
def layer_frozen_has_no_updates(tf):
    layer = tf.layers.BatchNormalization(trainable=False)
    layer(tf.ones([4, 2]), training=True)
    return [
        len(layer.updates),
        len(tf.get_collection("update_ops")),
        names(tf, "trainable_variables"),
    ]


@program
def layer_subclass(tf):
    class Scale(tf.layers.Layer):
        def build(self, input_shape):
            self.gain = self.add_variable(
                "gain", [int(input_shape[-1])], initializer=tf.ones_initializer()
            )
            self.seen = self.add_weight("seen", [], dtype=tf.int32, trainable=False)
            self.built = True

        def call(self, inputs):
            self.add_loss(tf.reduce_sum(inputs))
            self.add_update(tf.assign_add(self.seen, 1))
            return inputs * self.gain

    layer = Scale()
    y = layer(tf.ones([2, 3]))
    return [
        names(tf),
        y.name,
        layer.dtype,
        len(layer.losses),
        len(layer.updates),
        names(tf, "trainable_variables"),
        len(tf.get_collection("update_ops")),
    ]


@program
def layer_subclass_without_build(tf):
    class Twice(tf.layers.Layer):
        def call(self, inputs, factor=2.0):
            return inputs * factor

    layer = Twice(name="t")
    return run(tf, layer(tf.ones([2])), layer(tf.ones([2]), factor=3.0), layer(np.ones([1])))


@program
def layer_subclass_returning_none(tf):
    class Nothing(tf.layers.Layer):
        def call(self, inputs):
            return None

    return failure(lambda: Nothing()(tf.ones([1])))


@program
def layer_subclass_with_scope(tf):
    class Scoped(tf.layers.Layer):
        def call(self, inputs, scope=None):
            self.told = scope.name
            return inputs + tf.get_variable("b", [1])

    layer = Scoped()
    layer(tf.ones([1]))
    return [layer.told, names(tf)]


@program
def layer_subclass_inner_layers(tf):
    class Two(tf.layers.Layer):
        def call(self, inputs, training=False):
            inner = tf.layers.Dropout(0.5)
            return inner(tf.layers.dense(inputs, 3))

    y = Two()(tf.ones([2, 3]), training=True)
    return [names(tf), "mul" in y.name]


@program
def layer_add_weight_checks(tf):
    layer = tf.layers.Layer(name="l")
    return [
        failure(lambda: layer.add_weight("a", [1], nonsense=1)),
        failure(lambda: layer.add_weight("b", [1], dtype=tf.string)),
        failure(
            lambda: layer.add_weight(
                "c", [1], trainable=True, synchronization=tf.VariableSynchronization.ON_READ
            )
        ),
    ]


@program
def layer_add_weight_by_itself(tf):
    layer = tf.layers.Layer(name="l")
    a = layer.add_weight("a", [2], initializer="ones")
    b = layer.add_weight("b", [2], dtype=tf.int32)
    c = layer.add_weight("c", [2], trainable=False, regularizer=tf.nn.l2_loss)
    return [
        [v.name for v in (a, b, c)],
        [len(layer.trainable_weights), len(layer.weights)],
        len(tf.get_collection("regularization_losses")),
        layer.dtype,
    ]


@program
def input_spec_checks(tf):
    spec = tf.layers.InputSpec
    return [
        failure(lambda: spec(axes={"x": 1})),
        failure(lambda: spec(ndim=2, axes={3: 1})),
        spec(dtype=tf.float32, min_ndim=2).get_config()["dtype"],
        spec(shape=(None, 2)).ndim,
    ]


@program
def layer_dtype_given(tf):
    y = tf.layers.Dense(2, dtype=tf.float64)(tf.ones([1, 2], tf.float64))
    layer = tf.layers.Dense(2, dtype="float32")
    return [y.dtype.name, layer.dtype, tf.layers.Dense(2).dtype]


@program
def layer_partitioned_weights(tf):
    with tf.variable_scope("a", partitioner=tf.fixed_size_partitioner(2)):
        layer = tf.layers.Dense(4)
        layer(tf.ones([1, 4]))
    return [names(tf), [type(v).__name__ for v in layer.weights], len(layer.trainable_weights)]


@program
def layers_in_cond(tf):
    x = tf.ones([1, 2])
    y = tf.cond(
        tf.placeholder_with_default(True, []),
        lambda: tf.layers.dense(x, 2),
        lambda: tf.zeros([1, 2]),
    )
    return [names(tf), y.shape.as_list(), len(run(tf, y)[0])]


@program
def variables_in_while(tf):
    def body(i, total):
        with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
            w = tf.get_variable("w", [], initializer=tf.constant_initializer(2.0))
        return i + 1, total + w

    out = tf.while_loop(lambda i, t: i < 3, body, [0, 0.0])
    return [names(tf), run(tf, out[1])]


@program
def layers_in_while(tf):
    def body(i, x):
        return i + 1, tf.layers.dense(
            x, 2, name="d", reuse=tf.AUTO_REUSE, kernel_initializer=tf.ones_initializer()
        )

    out = tf.while_loop(lambda i, x: i < 2, body, [0, tf.ones([1, 2])])
    return [names(tf), run(tf, out[1])]


@program
def two_graphs(tf):
    found = []
    for _ in range(2):
        with tf.Graph().as_default():
            with tf.variable_scope("a"):
                tf.layers.dense(tf.ones([1, 2]), 1)
            found.append(names(tf))
    return found


@program
def batch_norm_partitioner_kept(tf):
    with tf.variable_scope("a", partitioner=tf.fixed_size_partitioner(2)) as a:
        tf.layers.batch_normalization(tf.ones([2, 4]), training=True)
        return [a.partitioner is not None, names(tf)]
