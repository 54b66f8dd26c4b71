"""Programs about names and reuse of variable scopes; see program_tools.py."""

from records.scopes.programs import failure, names, program


@program
def nested_names(tf):
    with tf.variable_scope("a"):
        with tf.variable_scope("b") as b:
            v = tf.get_variable("v", [1])
            return [v.name, b.name, b.original_name_scope, (v + 1).name]


@program
def name_scope_does_not_prefix_variables(tf):
    with tf.name_scope("n"):
        v = tf.get_variable("v", [1])
        w = tf.Variable([1.0], name="w")
        return [v.name, w.name, (v + w).name]


@program
def reentering_by_string_makes_new_op_scope(tf):
    with tf.variable_scope("a") as one:
        x = tf.constant(1.0, name="x")
    with tf.variable_scope("a") as two:
        y = tf.constant(1.0, name="x")
    return [one.original_name_scope, two.original_name_scope, x.name, y.name]


@program
def reentering_by_object(tf):
    with tf.variable_scope("a") as one:
        tf.get_variable("v", [1])
    with tf.variable_scope("b"):
        with tf.variable_scope(one) as two:
            w = tf.get_variable("w", [1])
            return [w.name, two.name, two.original_name_scope, tf.constant(1.0, name="c").name]


@program
def default_names_count_up(tf):
    found = []
    for _ in range(3):
        with tf.variable_scope(None, default_name="d") as scope:
            found.append([scope.name, tf.get_variable("v", [1]).name])
    return found


@program
def default_names_count_per_parent(tf):
    found = []
    for parent in ("a", "b", "a"):
        with tf.variable_scope(parent):
            with tf.variable_scope(None, "d") as scope:
                found.append([scope.name, scope.original_name_scope])
    return found


@program
def default_name_after_explicit(tf):
    with tf.variable_scope("d"):
        pass
    with tf.variable_scope(None, "d") as scope:
        return scope.name


@program
def default_name_loses_to_name(tf):
    with tf.variable_scope("x", default_name="d") as scope:
        return scope.name


@program
def default_counts_restart_on_reentry(tf):
    found = []
    with tf.variable_scope("a") as a:
        with tf.variable_scope(None, "d") as d:
            found.append(d.name)
    with tf.variable_scope(a):
        with tf.variable_scope(None, "d") as d:
            found.append(d.name)
    return found


@program
def no_name_at_all(tf):
    return failure(lambda: tf.variable_scope(None).__enter__())


@program
def wrong_name_type(tf):
    return failure(lambda: tf.variable_scope(5).__enter__())


@program
def empty_name_scope_is_root(tf):
    with tf.variable_scope("a"):
        with tf.variable_scope("") as s:
            v = tf.get_variable("v", [1])
            return [s.name, v.name]


@program
def auxiliary_name_scope_off(tf):
    with tf.variable_scope("a"):
        with tf.variable_scope("b", auxiliary_name_scope=False) as b:
            v = tf.get_variable("v", [1])
            return [v.name, b.original_name_scope, tf.constant(1.0, name="c").name]


@program
def auxiliary_name_scope_off_default_name(tf):
    with tf.name_scope("n"):
        with tf.variable_scope(None, "d", auxiliary_name_scope=False) as d:
            return [d.name, d.original_name_scope, tf.constant(1.0, name="c").name]


@program
def auxiliary_name_scope_reentry(tf):
    with tf.variable_scope("a") as a:
        x = tf.constant(1.0, name="c")
    with tf.variable_scope(a, auxiliary_name_scope=False):
        with tf.name_scope(a.original_name_scope):
            y = tf.constant(1.0, name="c")
    return [x.name, y.name]


@program
def auxiliary_name_scope_must_be_bool(tf):
    return failure(lambda: tf.variable_scope("a", auxiliary_name_scope="yes"))


@program
def slashed_names(tf):
    with tf.variable_scope("a/b") as s:
        v = tf.get_variable("c/v", [1])
        return [s.name, v.name]


@program
def prefixes_are_not_scopes(tf):
    with tf.variable_scope("conv1"):
        tf.get_variable("w", [1])
    with tf.variable_scope("conv10"):
        tf.get_variable("w", [1])
    return [
        len(tf.get_collection("variables", "conv1")),
        len(tf.get_collection("variables", "conv1/")),
    ]


@program
def global_variables_by_scope(tf):
    with tf.variable_scope("a") as a:
        tf.get_variable("v", [1])
        tf.get_variable("w", [1], trainable=False)
    tf.get_variable("u", [1])
    return [
        [v.name for v in a.global_variables()],
        [v.name for v in a.trainable_variables()],
        [v.name for v in tf.global_variables("a")],
    ]


@program
def second_get_without_reuse(tf):
    tf.get_variable("v", [1])
    return failure(lambda: tf.get_variable("v", [1]))


@program
def reuse_of_nothing(tf):
    with tf.variable_scope("a", reuse=True):
        return failure(lambda: tf.get_variable("v", [1]))


@program
def reuse_returns_the_same(tf):
    with tf.variable_scope("a"):
        v = tf.get_variable("v", [1])
    with tf.variable_scope("a", reuse=True):
        w = tf.get_variable("v", [1])
        u = tf.get_variable("v")
    return [v is w, v is u]


@program
def reuse_is_inherited(tf):
    with tf.variable_scope("a"):
        with tf.variable_scope("b"):
            tf.get_variable("v", [1])
    with tf.variable_scope("a", reuse=True):
        with tf.variable_scope("b", reuse=False) as b:
            return [b.reuse, tf.get_variable("v", [1]).name]


@program
def reuse_variables_method(tf):
    with tf.variable_scope("a") as a:
        v = tf.get_variable("v", [1])
        a.reuse_variables()
        w = tf.get_variable("v", [1])
        return [v is w, a.reuse, tf.get_variable_scope().reuse]


@program
def reuse_ends_with_the_scope(tf):
    with tf.variable_scope("a", reuse=True):
        pass
    with tf.variable_scope("a") as a:
        return a.reuse


@program
def auto_reuse(tf):
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE) as a:
        v = tf.get_variable("v", [1])
        w = tf.get_variable("v", [1])
        return [v is w, str(a.reuse), len(names(tf))]


@program
def auto_reuse_inherited_and_overridden(tf):
    found = []
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
        with tf.variable_scope("b") as b:
            found.append(str(b.reuse))
        with tf.variable_scope("b", reuse=True) as b:
            found.append(str(b.reuse))
            found.append(failure(lambda: tf.get_variable("v", [1])))
    return found


@program
def reuse_invalid_value(tf):
    return failure(lambda: tf.variable_scope("a", reuse=3))


@program
def reuse_true_with_default_name(tf):
    return failure(lambda: tf.variable_scope(None, "d", reuse=True).__enter__())


@program
def reuse_wrong_shape(tf):
    tf.get_variable("v", [2])
    tf.get_variable_scope().reuse_variables()
    return failure(lambda: tf.get_variable("v", [3]))


@program
def reuse_wrong_dtype(tf):
    tf.get_variable("v", [2])
    tf.get_variable_scope().reuse_variables()
    return failure(lambda: tf.get_variable("v", [2], dtype=tf.float64))


@program
def reuse_wrong_dtype_of_int(tf):
    tf.get_variable("v", [2], dtype=tf.int32)
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        return failure(lambda: tf.get_variable("v", [2]))


@program
def reuse_ignores_tf_variable(tf):
    with tf.variable_scope("a"):
        tf.Variable([1.0], name="v")
    with tf.variable_scope("a", reuse=True):
        return failure(lambda: tf.get_variable("v", [1]))


@program
def tf_variable_takes_the_op_name(tf):
    with tf.variable_scope("a"):
        tf.Variable([1.0], name="v")
        v = tf.get_variable("v", [1])
        return v.name


@program
def reused_scope_object_keeps_reuse(tf):
    with tf.variable_scope("a") as a:
        tf.get_variable("v", [1])
        a.reuse_variables()
    with tf.variable_scope(a) as b:
        return [b.reuse]


@program
def root_scope_reuse(tf):
    v = tf.get_variable("v", [1])
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        return tf.get_variable("v", [1]) is v
