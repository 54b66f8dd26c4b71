"""Programs about cells: loops, devices, averages, metagraphs (Python 3.7 too)."""

from records.cell_programs.programs import names, program, step


@program
def averaged_weights_by_custom_getter(tf, R):
    average = tf.train.ExponentialMovingAverage(0.9)
    with tf.variable_scope("m"):
        R.dynamic_rnn(R.LSTMCell(3), tf.ones([2, 3, 3]), dtype=tf.float32)
    update = average.apply(tf.trainable_variables())

    def kept(getter, name, *args, **kwargs):
        variable = getter(name, *args, **kwargs)
        found = average.average(variable)
        return variable if found is None else found

    cell = R.LSTMCell(3)
    with tf.variable_scope("m", reuse=True, custom_getter=kept):
        R.dynamic_rnn(cell, tf.ones([2, 3, 3]), dtype=tf.float32)
    return [
        names(tf.global_variables()),
        names(cell.weights),
        names(cell.trainable_weights),
        update is not None,
    ]


@program
def variables_over_parameter_servers(tf, R):
    with tf.device(tf.train.replica_device_setter(ps_tasks=2)):
        stack = R.MultiRNNCell([R.LSTMCell(3), R.UGRNNCell(3)])
        R.dynamic_rnn(stack, tf.ones([2, 3, 3]), dtype=tf.float32)
    return [[variable.name, variable.device] for variable in tf.global_variables()]


@program
def inside_cond_and_while(tf, R):
    cell, x = R.GRUCell(3), tf.ones([2, 3])
    out = tf.cond(tf.reduce_sum(x) > 1, lambda: cell(x, x)[0], lambda: cell(x, x * 2)[0])
    stack = R.MultiRNNCell([R.UGRNNCell(3), R.LSTMCell(3)])
    _, state = tf.while_loop(
        lambda i, s: i < 3,
        lambda i, s: (i + 1, stack(x, s)[1]),
        [0, stack.zero_state(2, tf.float32)],
    )
    shapes = [part.shape.as_list() for part in tf.nest.flatten(state)]
    return [out.shape.as_list(), shapes, names(tf.global_variables()), names(stack.weights)]


@program
def collections_hold_each_variable_once(tf, R):
    def getter(getter, *args, **kwargs):
        kwargs["collections"] = [tf.GraphKeys.GLOBAL_VARIABLES, "mine"]
        return getter(*args, **kwargs)

    with tf.variable_scope("s", custom_getter=getter):
        for cell in (R.LSTMCell(3), R.UGRNNCell(3)):
            step(tf, cell)
            step(tf, cell)
    keys = [tf.GraphKeys.GLOBAL_VARIABLES, tf.GraphKeys.TRAINABLE_VARIABLES, "mine"]
    return [names(tf.get_collection(key)) for key in keys]


@program
def scope_dtype_and_initializer(tf, R):
    with tf.variable_scope("d", dtype=tf.float64, initializer=tf.ones_initializer()):
        cells = [R.GRUCell(3), R.UGRNNCell(3), R.LayerNormBasicLSTMCell(3, layer_norm=False)]
        for cell in cells:
            step(tf, cell, dtype="float64")
    found = []
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for variable in tf.global_variables():
            value = session.run(variable)
            found.append([variable.name, value.dtype.name, float(value.sum())])
    return found
