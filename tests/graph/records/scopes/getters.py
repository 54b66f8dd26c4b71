"""Programs about custom getters and partitioned variables; see program_tools.py."""

from records.scopes.programs import failure, names, program, run


@program
def custom_getter_renames(tf):
    def wrap(getter, name, *args, **kwargs):
        return getter(name + "_x", *args, **kwargs)

    with tf.variable_scope("a", custom_getter=wrap):
        v = tf.get_variable("v", [1])
    return v.name


@program
def custom_getters_chain(tf):
    order = []

    def make(tag):
        def wrap(getter, name, *args, **kwargs):
            order.append(tag)
            return getter(name + tag, *args, **kwargs)

        return wrap

    with tf.variable_scope("a", custom_getter=make("1")):
        with tf.variable_scope("b", custom_getter=make("2")):
            v = tf.get_variable("v", [1], custom_getter=make("3"))
    return [v.name, order]


@program
def custom_getter_sees(tf):
    seen = {}

    def wrap(getter, *args, **kwargs):
        seen["args"] = len(args)
        seen["keys"] = sorted(k for k in kwargs)
        seen["name"] = kwargs.get("name", args[0] if args else None)
        return getter(*args, **kwargs)

    with tf.variable_scope("a", custom_getter=wrap):
        tf.get_variable("v", [1])
    return [seen["args"], seen["name"], seen["keys"]]


@program
def custom_getter_gets_scope_settings(tf):
    seen = []

    def wrap(getter, name, *args, **kwargs):
        seen.append([name, str(kwargs["reuse"]), kwargs["trainable"], kwargs["shape"]])
        return getter(name, *args, **kwargs)

    with tf.variable_scope("a", custom_getter=wrap, reuse=tf.AUTO_REUSE):
        tf.get_variable("v", [1])
        tf.get_variable("v", [1], trainable=False)
    return seen


@program
def custom_getter_returns_a_tensor(tf):
    def wrap(getter, name, *args, **kwargs):
        return getter(name, *args, **kwargs) * 2.0

    with tf.variable_scope("a", custom_getter=wrap, initializer=tf.ones_initializer()):
        v = tf.get_variable("v", [2])
    return [names(tf), run(tf, v)]


@program
def custom_getter_makes_untrainable(tf):
    def wrap(getter, *args, **kwargs):
        kwargs["trainable"] = False
        return getter(*args, **kwargs)

    with tf.variable_scope("a", custom_getter=wrap):
        tf.get_variable("v", [1])
        layer = tf.layers.Dense(2)
        layer(tf.ones([1, 3]))
    return [names(tf, "trainable_variables"), len(layer.trainable_weights)]


@program
def custom_getter_and_partitions(tf):
    seen = []

    def wrap(getter, name, *args, **kwargs):
        seen.append(name)
        return getter(name, *args, **kwargs)

    with tf.variable_scope("a", custom_getter=wrap, partitioner=tf.fixed_size_partitioner(2)):
        v = tf.get_variable("v", [4])
    return [seen, [p.name for p in v]]


@program
def custom_getter_must_be_callable(tf):
    return failure(lambda: tf.get_variable("v", [1], custom_getter=3))


@program
def set_custom_getter(tf):
    with tf.variable_scope("a") as a:
        a.set_custom_getter(lambda getter, name, *x, **k: getter(name + "_y", *x, **k))
        v = tf.get_variable("v", [1])
    with tf.variable_scope(a):
        w = tf.get_variable("w", [1])
    return [v.name, w.name]


@program
def fixed_size_partitions(tf):
    v = tf.get_variable("v", [5, 2], partitioner=tf.fixed_size_partitioner(2))
    return [
        type(v).__name__,
        v.name,
        v.get_shape().as_list(),
        [[p.name, p.shape.as_list()] for p in v],
        names(tf),
        tf.convert_to_tensor(v).shape.as_list(),
    ]


@program
def partition_along_axis(tf):
    v = tf.get_variable("v", [2, 5], partitioner=tf.fixed_size_partitioner(3, axis=1))
    return [[p.name, p.shape.as_list()] for p in v]


@program
def one_partition_is_still_partitioned(tf):
    v = tf.get_variable("v", [2, 5], partitioner=tf.fixed_size_partitioner(1))
    return [type(v).__name__, [p.name for p in v]]


@program
def axis_size_partitions(tf):
    partitioner = tf.variable_axis_size_partitioner(max_shard_bytes=40)
    v = tf.get_variable("v", [6, 5], partitioner=partitioner)
    return [[p.name, p.shape.as_list()] for p in v]


@program
def axis_size_partitions_limited(tf):
    partitioner = tf.variable_axis_size_partitioner(max_shard_bytes=20, axis=1, max_shards=3)
    v = tf.get_variable("v", [6, 5], partitioner=partitioner)
    return [[p.name, p.shape.as_list()] for p in v]


@program
def axis_size_partitioner_checks(tf):
    return [
        failure(lambda: tf.variable_axis_size_partitioner(0)),
        failure(lambda: tf.variable_axis_size_partitioner(10, bytes_per_string_element=0)),
    ]


@program
def min_max_partitions(tf):
    partitioner = tf.min_max_variable_partitioner(max_partitions=3, min_slice_size=16)
    return [
        [p.shape.as_list() for p in tf.get_variable(n, s, partitioner=partitioner)]
        for n, s in (("a", [2, 2]), ("b", [4, 4]), ("c", [9, 2]))
    ]


@program
def partitions_of_two_axes(tf):
    return failure(lambda: tf.get_variable("v", [4, 4], partitioner=lambda shape, dtype: [2, 2]))


@program
def partitioner_wrong_length(tf):
    return failure(lambda: tf.get_variable("v", [4, 4], partitioner=lambda shape, dtype: [2]))


@program
def partitioner_below_one(tf):
    return failure(lambda: tf.get_variable("v", [4, 4], partitioner=lambda shape, dtype: [0, 1]))


@program
def partitioner_must_be_callable(tf):
    return failure(lambda: tf.get_variable("v", [4, 4], partitioner=3))


@program
def partitioner_of_a_scalar(tf):
    with tf.variable_scope("a", partitioner=tf.fixed_size_partitioner(2)):
        return failure(lambda: tf.get_variable("v", []))


@program
def partitioned_reuse(tf):
    found = []
    for reuse in (None, True):
        with tf.variable_scope("a", partitioner=tf.fixed_size_partitioner(2), reuse=reuse):
            found.append(tf.get_variable("v", [4]))
    return [found[0] is found[1], [p is q for p, q in zip(found[0], found[1])]]  # noqa: B905


@program
def partitioned_reuse_without_partitioner(tf):
    with tf.variable_scope("a", partitioner=tf.fixed_size_partitioner(2)):
        tf.get_variable("v", [4])
    with tf.variable_scope("a", reuse=True):
        return failure(lambda: tf.get_variable("v", [4]))


@program
def partitioned_reuse_of_whole(tf):
    with tf.variable_scope("a"):
        tf.get_variable("v", [4])
    with tf.variable_scope("a", reuse=True, partitioner=tf.fixed_size_partitioner(2)):
        return failure(lambda: tf.get_variable("v", [4]))


@program
def partitioned_reuse_other_count(tf):
    with tf.variable_scope("a", partitioner=tf.fixed_size_partitioner(2)):
        tf.get_variable("v", [4])
    with tf.variable_scope("a", partitioner=tf.fixed_size_partitioner(4), reuse=True):
        return failure(lambda: tf.get_variable("v", [4]))


@program
def partitioned_values(tf):
    v = tf.get_variable(
        "v", initializer=tf.constant([1.0, 2.0, 3.0]), partitioner=tf.fixed_size_partitioner(2)
    )
    return run(tf, tf.convert_to_tensor(v), *v, v.as_tensor() * 2.0)


@program
def partitioned_constant_array(tf):
    return failure(
        lambda: tf.get_variable(
            "v",
            [4],
            initializer=tf.constant_initializer([1.0, 2.0, 3.0, 4.0]),
            partitioner=tf.fixed_size_partitioner(2),
        )
    )


@program
def partitioned_lookup(tf):
    v = tf.get_variable(
        "v",
        initializer=tf.reshape(tf.range(10.0), [5, 2]),
        partitioner=tf.fixed_size_partitioner(3),
    )
    return run(
        tf,
        tf.nn.embedding_lookup(v, [0, 4, 2, 1]),
        tf.nn.embedding_lookup(v, [0, 4, 2, 1], partition_strategy="div"),
    )


@program
def set_partitioner(tf):
    with tf.variable_scope("a") as a:
        a.set_partitioner(tf.fixed_size_partitioner(2))
        v = tf.get_variable("v", [4])
        with tf.variable_scope("b", partitioner=None) as b:
            return [type(v).__name__, b.partitioner is a.partitioner]
