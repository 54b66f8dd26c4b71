"""Programs about cells: arguments and their errors (Python 3.7 too)."""

from records.cell_programs.programs import names, program, raised, step


@program
def not_a_cell(tf, R):
    class NoState:
        output_size = 3

        def __call__(self, inputs, state):
            return inputs, state

    bad = [None, 3, NoState()]
    wraps = [
        R.DropoutWrapper,
        R.ResidualWrapper,
        lambda c: R.OutputProjectionWrapper(c, 2),
        lambda c: R.DeviceWrapper(c, "/cpu:0"),
        lambda c: R.AttentionCellWrapper(c, 2),
    ]
    found = [raised(lambda w=w, c=c: w(c), "is not an RNNCell") for w in wraps for c in bad]
    x = tf.zeros([2, 3, 4])
    return [*found, raised(lambda: R.dynamic_rnn(None, x, dtype=tf.float32), "not an RNNCell")]


@program
def duck_typed_cell(tf, R):
    class Duck:
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
        list(R.LSTMStateTuple._fields),
        pair.dtype.name,
        flat,
        raised(lambda: mixed.dtype, "Inconsistent internal state"),
        repr(R.LSTMStateTuple(1, 2)),
    ]
