# ruff: noqa: B008 - each lambda is called before its loop goes on
"""Programs about cells: sizes, states, inputs, sharing (Python 3.7 too)."""

from records.cell_programs.programs import names, program, raised, sizes, step


@program
def state_and_output_sizes(tf, R):
    lstm = R.LSTMCell
    cells = [
        R.BasicRNNCell(4),
        R.GRUCell(4),
        R.BasicLSTMCell(4),
        lstm(4),
        lstm(4, num_proj=2),
        R.BasicLSTMCell(4, state_is_tuple=False),
        lstm(4, num_proj=2, state_is_tuple=False),
        R.MultiRNNCell([lstm(4), R.GRUCell(3)]),
        R.MultiRNNCell([R.GRUCell(4), R.GRUCell(3)], state_is_tuple=False),
        R.DropoutWrapper(lstm(4), 0.5),
        R.ResidualWrapper(R.GRUCell(5)),
        R.DeviceWrapper(R.GRUCell(5), "/cpu:0"),
        R.OutputProjectionWrapper(lstm(4), 7),
        R.InputProjectionWrapper(lstm(4), 7),
        R.EmbeddingWrapper(R.GRUCell(5), 10, 3),
        R.AttentionCellWrapper(lstm(4), 3, attn_size=2),
        R.HighwayWrapper(R.GRUCell(5)),
        R.LayerNormBasicLSTMCell(4),
        R.LSTMBlockCell(4),
        R.GRUBlockCellV2(4),
        R.NASCell(4, 3),
        R.UGRNNCell(4),
        R.IntersectionRNNCell(4),
        R.PhasedLSTMCell(4),
        R.GLSTMCell(4, num_proj=2),
        R.Conv2DLSTMCell(input_shape=[5, 4, 2], output_channels=3, kernel_shape=[3, 3]),
        R.Conv2DLSTMCell(
            input_shape=[5, 4, 2], output_channels=3, kernel_shape=[3, 3], skip_connection=True
        ),
        R.TimeFreqLSTMCell(4, feature_size=2),
        R.CoupledInputForgetGateLSTMCell(4, num_proj=3),
        R.GridLSTMCell(2, feature_size=3, frequency_skip=1, num_frequency_blocks=[2, 1]),
        R.BidirectionalGridLSTMCell(2, feature_size=3, frequency_skip=1, num_frequency_blocks=[2]),
    ]
    return [[sizes(cell.state_size), sizes(cell.output_size)] for cell in cells]


@program
def grid_state_fields(tf, R):
    one = R.GridLSTMCell(2, feature_size=3, frequency_skip=1, num_frequency_blocks=[2, 1])
    two = R.BidirectionalGridLSTMCell(2, feature_size=3, frequency_skip=1, num_frequency_blocks=[2])
    return [list(cell.state_tuple_type._fields) for cell in (one, two)]


@program
def layer_names_and_scopes(tf, R):
    a, b, c = R.GRUCell(2), R.GRUCell(2), R.BasicLSTMCell(2, name="mine")
    before = raised(lambda: a.scope_name, "has not been used yet")
    with tf.variable_scope("s"):
        for cell in (a, b, c):
            step(tf, cell)
    return [before] + [[cell.name, cell.scope_name, cell.built] for cell in (a, b, c)]


@program
def dtype_follows_first_input(tf, R):
    cell = R.LSTMCell(2)
    before = cell.dtype
    step(tf, cell, dtype="float64")
    return [before, cell.dtype, [v.dtype.base_dtype.name for v in cell.weights]]


@program
def integer_inputs(tf, R):
    cell = R.LSTMCell(2)
    return [
        raised(lambda: R.LSTMCell(2, dtype=tf.int32), "only supports floating point"),
        raised(lambda: R.GRUCell(2, dtype="int64"), "only supports floating point"),
        raised(lambda: R.BasicRNNCell(2, dtype="int64"), "only supports floating point"),
        raised(
            lambda: cell(tf.zeros([2, 3], tf.int32), cell.zero_state(2, tf.float32)),
            "only supports floating point",
        ),
    ]


@program
def mixed_dtypes(tf, R):
    cell = R.LSTMCell(2, dtype="float32")
    return raised(lambda: step(tf, cell, dtype="float64")) != "fine"


@program
def wrong_rank(tf, R):
    cells = [
        R.LSTMCell(2),
        R.GRUCell(2),
        R.BasicRNNCell(2),
        R.BasicLSTMCell(2),
        R.LSTMBlockCell(2),
        R.GRUBlockCell(2),
        R.SRUCell(2),
        R.IndRNNCell(2),
    ]
    return [
        raised(
            lambda cell=cell: cell(tf.zeros([2, 5, 3]), cell.zero_state(2, tf.float32)),
            "expected ndim=2, found ndim=3",
            "is incompatible with the layer",
        )
        for cell in cells
    ]


@program
def unknown_depth(tf, R):
    x = tf.placeholder(tf.float32, [2, None])
    kinds = [
        R.LSTMCell,
        R.GRUCell,
        R.BasicRNNCell,
        R.BasicLSTMCell,
        R.NASCell,
        R.UGRNNCell,
        R.SRUCell,
        R.IndRNNCell,
        R.CoupledInputForgetGateLSTMCell,
        R.LayerNormLSTMCell,
    ]
    return [
        raised(lambda cell=kind(2): cell(x, cell.zero_state(2, tf.float32)))[0] for kind in kinds
    ]


@program
def wrong_state_width(tf, R):
    cell, block = R.GRUCell(4), R.GRUBlockCell(4)
    lstm = R.LSTMCell(4)
    return [
        raised(lambda: cell(tf.zeros([2, 3]), tf.zeros([2, 5]))),
        raised(lambda: block(tf.zeros([2, 3]), tf.zeros([2, 5])), "incorrect: cell_size 4"),
        raised(lambda: lstm(tf.zeros([2, 3]), (tf.zeros([2, 4]), tf.zeros([2, 5])))),
    ]


@program
def wrong_state_structure(tf, R):
    lstm, block, stack = R.LSTMCell(4), R.LSTMBlockCell(4), R.MultiRNNCell([R.GRUCell(4)])
    z = tf.zeros([2, 4])
    return [
        raised(lambda: lstm(tf.zeros([2, 3]), (z, z, z)))[0],
        raised(lambda: block(tf.zeros([2, 3]), (z, z, z)), "tuple with length 2"),
        raised(lambda: stack(tf.zeros([2, 3]), z), "Expected state to be a tuple of length 1"),
    ]


@program
def changed_depth(tf, R):
    cell = R.GRUCell(4)
    step(tf, cell, depth=3)
    return raised(lambda: step(tf, cell, depth=5))[0]


@program
def second_cell_same_scope(tf, R):
    def go(**kwargs):
        with tf.variable_scope("net"):
            step(tf, R.LSTMCell(4, name="cell", **kwargs))

    go()
    again = raised(go, "already exists, disallowed", "net/cell/kernel")
    missing = raised(lambda: step(tf, R.LSTMCell(4, name="new", reuse=True)), "does not exist")
    go(reuse=True)
    return [again, missing, names(tf.global_variables())]


@program
def reuse_other_shape(tf, R):
    with tf.variable_scope("net"):
        step(tf, R.GRUCell(4, name="cell"))
    with tf.variable_scope("net", reuse=True):
        return raised(lambda: step(tf, R.GRUCell(5, name="cell")), "shape", "net/cell/gates/kernel")


@program
def dynamic_twice_needs_reuse(tf, R):
    x = tf.zeros([2, 3, 4])
    R.dynamic_rnn(R.GRUCell(4), x, dtype=tf.float32)
    return [
        raised(lambda: R.dynamic_rnn(R.GRUCell(4), x, dtype=tf.float32), "already exists"),
        names(tf.global_variables()),
    ]


@program
def one_cell_two_rnns(tf, R):
    x, cell = tf.zeros([2, 3, 4]), R.LSTMCell(4)
    R.dynamic_rnn(cell, x, dtype=tf.float32, scope="a")
    R.dynamic_rnn(cell, x, dtype=tf.float32, scope="b")
    return [names(tf.global_variables()), names(cell.trainable_weights)]


@program
def one_old_cell_two_rnns(tf, R):
    x, cell = tf.zeros([2, 3, 4]), R.UGRNNCell(4)
    R.dynamic_rnn(cell, x, dtype=tf.float32, scope="a")
    R.dynamic_rnn(cell, x, dtype=tf.float32, scope="b")
    return [names(tf.global_variables()), names(cell.trainable_weights)]


@program
def stack_of_one_object(tf, R):
    cell = R.GRUCell(4)
    step(tf, R.MultiRNNCell([cell] * 3), depth=4)
    return names(tf.global_variables())


@program
def stack_of_one_object_other_depth(tf, R):
    return raised(lambda: step(tf, R.MultiRNNCell([R.GRUCell(4)] * 2), depth=3))[0]


@program
def multi_arguments(tf, R):
    return [
        raised(lambda: R.MultiRNNCell([]), "at least one cell"),
        raised(lambda: R.MultiRNNCell(R.GRUCell(4)), "must be a list or tuple"),
        raised(
            lambda: R.MultiRNNCell([R.LSTMCell(4)], state_is_tuple=False),
            "Some cells return tuples",
        ),
    ]


@program
def multi_weights_follow_trainable(tf, R):
    stack = R.MultiRNNCell([R.GRUCell(4), R.UGRNNCell(3)])
    empty = [len(stack.weights)]
    step(tf, stack)
    before = [names(stack.trainable_weights), names(stack.non_trainable_weights)]
    stack.trainable = False
    return [empty, before, names(stack.trainable_weights), names(stack.non_trainable_weights)]
