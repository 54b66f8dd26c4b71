"""Programs about templates; see program_tools.py."""

from records.scopes.programs import failure, names, program


def scaled(tf, x=1.0):
    return x * tf.get_variable("w", [2], initializer=tf.ones_initializer())


@program
def template_shares(tf):
    t = tf.make_template("t", scaled, tf=tf)
    a, b = t(), t()
    return [names(tf), a.name, b.name]


@program
def template_names_are_unique(tf):
    one, two = tf.make_template("t", scaled, tf=tf), tf.make_template("t", scaled, tf=tf)
    one(), two(), one()
    return [names(tf), one.variable_scope_name, two.variable_scope_name]


@program
def template_unique_name(tf):
    one = tf.make_template("t", scaled, unique_name_="u", tf=tf)
    two = tf.make_template("t", scaled, unique_name_="u", tf=tf)
    one()
    return [names(tf), failure(two)]


@program
def template_in_a_scope(tf):
    t = tf.make_template("t", scaled, tf=tf)
    with tf.variable_scope("a"):
        x = t()
    with tf.variable_scope("b"):
        y = t()
    return [names(tf), x.name, y.name]


@program
def template_scope_made_now(tf):
    with tf.variable_scope("a"):
        t = tf.make_template("t", scaled, create_scope_now_=True, tf=tf)
    with tf.variable_scope("b"):
        x = t()
    return [names(tf), x.name]


@program
def template_new_variable_later(tf):
    count = []

    def grow():
        count.append(1)
        return tf.get_variable(f"w{len(count)}", [1])

    t = tf.make_template("t", grow)
    t()
    return [failure(t), names(tf)[:1]]


@program
def template_tf_variable_later(tf):
    t = tf.make_template("t", lambda: tf.Variable([1.0]))
    t()
    return failure(t)


@program
def template_failing_first(tf):
    state = []

    def flaky():
        if not state:
            state.append(1)
            raise KeyError("first")
        return tf.get_variable("w", [1])

    t = tf.make_template("t", flaky)
    first = failure(t)
    return [first, t().name, t().name]


@program
def templates_nest(tf):
    inner = tf.make_template("inner", scaled, tf=tf)
    outer = tf.make_template("outer", lambda: inner() + tf.get_variable("v", [2]))
    outer(), outer()
    return names(tf)


@program
def template_in_two_nested(tf):
    def outer_function():
        a = tf.make_template("in", scaled, tf=tf)()
        b = tf.make_template("in", scaled, tf=tf)()
        return a + b

    outer = tf.make_template("out", outer_function)
    outer(), outer()
    return names(tf)


@program
def template_custom_getter(tf):
    seen = []

    def wrap(getter, name, *args, **kwargs):
        seen.append(name)
        return getter(name, *args, **kwargs)

    t = tf.make_template("t", scaled, custom_getter_=wrap, tf=tf)
    t(), t()
    return seen


@program
def template_collections(tf):
    def function():
        tf.get_variable("a", [1])
        tf.get_variable("b", [1], trainable=False)
        tf.get_local_variable("c", [1])
        return tf.constant(1.0)

    t = tf.make_template("t", function)
    t()
    listed = [t.variables, t.trainable_variables, t.global_variables, t.local_variables]
    return [sorted(v.name for v in some) for some in listed]


@program
def template_without_name(tf):
    return failure(lambda: tf.make_template(None, scaled))


@program
def template_with_regularizer(tf):
    def function():
        return tf.get_variable("w", [1], regularizer=tf.nn.l2_loss)

    t = tf.make_template("t", function)
    t(), t()
    return len(tf.get_collection("regularization_losses"))


@program
def template_with_layers(tf):
    t = tf.make_template("t", lambda x: tf.layers.dense(tf.layers.dense(x, 3), 2))
    a, b = t(tf.ones([1, 4])), t(tf.ones([2, 4]))
    return [names(tf), a.shape.as_list(), b.shape.as_list(), a.name, b.name]
