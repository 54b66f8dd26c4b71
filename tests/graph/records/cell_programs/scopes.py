# ruff: noqa: B023 - each lambda is called before its loop goes on
"""Programs about cells: scopes, names, configs (Python 3.7 too)."""

from records.cell_programs.programs import names, program, raised, step


@program
def scope_argument_counts_once(tf, R):
    cell = R.LSTMCell(4)
    step(tf, cell, scope="first")
    step(tf, cell, scope="second")
    old = R.UGRNNCell(4)
    step(tf, old, scope="third")
    step(tf, old, scope="fourth")
    return names(tf.global_variables())


@program
def scope_object(tf, R):
    with tf.variable_scope("outer/inner") as scope:
        pass
    step(tf, R.GRUCell(4), scope=scope)
    step(tf, R.MultiRNNCell([R.GRUCell(4)]), scope="stack")
    return names(tf.global_variables())


@program
def custom_getter_and_frozen(tf, R):
    def frozen(getter, *args, **kwargs):
        kwargs["trainable"] = False
        return getter(*args, **kwargs)

    with tf.variable_scope("s", custom_getter=frozen):
        cells = [R.BasicRNNCell(4), R.UGRNNCell(4), R.MultiRNNCell([R.LSTMCell(4)])]
        for cell in cells:
            step(tf, cell)
    return [names(tf.trainable_variables())] + [
        [names(cell.trainable_weights), names(cell.non_trainable_weights)] for cell in cells
    ]


@program
def frozen_cells(tf, R):
    cell = R.LSTMCell(4, trainable=False)
    step(tf, cell)
    return [
        names(tf.trainable_variables()),
        names(cell.trainable_weights),
        names(cell.non_trainable_weights),
    ]


@program
def configs(tf, R):
    cells = [
        R.BasicRNNCell(4, activation="relu"),
        R.GRUCell(4),
        R.BasicLSTMCell(4, forget_bias=0.5),
        R.LSTMCell(4, use_peepholes=True, cell_clip=1.0, num_proj=2, name="x"),
    ]
    return [sorted(cell.get_config().items()) for cell in cells] + [
        sorted(type(cell).from_config(cell.get_config()).get_config().items()) for cell in cells
    ]


@program
def wrapper_configs(tf, R):
    wrapper = R.DropoutWrapper(R.GRUCell(4), 0.5, seed=3)
    config = wrapper.get_config()
    kept = {k: v for k, v in config.items() if k != "cell"}
    bad = raised(lambda: R.DropoutWrapper.from_config(config), "cannot reconstruct the wrapped")
    good = dict(config, cell=R.GRUCell(4))
    made = R.DropoutWrapper.from_config(good)
    return [kept, config["cell"]["class_name"], bad, made.output_size]


@program
def static_rnn_errors(tf, R):
    cell, x = R.GRUCell(4), tf.zeros([2, 3])
    return [
        raised(lambda: R.static_rnn(cell, x, dtype=tf.float32))[0],
        raised(lambda: R.static_rnn(cell, [], dtype=tf.float32))[0],
        raised(lambda: R.static_rnn(cell, [x]))[0],
        raised(lambda: R.dynamic_rnn(cell, x[None], sequence_length=[[1]], dtype=tf.float32))[0],
        raised(lambda: R.dynamic_rnn(cell, x[None]))[0],
    ]


@program
def stack_bidirectional_errors(tf, R):
    one, x = [R.GRUCell(4)], tf.zeros([2, 3, 4])
    found = []
    for stack, fed in ((R.stack_bidirectional_dynamic_rnn, x), (R.stack_bidirectional_rnn, [x[0]])):
        found += [
            raised(lambda: stack([], one, fed), "at least one fw cell"),
            raised(lambda: stack(one, [], fed), "at least one bw cell"),
            raised(lambda: stack(one[0], one, fed), "cells_fw must be a list"),
            raised(lambda: stack(one, tuple(one), fed), "cells_bw must be a list"),
            raised(lambda: stack(one, one * 2, fed), "same depth"),
            raised(
                lambda: stack(one, one, fed, initial_states_fw=[]),
                "initial_states_fw must be a list",
            ),
        ]
    return found


@program
def fused_errors(tf, R):
    cell, x = R.LSTMBlockFusedCell(4), tf.zeros([3, 2, 5])
    z = tf.zeros([2, 4])
    return [
        raised(lambda: cell(x), "Either initial_state or dtype"),
        raised(lambda: R.LSTMBlockFusedCell(4)(x, initial_state=[z]), "tuple with length 2"),
        raised(lambda: R.LSTMBlockFusedCell(4)(x[0], dtype=tf.float32), "expected ndim=3"),
    ]


@program
def activation_names(tf, R):
    fine = [
        "relu",
        "tanh",
        "sigmoid",
        "linear",
        "elu",
        "selu",
        "softmax",
        "softplus",
        "softsign",
        "exponential",
        "hard_sigmoid",
    ]
    for name in fine:
        with tf.variable_scope(name):
            step(tf, R.BasicRNNCell(2, activation=name))
    return [
        raised(lambda: R.BasicRNNCell(2, activation="nope"), "activation function"),
        [R.BasicRNNCell(2, activation=name).get_config()["activation"] for name in fine],
    ]


@program
def initializer_names(tf, R):
    for name in ("zeros", "orthogonal", "glorot_normal", "he_uniform", "truncated_normal"):
        with tf.variable_scope(name):
            step(tf, R.LSTMCell(2, initializer=name))
            step(tf, R.GRUCell(2, kernel_initializer=name, bias_initializer="ones"))
    return raised(lambda: R.LSTMCell(2, initializer="nope"))[0]


@program
def build_by_hand(tf, R):
    cell = R.LSTMCell(4, name="lstm", dtype=tf.float32)
    cell.build(tf.TensorShape([None, 3]))
    gru = R.GRUCell(4, name="gru", dtype=tf.float32)
    gru.build(tf.TensorShape([2, 3]))
    step(tf, cell)
    step(tf, gru)
    return names(tf.global_variables())


@program
def unknown_keyword(tf, R):
    return raised(lambda: R.LSTMCell(4, nonsense=1))[0]


@program
def op_names_of_a_step(tf, R):
    with tf.variable_scope("s"):
        step(tf, R.BasicLSTMCell(4))
        step(tf, R.GRUCell(4))
        step(tf, R.LSTMCell(4, use_peepholes=True, num_proj=2))
    ops = tf.get_default_graph().get_operations()
    kept = ("MatMul", "BiasAdd", "Sigmoid", "Tanh", "Split")
    return [op.name for op in ops if op.type in kept]


@program
def cells_in_different_graphs(tf, R):
    found = []
    for _ in range(2):
        with tf.Graph().as_default():
            cell = R.MultiRNNCell([R.LSTMCell(4), R.UGRNNCell(3)])
            R.dynamic_rnn(cell, tf.zeros([2, 3, 4]), dtype=tf.float32)
            found.append([*names(tf.global_variables()), cell._cells[0].name])
    return found


@program
def variable_scope_default_name(tf, R):
    for _ in range(2):
        with tf.variable_scope(None, "net"):
            R.dynamic_rnn(R.GRUCell(4), tf.zeros([2, 3, 4]), dtype=tf.float32)
    return names(tf.global_variables())


@program
def name_scopes_do_not_matter(tf, R):
    with tf.name_scope("tower"):
        with tf.variable_scope("v"):
            step(tf, R.MultiRNNCell([R.GRUCell(4), R.LSTMCell(3)]))
    return names(tf.global_variables())


@program
def subclass_names(tf, R):
    class MyLSTM(R.LSTMCell):
        pass

    class _Hidden(R.GRUCell):
        pass

    class GRU2D(R.GRUCell):
        pass

    for kind in (MyLSTM, GRU2D):
        step(tf, kind(3))
    _Hidden(3)(tf.zeros([2, 3]), tf.zeros([2, 3]))
    return [names(tf.global_variables()), raised(lambda: step(tf, _Hidden(3)), "_HiddenZeroState")]


@program
def like_rnncell(tf, R):
    cells = [R.RNNCell, R.LayerRNNCell, R.LSTMCell, R.MultiRNNCell, R.DropoutWrapper]
    return [[issubclass(cell, R.RNNCell), issubclass(cell, R.LayerRNNCell)] for cell in cells]


@program
def devices(tf, R):
    with tf.device("/job:ps/task:0"):
        cell = R.DeviceWrapper(R.GRUCell(4), "/job:worker/task:1/cpu:0")
    step(tf, cell)
    ops = tf.get_default_graph().get_operations()
    return sorted({op.device for op in ops if op.type in ("MatMul", "BiasAdd")})


@program
def one_cell_two_graphs(tf, R):
    found = []
    for kind in (R.LSTMCell, R.UGRNNCell):
        cell = kind(4)
        step(tf, cell)
        with tf.Graph().as_default():
            found.append(raised(lambda: step(tf, cell))[0])
    return found


@program
def auto_reuse_shares(tf, R):
    for _ in range(2):
        with tf.variable_scope("net", reuse=tf.AUTO_REUSE):
            stack = R.MultiRNNCell([R.LSTMCell(4, name="a"), R.UGRNNCell(3)])
            R.dynamic_rnn(stack, tf.zeros([2, 3, 4]), dtype=tf.float32)
    return names(tf.global_variables())


@program
def copies(tf, R):
    import copy

    cell = R.MultiRNNCell([R.LSTMCell(4), R.DropoutWrapper(R.GRUCell(3), 0.5)])
    twin = copy.deepcopy(cell)
    step(tf, cell)
    with tf.variable_scope("twin"):
        step(tf, twin)
    return names(tf.global_variables())


@program
def utilities(tf, R):
    x = tf.placeholder(tf.float32, [3, None, 5])
    y = tf.placeholder(tf.float32, [3, 2])
    swapped = R.transpose_batch_time(x)
    return [
        swapped.shape.as_list(),
        R.transpose_batch_time(tf.constant(1.0)).shape.as_list(),
        R.best_effort_input_batch_size([x, y]),
        R.best_effort_input_batch_size([x]).shape.as_list(),
        raised(lambda: R.best_effort_input_batch_size([tf.constant([1.0])]), "rank at least 2"),
    ]


@program
def static_shapes_of_results(tf, R):
    x = tf.placeholder(tf.float32, [None, None, 3])
    found = []
    for cell in (
        R.LSTMCell(4),
        R.BasicLSTMCell(4, state_is_tuple=False),
        R.LSTMBlockCell(4),
        R.AttentionCellWrapper(R.GRUCell(4), 2),
        R.NASCell(4),
    ):
        with tf.variable_scope(None, "net"):
            out, state = R.dynamic_rnn(cell, x, dtype=tf.float32)
        found.append([t.shape.as_list() for t in [out, *tf.nest.flatten(state)]])
    return found


@program
def regularized_scope(tf, R):
    def l2(value):
        return tf.reduce_sum(value * value)

    with tf.variable_scope("net", regularizer=l2):
        for cell in (R.LSTMCell(4, use_peepholes=True), R.UGRNNCell(4), R.LSTMCell(4)):
            step(tf, cell)
            step(tf, cell)
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    return [len(losses), [loss.shape.as_list() for loss in losses]]


@program
def trainable_weights_while_building(tf, R):
    cell = R.GRUCell(4)
    before = [cell.weights, cell.built]
    step(tf, cell)
    return [*before, cell.built, len(cell.variables), cell.count_params(), cell.losses]
