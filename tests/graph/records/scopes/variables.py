"""Programs about variables: shapes, dtypes, initializers, collections; see program_tools.py."""

import numpy as np
from records.scopes.programs import failure, names, program, run


@program
def shape_forms(tf):
    return [
        tf.get_variable("a", []).shape.as_list(),
        tf.get_variable("b", ()).shape.as_list(),
        tf.get_variable("c", 3).shape.as_list(),
        tf.get_variable("d", tf.TensorShape([2, 3])).shape.as_list(),
        tf.get_variable("e", initializer=tf.constant([1.0, 2.0])).shape.as_list(),
        tf.get_variable("f", initializer=np.zeros([2, 2], np.float32)).shape.as_list(),
        tf.get_variable("g", initializer=3.0).shape.as_list(),
    ]


@program
def no_shape(tf):
    return failure(lambda: tf.get_variable("v"))


@program
def unknown_size(tf):
    return failure(lambda: tf.get_variable("v", [None, 2]))


@program
def shape_with_constant_initializer(tf):
    return failure(lambda: tf.get_variable("v", [2], initializer=tf.constant([1.0, 2.0])))


@program
def constant_initializer_of_other_dtype(tf):
    return failure(lambda: tf.get_variable("v", initializer=tf.constant([1, 2]), dtype=tf.float32))


@program
def default_initializers(tf):
    found = []
    for dtype in (tf.int32, tf.int64, tf.bool, tf.uint8):
        found += run(tf, tf.get_variable("v" + dtype.name, [2], dtype=dtype))
    return found


@program
def string_needs_an_initializer(tf):
    return failure(lambda: tf.get_variable("v", [2], dtype=tf.string))


@program
def complex_needs_an_initializer(tf):
    return failure(lambda: tf.get_variable("v", [2], dtype=tf.complex64))


@program
def scope_dtype(tf):
    with tf.variable_scope("a", dtype=tf.float64) as a:
        with tf.variable_scope("b"):
            v = tf.get_variable("v", [1])
        return [v.dtype.base_dtype.name, a.dtype.name]


@program
def scope_dtype_needs_dtype(tf):
    with tf.variable_scope("a", dtype=tf.float16):
        w = tf.get_variable("w", [1], dtype=tf.float32)
        return w.dtype.base_dtype.name


@program
def scope_initializer(tf):
    with tf.variable_scope("a", initializer=tf.constant_initializer(0.3)):
        v = tf.get_variable("v", [2])
        with tf.variable_scope("b", initializer=tf.constant_initializer(0.7)):
            w = tf.get_variable("w", [2])
        with tf.variable_scope("c"):
            u = tf.get_variable("u", [2], initializer=tf.constant_initializer(0.9))
        return run(tf, v, w, u)


@program
def scope_initializer_of_reopened(tf):
    with tf.variable_scope("a", initializer=tf.constant_initializer(0.3)) as a:
        pass
    with tf.variable_scope(a):
        v = tf.get_variable("v", [2])
    with tf.variable_scope("a"):
        w = tf.get_variable("w", [2], initializer=tf.zeros_initializer)
    return run(tf, v, w)


@program
def set_initializer(tf):
    with tf.variable_scope("a") as a:
        a.set_initializer(tf.constant_initializer(0.2))
        return run(tf, tf.get_variable("v", [2]))


@program
def set_dtype_and_resource(tf):
    with tf.variable_scope("a") as a:
        a.set_dtype(tf.float64)
        a.set_use_resource(True)
        v = tf.get_variable("v", [2])
        return [v.dtype.base_dtype.name, v.op.type]


@program
def initializer_function_with_no_shape(tf):
    v = tf.get_variable("v", initializer=lambda: tf.constant([1.0, 2.0]))
    return [v.shape.as_list(), run(tf, v)]


@program
def initializer_class(tf):
    return run(tf, tf.get_variable("v", [2], initializer=tf.ones_initializer))


@program
def initializer_taking_partition_info(tf):
    seen = []

    def initializer(shape, dtype=None, partition_info=None):
        seen.append(
            None
            if partition_info is None
            else [list(partition_info.full_shape), list(partition_info.var_offset)]
        )
        return tf.ones(shape, dtype)

    tf.get_variable("a", [4], initializer=initializer)
    tf.get_variable("b", [4], initializer=initializer, partitioner=tf.fixed_size_partitioner(2))
    return seen


@program
def initializer_without_partition_info(tf):
    def initializer(shape, dtype=None):
        return tf.ones(shape, dtype)

    return failure(
        lambda: tf.get_variable(
            "a", [4], initializer=lambda s, dtype, partition_info: tf.ones(s, dtype)
        )
    )


@program
def validate_shape_off(tf):
    v = tf.get_variable("v", initializer=tf.ones([2]), validate_shape=False)
    return [v.shape.dims is None]


@program
def variable_types(tf):
    return [
        tf.get_variable("a", [1], use_resource=True).op.type,
        tf.get_variable("b", [1]).op.type,
        tf.get_variable("c", [1], use_resource=False).op.type,
    ]


@program
def scope_use_resource(tf):
    with tf.variable_scope("a", use_resource=True) as a:
        with tf.variable_scope("b"):
            v = tf.get_variable("v", [1])
        w = tf.Variable([1.0])
        return [v.op.type, w.op.type, a.use_resource]


@program
def collections_of_a_variable(tf):
    tf.get_variable("a", [1])
    tf.get_variable("b", [1], trainable=False)
    tf.get_variable("c", [1], collections=["mine"])
    tf.get_variable("d", [1], collections=["mine", "variables"], trainable=False)
    return [names(tf), names(tf, "trainable_variables"), names(tf, "mine")]


@program
def local_variables(tf):
    with tf.variable_scope("a"):
        v = tf.get_local_variable("v", [1])
    return [v.name, names(tf), names(tf, "local_variables"), names(tf, "trainable_variables")]


@program
def local_variable_reuse(tf):
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
        v = tf.get_local_variable("v", [1])
        w = tf.get_local_variable("v", [1])
        return [v is w, names(tf, "local_variables")]


@program
def regularizer_of_a_variable(tf):
    v = tf.get_variable(
        "v", [2], regularizer=lambda w: 0.5 * tf.reduce_sum(w), initializer=tf.ones_initializer()
    )
    losses = tf.get_collection("regularization_losses")
    return [len(losses), [t.name for t in losses], run(tf, *losses), v.name]


@program
def regularizer_runs_once(tf):
    calls = []

    def regularizer(w):
        calls.append(w.name)
        return tf.reduce_sum(w)

    tf.get_variable("v", [2], regularizer=regularizer)
    tf.get_variable("w", [4], regularizer=regularizer, partitioner=tf.fixed_size_partitioner(2))
    total = tf.losses.get_regularization_loss()
    return [calls, total.shape.as_list()]


@program
def regularizer_ops(tf):
    before = len(tf.get_default_graph().get_operations())
    with tf.variable_scope("a", regularizer=tf.nn.l2_loss):
        tf.get_variable("v", [2], initializer=tf.zeros_initializer())
    graph = tf.get_default_graph()
    return [o.name for o in graph.get_operations()[before:] if "Regularizer" in o.name]


@program
def regularizer_with_auto_reuse(tf):
    for _ in range(3):
        with tf.variable_scope("a", reuse=tf.AUTO_REUSE, regularizer=tf.nn.l2_loss):
            tf.get_variable("v", [2])
            tf.get_variable("u", [2], regularizer=lambda w: tf.reduce_sum(w))
    return len(tf.get_collection("regularization_losses"))


@program
def regularizer_returning_none(tf):
    tf.get_variable("v", [2], regularizer=lambda w: None)
    return len(tf.get_collection("regularization_losses"))


@program
def no_regularizer_function(tf):
    with tf.variable_scope("a", regularizer=tf.nn.l2_loss):
        with tf.variable_scope("b", regularizer=tf.no_regularizer):
            tf.get_variable("v", [2])
            tf.get_variable("w", [2], regularizer=tf.no_regularizer)
    return len(tf.get_collection("regularization_losses"))


@program
def set_regularizer(tf):
    with tf.variable_scope("a") as a:
        a.set_regularizer(tf.nn.l2_loss)
        tf.get_variable("v", [2])
        with tf.variable_scope("b"):
            tf.get_variable("v", [2])
    return [
        type(t).__name__ in ("Tensor", "SymbolicTensor")
        for t in tf.get_collection("regularization_losses")
    ]


@program
def regularizer_losses_are_tensors(tf):
    with tf.variable_scope("a", regularizer=tf.nn.l2_loss):
        tf.get_variable("v", [2])
    (loss,) = tf.get_collection("regularization_losses")
    return [loss.op.type, loss.op.name, isinstance(loss, tf.Tensor)]


@program
def constraint_is_kept(tf):
    clip = lambda w: tf.clip_by_value(w, 0.0, 1.0)  # noqa: E731
    with tf.variable_scope("a", constraint=clip):
        v = tf.get_variable("v", [2])
        with tf.variable_scope("b"):
            w = tf.get_variable("w", [2])
    u = tf.get_variable("u", [2], constraint=clip)
    return [v.constraint is clip, w.constraint is clip, u.constraint is clip]


@program
def constraint_is_applied(tf):
    v = tf.get_variable(
        "v",
        initializer=tf.constant([1.0, -1.0]),
        constraint=lambda w: tf.clip_by_value(w, 0.0, 1.0),
    )
    step = tf.train.GradientDescentOptimizer(0.5).minimize(tf.reduce_sum(v))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(step)
        return session.run(v).tolist()


@program
def caching_device(tf):
    with tf.variable_scope("a", caching_device="/job:w") as a:
        v = tf.get_variable("v", [1])
        with tf.variable_scope("b"):
            w = tf.get_variable("w", [1])
        return [a.caching_device, v.value().device, w.value().device, v.device]


@program
def devices(tf):
    with tf.device("/job:ps/task:1"):
        with tf.variable_scope("a"):
            v = tf.get_variable("v", [1])
    return [v.device, v.initializer.device]


@program
def replica_device_setter(tf):
    with tf.device(tf.train.replica_device_setter(ps_tasks=2)):
        with tf.variable_scope("a"):
            found = [tf.get_variable(f"v{i}", [1]) for i in range(3)]
            w = tf.get_variable("w", [4], partitioner=tf.fixed_size_partitioner(2))
        y = found[0] * 2.0
    return [[v.device for v in found], [p.device for p in w], y.device]
