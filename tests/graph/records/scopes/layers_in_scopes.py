"""Programs about layers in scopes; see program_tools.py."""

import numpy as np
from records.scopes.programs import failure, names, program, run


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


@program
def layer_updates_by_input_chained(tf):
    class Counting(tf.layers.Layer):
        def build(self, input_shape):
            self.a = self.add_variable("a", (), "float32", trainable=False)
            self.b = self.add_variable("b", (), "float32", trainable=False)
            self.add_update(tf.assign_add(self.b, 1.0))
            self.built = True

        def call(self, inputs):
            self.add_update(tf.assign_add(self.a, inputs), inputs=True)
            return inputs + 1

    layer = Counting()
    x, other = tf.placeholder(tf.float32, ()), tf.placeholder(tf.float32, ())
    middle = layer(x)
    end = layer(middle)
    counts = [len(layer.get_updates_for(t)) for t in (None, [x], [middle], [end])]
    layer(other)
    return [counts, len(layer.updates), [len(layer.get_updates_for(t)) for t in (None, other)]]


@program
def layer_losses_by_input_chained(tf):
    class Losing(tf.layers.Layer):
        def build(self, input_shape):
            self.a = self.add_variable("a", (), "float32", trainable=False)
            self.add_loss(self.a)
            self.built = True

        def call(self, inputs):
            self.add_loss(inputs, inputs=True)
            return inputs + 1

    layer = Losing()
    x = tf.placeholder(tf.float32, ())
    middle = layer(x)
    end = layer(middle)
    counts = [len(layer.get_losses_for(t)) for t in (None, [x], [middle], [end])]
    return [counts, len(layer.losses), len(tf.get_collection("regularization_losses"))]


@program
def layer_variable_as_input(tf):
    v = tf.get_variable("x", initializer=tf.ones([1, 2]))
    y = tf.layers.Dense(1, kernel_initializer=tf.ones_initializer())(v)
    return [y.name, run(tf, y)]


@program
def layer_array_as_input(tf):
    layer = tf.layers.Dense(1, kernel_initializer=tf.ones_initializer())
    y = layer(np.ones([1, 2], np.float32))
    return [y.dtype.name, run(tf, y), layer.dtype]


@program
def layer_scope_naming(tf):
    class PrivateLayer(tf.layers.Layer):
        def call(self, inputs):
            return inputs

    x = tf.placeholder(tf.float32, [1])
    found = []

    def add(scope=None, **kwargs):
        layer = PrivateLayer(**kwargs)
        if scope is None:
            layer.apply(x)
        else:
            with tf.variable_scope(scope):
                layer.apply(x)
        found.append([layer.name, layer.scope_name])

    add(), add()
    add(name="my_layer"), add(name="my_layer")
    add("var_scope"), add("var_scope")
    add("var_scope", name="my_layer"), add("var_scope", name="my_layer")
    add(tf.get_variable_scope(), name="my_layer")
    return found


@program
def layer_ops_follow_variables(tf):
    class MyLayer(tf.layers.Layer):
        def build(self, input_shape):
            self.my_var = self.add_variable("my_var", (), "float32")
            self.built = True

        def call(self, inputs):
            return tf.multiply(inputs, self.my_var, name="my_op")

    found = []
    for name in (None, "name"):
        x = tf.placeholder(tf.float32, (), "x")
        for _ in range(3):
            layer = MyLayer(name=name)
            x = layer.apply(x)
            found.append([layer.my_var.name, x.name])
    return found


@program
def layer_partitioned_regularizers_under_reuse(tf):
    for reuse in (False, True):
        scope = tf.get_variable_scope()
        with tf.variable_scope(scope, partitioner=tf.fixed_size_partitioner(3), reuse=reuse):
            layer = tf.layers.Layer(name="my_layer")
            layer.add_variable("part", [4, 4], regularizer=lambda w: tf.reduce_sum(w) * 1e-3)
    return [len(tf.get_collection("regularization_losses")), names(tf)]


@program
def layer_dict_inputs(tf):
    class Dicts(tf.layers.Layer):
        def call(self, inputs):
            return {"out_" + key: inputs[key] * 2.0 for key in inputs}

    out = Dicts()({"a": tf.ones([1]), "b": tf.zeros([1])})
    return [sorted(out), run(tf, out["out_a"], out["out_b"])]


@program
def layer_custom_getter_calls(tf):
    called = []

    def wrap(getter, *args, **kwargs):
        called.append(kwargs["name"])
        return getter(*args, **kwargs)

    with tf.variable_scope("test", custom_getter=wrap):
        tf.layers.conv2d(tf.ones([1, 4, 4, 1]), 2, 2)
        tf.layers.batch_normalization(tf.ones([4, 2]), training=True)
    return called


@program
def layer_output_shapes(tf):
    layer = tf.layers.Dense(7)
    return [
        failure(lambda: layer.compute_output_shape((None,))),
        failure(lambda: layer.compute_output_shape((None, None))),
        layer.compute_output_shape((None, 2, 4)).as_list(),
        tf.layers.Conv2D(2, 3).compute_output_shape((None, 8, None, 3)).as_list(),
        tf.layers.MaxPooling1D(2, 2).compute_output_shape((None, 7, 3)).as_list(),
        tf.layers.Flatten().compute_output_shape((None, 7, 3)).as_list(),
    ]


@program
def layer_build_by_hand(tf):
    layer = tf.layers.Dense(2, name="d")
    layer.build((None, 3))
    before = names(tf)
    y = layer(tf.ones([1, 3]))
    return [before, names(tf), y.name, layer.dtype]


@program
def layer_trainable_is_read_when_built(tf):
    layer = tf.layers.Dense(2)
    layer.trainable = False
    layer(tf.ones([1, 3]))
    layer.trainable = True
    return [names(tf, "trainable_variables"), len(layer.trainable_weights), len(layer.variables)]


@program
def layer_in_a_function_graph(tf):
    layer = tf.layers.Dense(
        2, kernel_initializer=tf.ones_initializer(), kernel_regularizer=tf.nn.l2_loss
    )
    x = tf.ones([1, 2])
    total = tf.while_loop(lambda i, t: i < 2, lambda i, t: (i + 1, layer(t)), [0, x])[1]
    return [names(tf), len(layer.trainable_weights), run(tf, total)]


@program
def layer_activity_regularizer_is_a_mean(tf):
    layer = tf.layers.Dense(
        1,
        activity_regularizer=tf.reduce_sum,
        use_bias=False,
        kernel_initializer=tf.ones_initializer(),
    )
    layer(tf.ones([4, 2]))
    return run(tf, *layer.losses)


@program
def norms_of_contrib_share_by_scope(tf):
    x = tf.ones([2, 4])
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
        first = tf.layers.dense(x, 2, name="d")
        again = tf.layers.dense(x, 2, name="d")
    return [names(tf), first.name, again.name]


@program
def batch_norm_frozen_in_name(tf):
    x = tf.ones([4, 3])
    tf.layers.batch_normalization(x, training=True, trainable=False, name="bn")
    y = tf.layers.batch_normalization(x, training=False, name="bn", reuse=True)
    return [names(tf), names(tf, "trainable_variables"), names(tf, "update_ops"), y.name]


@program
def dropout_rates(tf):
    rate = tf.placeholder_with_default(0.0, [])
    x = tf.ones([2, 3])
    y = tf.layers.dropout(x, rate, training=True)
    z = tf.layers.dropout(x, 0.3)
    return [run(tf, y), z.name, tf.layers.Dropout(0.2, name="d").rate]
