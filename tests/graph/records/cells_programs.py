"""Small programs about recurrent cells, run alike by TensorFlow 1.15.5 and by tf1compat.

Runs under Python 3.7 too. Each is a function of (tf, R), the v1 API and the cells' names, called
in a fresh graph; it returns plain values that JSON can hold.
"""

PROGRAMS = {}


def program(function):
    PROGRAMS[function.__name__] = function
    return function


def raised(action, *phrases):
    """Returns [builtin exception class, whether each phrase is in the message], or "fine"."""
    try:
        action()
    except Exception as error:
        builtin = [k.__name__ for k in type(error).__mro__ if k.__module__ == "builtins"]
        return [builtin[0], [phrase in str(error) for phrase in phrases]]
    return "fine"


def names(variables):
    return [variable.name for variable in variables]


def sizes(value):
    """Returns a state size as plain values."""
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, [sizes(one) for one in value]]
    return value.as_list() if hasattr(value, "as_list") else value


def step(tf, cell, depth=3, batch=2, dtype="float32", **kwargs):
    return cell(
        tf.zeros([batch, depth], dtype), cell.zero_state(batch, tf.as_dtype(dtype)), **kwargs
    )


@program
def state_and_output_sizes(tf, R):
    lstm = R.LSTMCell
    cells = [
        R.BasicRNNCell(4), R.GRUCell(4), R.BasicLSTMCell(4), lstm(4), lstm(4, num_proj=2),
        R.BasicLSTMCell(4, state_is_tuple=False), lstm(4, num_proj=2, state_is_tuple=False),
        R.MultiRNNCell([lstm(4), R.GRUCell(3)]),
        R.MultiRNNCell([R.GRUCell(4), R.GRUCell(3)], state_is_tuple=False),
        R.DropoutWrapper(lstm(4), 0.5), R.ResidualWrapper(R.GRUCell(5)),
        R.DeviceWrapper(R.GRUCell(5), "/cpu:0"), R.OutputProjectionWrapper(lstm(4), 7),
        R.InputProjectionWrapper(lstm(4), 7), R.EmbeddingWrapper(R.GRUCell(5), 10, 3),
        R.AttentionCellWrapper(lstm(4), 3, attn_size=2), R.HighwayWrapper(R.GRUCell(5)),
        R.LayerNormBasicLSTMCell(4), R.LSTMBlockCell(4), R.GRUBlockCellV2(4), R.NASCell(4, 3),
        R.UGRNNCell(4), R.IntersectionRNNCell(4), R.PhasedLSTMCell(4), R.GLSTMCell(4, num_proj=2),
        R.Conv2DLSTMCell(input_shape=[5, 4, 2], output_channels=3, kernel_shape=[3, 3]),
        R.Conv2DLSTMCell(
            input_shape=[5, 4, 2], output_channels=3, kernel_shape=[3, 3], skip_connection=True
        ),
        R.TimeFreqLSTMCell(4, feature_size=2), R.CoupledInputForgetGateLSTMCell(4, num_proj=3),
        R.GridLSTMCell(2, feature_size=3, frequency_skip=1, num_frequency_blocks=[2, 1]),
        R.BidirectionalGridLSTMCell(
            2, feature_size=3, frequency_skip=1, num_frequency_blocks=[2]
        ),
    ]
    return [[sizes(cell.state_size), sizes(cell.output_size)] for cell in cells]


@program
def grid_state_fields(tf, R):
    one = R.GridLSTMCell(2, feature_size=3, frequency_skip=1, num_frequency_blocks=[2, 1])
    two = R.BidirectionalGridLSTMCell(
        2, feature_size=3, frequency_skip=1, num_frequency_blocks=[2]
    )
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
    cells = [R.LSTMCell(2), R.GRUCell(2), R.BasicRNNCell(2), R.BasicLSTMCell(2),
             R.LSTMBlockCell(2), R.GRUBlockCell(2), R.SRUCell(2), R.IndRNNCell(2)]
    return [
        raised(
            lambda cell=cell: cell(tf.zeros([2, 5, 3]), cell.zero_state(2, tf.float32)),
            "expected ndim=2, found ndim=3", "is incompatible with the layer",
        )
        for cell in cells
    ]


@program
def unknown_depth(tf, R):
    x = tf.placeholder(tf.float32, [2, None])
    kinds = [R.LSTMCell, R.GRUCell, R.BasicRNNCell, R.BasicLSTMCell, R.NASCell, R.UGRNNCell,
             R.SRUCell, R.IndRNNCell, R.CoupledInputForgetGateLSTMCell, R.LayerNormLSTMCell]
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


@program
def not_a_cell(tf, R):
    class NoState(object):
        output_size = 3

        def __call__(self, inputs, state):
            return inputs, state

    bad = [None, 3, NoState()]
    wraps = [R.DropoutWrapper, R.ResidualWrapper, lambda c: R.OutputProjectionWrapper(c, 2),
             lambda c: R.DeviceWrapper(c, "/cpu:0"), lambda c: R.AttentionCellWrapper(c, 2)]
    found = [raised(lambda w=w, c=c: w(c), "is not an RNNCell") for w in wraps for c in bad]
    x = tf.zeros([2, 3, 4])
    return found + [raised(lambda: R.dynamic_rnn(None, x, dtype=tf.float32), "not an RNNCell")]


@program
def duck_typed_cell(tf, R):
    class Duck(object):
        state_size = 4
        output_size = 4

        def zero_state(self, batch, dtype):
            return tf.zeros([batch, 4], dtype)

        def __call__(self, inputs, state, scope=None):
            with tf.variable_scope(scope or "duck"):
                w = tf.get_variable("w", [4, 4])
            output = tf.tanh(tf.matmul(inputs, w) + state)
            return output, output

    stack = R.MultiRNNCell([R.DropoutWrapper(Duck(), 0.5), Duck()])
    R.dynamic_rnn(stack, tf.zeros([2, 3, 4]), dtype=tf.float32)
    return [names(tf.global_variables()), raised(lambda: stack.trainable_weights)]


@program
def dropout_arguments(tf, R):
    cell = R.LSTMCell(4)
    return [
        raised(lambda: R.DropoutWrapper(cell, 1.2), "input_keep_prob must be between 0 and 1"),
        raised(lambda: R.DropoutWrapper(cell, output_keep_prob=-0.2), "output_keep_prob must be"),
        raised(lambda: R.DropoutWrapper(cell, state_keep_prob=tf.constant(2.0)), "state_keep_prob"),
        raised(lambda: R.DropoutWrapper(cell, dropout_state_filter_visitor=3), "callable"),
        raised(lambda: R.DropoutWrapper(cell, 0.5, variational_recurrent=True), "dtype must be"),
        raised(
            lambda: R.DropoutWrapper(cell, 0.5, variational_recurrent=True, dtype=tf.float32),
            "input_size must be provided",
        ),
    ]


@program
def dropout_seeds(tf, R):
    wrapper = R.DropoutWrapper(R.GRUCell(4), 0.5, seed=17)
    kinds = [("input", 0), ("state", 0), ("state", 3), ("output", 0), ("output", 12)]
    return [wrapper._gen_seed(salt, index) for salt, index in kinds]


@program
def dropout_zero_keep(tf, R):
    return raised(lambda: step(tf, R.DropoutWrapper(R.GRUCell(4), output_keep_prob=0.0)))


@program
def dropout_adds_nothing_at_one(tf, R):
    cell = R.DropoutWrapper(R.GRUCell(4), tf.constant(1.0), 1.0, 1)
    before = len(tf.get_default_graph().as_graph_def().node)
    step(tf, cell)
    ops = {node.op for node in tf.get_default_graph().as_graph_def().node[before:]}
    return "RandomUniform" in ops and "Floor" in ops


@program
def wrapper_attributes(tf, R):
    inner = R.LSTMCell(4)
    wrapper = R.DropoutWrapper(R.ResidualWrapper(inner), 0.5)
    return [wrapper.wrapped_cell.cell is inner, wrapper.built, wrapper.name, wrapper.trainable]


@program
def residual_shape_mismatch(tf, R):
    return [
        raised(lambda: step(tf, R.ResidualWrapper(R.GRUCell(4)), depth=3), "incompatible"),
        raised(lambda: step(tf, R.HighwayWrapper(R.GRUCell(4)), depth=3), "incompatible"),
    ]


@program
def projection_arguments(tf, R):
    cell = R.GRUCell(4)
    return [
        raised(lambda: R.OutputProjectionWrapper(cell, 0), "output_size must be > 0: 0."),
        raised(lambda: R.EmbeddingWrapper(cell, 0, 3), "must be > 0: 0, 3."),
        raised(lambda: R.EmbeddingWrapper(cell, 2, -3), "must be > 0: 2, -3."),
        raised(lambda: R.AttentionCellWrapper(cell, 0), "greater than zero, got 0"),
        raised(
            lambda: R.AttentionCellWrapper(R.LSTMCell(4), 3, state_is_tuple=False),
            "Cell returns tuple of states",
        ),
        raised(lambda: R.GRUBlockCell(), "Exactly one of num_units or cell_size"),
        raised(lambda: R.GRUBlockCell(4, 4), "Exactly one of num_units or cell_size"),
        raised(lambda: R.GLSTMCell(5, number_of_groups=2), "num_units must be divisible"),
        raised(
            lambda: R.GLSTMCell(4, num_proj=3, number_of_groups=2), "num_proj must be divisible"
        ),
        raised(lambda: R.GridLSTMCell(4), "Must specify num_frequency_blocks"),
        raised(
            lambda: R.Conv1DLSTMCell(input_shape=[3], output_channels=2, kernel_shape=[3]),
            "Invalid input_shape",
        ),
    ]


@program
def call_time_errors(tf, R):
    grid = R.GridLSTMCell(2, feature_size=3, frequency_skip=2, num_frequency_blocks=[4])
    return [
        raised(lambda: step(tf, R.IntersectionRNNCell(4)), "Must have input size == output size"),
        raised(lambda: step(tf, R.GLSTMCell(4, number_of_groups=2)), "must be divisible"),
        raised(lambda: step(tf, grid, depth=7), "Invalid num_frequency_blocks"),
        raised(
            lambda: step(tf, R.CoupledInputForgetGateLSTMCell(2, num_unit_shards=50)),
            "Too many shards",
        ),
    ]


@program
def zero_state_errors(tf, R):
    cell = R.LSTMCell(4)
    x = tf.zeros([2, 3])
    return [
        raised(lambda: cell.zero_state(None, tf.float32), "None"),
        raised(lambda: cell.get_initial_state(), "batch_size and dtype cannot be None"),
        raised(lambda: cell.get_initial_state(x, batch_size=3), "batch size from input tensor"),
        raised(lambda: cell.get_initial_state(x, dtype=tf.float64), "dtype from input tensor"),
        raised(lambda: R.RNNCell().state_size),
        raised(lambda: R.RNNCell().output_size),
    ]


@program
def zero_state_shapes(tf, R):
    cell = R.MultiRNNCell([R.LSTMCell(4, num_proj=2), R.GRUCell(3)])
    batch = tf.placeholder(tf.int32, [])
    known = tf.nest.flatten(cell.zero_state(5, tf.float32))
    constant = tf.nest.flatten(cell.zero_state(tf.constant(5), tf.float64))
    unknown = tf.nest.flatten(cell.zero_state(batch, tf.float32))
    every = known + constant + unknown
    return [[z.shape.as_list(), z.dtype.name, z.name] for z in every]


@program
def state_tuple(tf, R):
    pair = R.LSTMStateTuple(tf.zeros([2]), tf.ones([2]))
    mixed = R.LSTMStateTuple(tf.zeros([2]), tf.ones([2], tf.float64))
    flat = tf.nest.flatten(R.LSTMStateTuple(c=1, h=2))
    return [
        list(R.LSTMStateTuple._fields), pair.dtype.name, flat,
        raised(lambda: mixed.dtype, "Inconsistent internal state"), repr(R.LSTMStateTuple(1, 2)),
    ]


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
        names(tf.trainable_variables()), names(cell.trainable_weights),
        names(cell.non_trainable_weights),
    ]


@program
def configs(tf, R):
    cells = [
        R.BasicRNNCell(4, activation="relu"), R.GRUCell(4), R.BasicLSTMCell(4, forget_bias=0.5),
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
    fine = ["relu", "tanh", "sigmoid", "linear", "elu", "selu", "softmax", "softplus", "softsign",
            "exponential", "hard_sigmoid"]
    for name in fine:
        with tf.variable_scope(name):
            step(tf, R.BasicRNNCell(2, activation=name))
    return [
        raised(lambda: R.BasicRNNCell(2, activation="nope"), "Unknown activation function"),
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
            found.append(names(tf.global_variables()) + [cell._cells[0].name])
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
    return [
        [issubclass(cell, R.RNNCell), issubclass(cell, R.LayerRNNCell)] for cell in cells
    ]


@program
def devices(tf, R):
    with tf.device("/job:ps/task:0"):
        cell = R.DeviceWrapper(R.GRUCell(4), "/job:worker/task:1/cpu:0")
    step(tf, cell)
    ops = tf.get_default_graph().get_operations()
    return sorted({op.device for op in ops if op.type in ("MatMul", "BiasAdd")})
