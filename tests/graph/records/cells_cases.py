"""Recurrent cells in many configurations, built alike by TensorFlow 1.15.5 and by tf1compat.

Runs under Python 3.7 too. Each case is a function of (tf, R, c): the v1 API, the cells' names and
a `Context` that hands out fixed inputs and takes note of the cells. It returns nested outputs.
"""

B, T, D, U = 2, 3, 3, 4  # batch, steps, depth of inputs, units
CASES = {}


def case(name):
    def put(function):
        assert name not in CASES, name
        CASES[name] = function
        return function

    return put


# --- ways to run a cell ------------------------------------------------------------------------


def once(cell, depth=D, dtype="float32", scope=None, **kwargs):
    def run(tf, R, c):
        made = c.keep(cell(tf, R))
        args = {} if scope is None else {"scope": scope}
        return made(c.x([B, depth], dtype), c.state(made, dtype), **args)

    return run


def twice(cell, depth=D, dtype="float32"):
    def run(tf, R, c):
        made = c.keep(cell(tf, R))
        first = made(c.x([B, depth], dtype), c.state(made, dtype))
        return [first, made(c.x([B, depth], dtype), first[1])]

    return run


def static(cell, depth=D, dtype="float32", lengths=None, **kwargs):
    def run(tf, R, c):
        made = c.keep(cell(tf, R))
        steps = [c.x([B, depth], dtype) for _ in range(T)]
        return R.static_rnn(made, steps, dtype=dtype, sequence_length=lengths, **kwargs)

    return run


def dynamic(cell, depth=D, dtype="float32", lengths=None, initial=False, **kwargs):
    def run(tf, R, c):
        made = c.keep(cell(tf, R))
        state = c.state(made, dtype) if initial else None
        return R.dynamic_rnn(
            made,
            c.x([T if kwargs.get("time_major") else B, B if kwargs.get("time_major") else T, depth]
                if not isinstance(depth, list) else [B, T] + depth, dtype),
            initial_state=state,
            dtype=None if initial else dtype,
            sequence_length=lengths,
            **kwargs
        )

    return run


def bidirectional(cell, depth=D, dtype="float32", **kwargs):
    def run(tf, R, c):
        cells = [c.keep(cell(tf, R)), c.keep(cell(tf, R))]
        x = c.x([B, T, depth], dtype)
        return R.bidirectional_dynamic_rnn(cells[0], cells[1], x, dtype=dtype, **kwargs)

    return run


def static_bidirectional(cell, depth=D, dtype="float32", **kwargs):
    def run(tf, R, c):
        cells = [c.keep(cell(tf, R)), c.keep(cell(tf, R))]
        steps = [c.x([B, depth], dtype) for _ in range(T)]
        return R.static_bidirectional_rnn(cells[0], cells[1], steps, dtype=dtype, **kwargs)

    return run


def raw(cell, depth=D, dtype="float32"):
    def run(tf, R, c):
        made = c.keep(cell(tf, R))
        inputs = c.x([T, B, depth], dtype)
        lengths = tf.constant([2, 3])

        def loop(time, output, state, loop_state):
            new = made.zero_state(B, tf.as_dtype(dtype)) if output is None else state
            finished = time >= lengths
            fed = tf.cond(
                tf.reduce_all(finished),
                lambda: tf.zeros([B, depth], dtype),
                lambda: inputs[tf.minimum(time, T - 1)],
            )
            fed.set_shape([B, depth])
            return finished, fed, new, output, None

        outputs, state, _ = R.raw_rnn(made, loop)
        return outputs.stack(), state

    return run


def scoped(runner, name="outer", **kwargs):
    def run(tf, R, c):
        options = {key: value(tf) if callable(value) else value for key, value in kwargs.items()}
        with tf.variable_scope(name, **options):
            return runner(tf, R, c)

    return run


# --- cells and their arguments -------------------------------------------------------------------


def make(_class, *args, **kwargs):
    """A factory of `R.<_class>(*args, **kwargs)`; functions among the values are given (tf, R)."""

    def build(tf, R):
        def settle(value):
            if isinstance(value, list):
                return [settle(one) for one in value]
            return value(tf, R) if callable(value) else value

        return getattr(R, _class)(
            *[settle(arg) for arg in args], **{k: settle(v) for k, v in kwargs.items()}
        )

    return build


def function(path):
    def find(tf, R):
        target = tf
        for part in path.split("."):
            target = getattr(target, part)
        return lambda *args, **kwargs: target(*args, **kwargs)

    return find


def normal(stddev=0.3):
    return lambda tf, R: tf.random_normal_initializer(stddev=stddev)


CORE = {
    "basic_rnn": make("BasicRNNCell", U),
    "basic_rnn_relu": make("BasicRNNCell", U, activation="relu"),
    "basic_rnn_function": make("BasicRNNCell", U, activation=function("nn.softsign")),
    "basic_rnn_named": make("BasicRNNCell", U, name="mine"),
    "basic_rnn_frozen": make("BasicRNNCell", U, trainable=False),
    "basic_lstm": make("BasicLSTMCell", U),
    "basic_lstm_nobias": make("BasicLSTMCell", U, forget_bias=0.0),
    "basic_lstm_flat": make("BasicLSTMCell", U, state_is_tuple=False),
    "basic_lstm_relu": make("BasicLSTMCell", U, activation="relu"),
    "basic_lstm_named": make("BasicLSTMCell", U, name="my_lstm"),
    "basic_lstm_slash": make("BasicLSTMCell", U, name="a/b"),
    "lstm": make("LSTMCell", U),
    "lstm_peep": make("LSTMCell", U, use_peepholes=True),
    "lstm_peep_flat": make("LSTMCell", U, use_peepholes=True, state_is_tuple=False),
    "lstm_proj": make("LSTMCell", U, num_proj=3),
    "lstm_proj_flat": make("LSTMCell", U, num_proj=3, state_is_tuple=False),
    "lstm_proj_clip": make("LSTMCell", U, num_proj=3, proj_clip=0.05),
    "lstm_cell_clip": make("LSTMCell", U, cell_clip=0.1),
    "lstm_all": make(
        "LSTMCell", U, use_peepholes=True, cell_clip=0.3, num_proj=2, proj_clip=0.1,
        forget_bias=0.5, initializer=normal(), activation="softsign", name="all",
    ),
    "lstm_shards": make("LSTMCell", U, num_unit_shards=2),
    "lstm_proj_shards": make("LSTMCell", U, num_unit_shards=3, num_proj=3, num_proj_shards=2),
    "lstm_nobias": make("LSTMCell", U, forget_bias=0.0),
    "lstm_flat": make("LSTMCell", U, state_is_tuple=False),
    "lstm_sigmoid": make("LSTMCell", U, activation=function("sigmoid")),
    "gru": make("GRUCell", U),
    "gru_relu": make("GRUCell", U, activation="relu"),
    "gru_init": make(
        "GRUCell", U, kernel_initializer=normal(),
        bias_initializer=lambda tf, R: tf.constant_initializer(0.5),
    ),
    "gru_names": make(
        "GRUCell", U, kernel_initializer="orthogonal", bias_initializer="zeros", name="g"
    ),
}
STACKS = {
    "multi_lstm": make("MultiRNNCell", [make("LSTMCell", U), make("LSTMCell", 3)]),
    "multi_mixed": make(
        "MultiRNNCell", [make("BasicLSTMCell", U), make("GRUCell", 3), make("BasicRNNCell", 2)]
    ),
    "multi_flat": make(
        "MultiRNNCell", [make("GRUCell", U), make("BasicLSTMCell", 3, state_is_tuple=False)],
        state_is_tuple=False,
    ),
    "multi_nested": make(
        "MultiRNNCell",
        [
            make("MultiRNNCell", [make("GRUCell", U), make("GRUCell", U)]),
            make("ResidualWrapper", make("LSTMCell", U)),
        ],
    ),
    "residual": make("ResidualWrapper", make("GRUCell", D)),
    "residual_lstm": make("ResidualWrapper", make("LSTMCell", U, num_proj=D)),
    "residual_fn": make(
        "ResidualWrapper", make("GRUCell", U),
        residual_fn=lambda tf, R: lambda i, o: tf.concat([i, o * 2.0], 1)[:, :U],
    ),
    "device": make("DeviceWrapper", make("BasicLSTMCell", U), "/cpu:0"),
    "dropout_none": make("DropoutWrapper", make("LSTMCell", U)),
    "dropout_in": make("DropoutWrapper", make("LSTMCell", U), input_keep_prob=0.7, seed=5),
    "dropout_out": make("DropoutWrapper", make("GRUCell", U), output_keep_prob=0.6, seed=5),
    "dropout_state": make("DropoutWrapper", make("LSTMCell", U), state_keep_prob=0.5, seed=5),
    "dropout_all": make("DropoutWrapper", make("BasicLSTMCell", U), 0.8, 0.7, 0.6, seed=11),
    "dropout_tensor": make(
        "DropoutWrapper", make("GRUCell", U),
        output_keep_prob=lambda tf, R: tf.placeholder_with_default(0.5, []), seed=3,
    ),
    "dropout_filter": make(
        "DropoutWrapper", make("LSTMCell", U), state_keep_prob=0.5, seed=5,
        dropout_state_filter_visitor=lambda tf, R: lambda s: True,
    ),
    "dropout_filter_multi": make(
        "DropoutWrapper", make("MultiRNNCell", [make("LSTMCell", U), make("GRUCell", U)]),
        state_keep_prob=0.5, seed=8,
        dropout_state_filter_visitor=lambda tf, R: lambda s: (
            (True, False) if type(s) is tuple else True
        ),
    ),
    "dropout_variational": make(
        "DropoutWrapper", make("LSTMCell", U), 0.7, 0.6, 0.5, variational_recurrent=True,
        input_size=D, dtype="float32", seed=9,
    ),
    "dropout_variational_out": make(
        "DropoutWrapper", make("GRUCell", U), output_keep_prob=0.5, variational_recurrent=True,
        dtype="float32", seed=9,
    ),
    "stack_wrapped": make(
        "MultiRNNCell",
        [
            make("DropoutWrapper", make("LSTMCell", U), output_keep_prob=0.5, seed=1),
            make("DeviceWrapper", make("ResidualWrapper", make("GRUCell", U)), "/cpu:0"),
            make("ResidualWrapper", make("DropoutWrapper", make("GRUCell", U), 0.9, seed=2)),
        ],
    ),
    "in_proj": make("InputProjectionWrapper", make("GRUCell", U), 5),
    "in_proj_act": make(
        "InputProjectionWrapper", make("LSTMCell", U), 5, activation=function("tanh")
    ),
    "out_proj": make("OutputProjectionWrapper", make("GRUCell", U), 2),
    "out_proj_act": make(
        "OutputProjectionWrapper", make("BasicLSTMCell", U), 2, activation=function("nn.relu")
    ),
    "attention": make("AttentionCellWrapper", make("LSTMCell", U), 3),
    "attention_sizes": make(
        "AttentionCellWrapper", make("GRUCell", U), 2, attn_size=3, attn_vec_size=5, input_size=6
    ),
    "attention_flat": make(
        "AttentionCellWrapper", make("GRUCell", U), 2, attn_size=3, state_is_tuple=False
    ),
    "attention_multi": make(
        "AttentionCellWrapper", make("MultiRNNCell", [make("LSTMCell", U), make("GRUCell", U)]), 2
    ),
    "highway": make("HighwayWrapper", make("GRUCell", D)),
    "highway_uncoupled": make(
        "HighwayWrapper", make("BasicLSTMCell", D), couple_carry_transform_gates=False,
        carry_bias_init=2.0,
    ),
    "compiled": make("CompiledWrapper", make("BasicLSTMCell", U)),
}
CONTRIB = {
    "ln_basic": make("LayerNormBasicLSTMCell", U),
    "ln_basic_off": make("LayerNormBasicLSTMCell", U, layer_norm=False),
    "ln_basic_args": make(
        "LayerNormBasicLSTMCell", U, forget_bias=0.3, norm_gain=0.5, norm_shift=0.1,
        activation=function("sigmoid"),
    ),
    "ln_basic_drop": make(
        "LayerNormBasicLSTMCell", U, dropout_keep_prob=0.5, dropout_prob_seed=4
    ),
    "ln_lstm": make("LayerNormLSTMCell", U),
    "ln_lstm_norm": make("LayerNormLSTMCell", U, layer_norm=True),
    "ln_lstm_all": make(
        "LayerNormLSTMCell", U, use_peepholes=True, cell_clip=0.4, num_proj=3, proj_clip=0.2,
        layer_norm=True, norm_gain=0.7, norm_shift=0.1, initializer=normal(),
    ),
    "block": make("LSTMBlockCell", U),
    "block_peep": make("LSTMBlockCell", U, use_peephole=True),
    "block_clip": make("LSTMBlockCell", U, forget_bias=0.2, cell_clip=0.1, name="blk"),
    "cudnn_lstm": make("CudnnCompatibleLSTMCell", U),
    "cudnn_gru": make("CudnnCompatibleGRUCell", U),
    "gru_block": make("GRUBlockCell", U),
    "gru_block_old": make("GRUBlockCell", cell_size=U),
    "gru_block_v2": make("GRUBlockCellV2", U),
    "coupled": make("CoupledInputForgetGateLSTMCell", U),
    "coupled_peep": make("CoupledInputForgetGateLSTMCell", U, use_peepholes=True),
    "coupled_all": make(
        "CoupledInputForgetGateLSTMCell", U, use_peepholes=True, num_proj=3, proj_clip=0.2,
        num_unit_shards=2, num_proj_shards=2, layer_norm=True, state_is_tuple=False,
    ),
    "nas": make("NASCell", U),
    "nas_proj": make("NASCell", U, num_proj=3, use_bias=True),
    "ugrnn": make("UGRNNCell", U),
    "ugrnn_init": make("UGRNNCell", U, initializer=normal(), forget_bias=0.2),
    "intersection": make("IntersectionRNNCell", D),
    "intersection_proj": make("IntersectionRNNCell", U, num_in_proj=U),
    "glstm": make("GLSTMCell", U, number_of_groups=1),
    "weight_norm": make("WeightNormLSTMCell", U),
    "weight_norm_off": make("WeightNormLSTMCell", U, norm=False),
    "weight_norm_all": make(
        "WeightNormLSTMCell", U, use_peepholes=True, cell_clip=0.4, num_proj=3, proj_clip=0.2
    ),
    "ind": make("IndRNNCell", U),
    "indy_gru": make("IndyGRUCell", U),
    "indy_lstm": make("IndyLSTMCell", U),
    "indy_lstm_init": make(
        "IndyLSTMCell", U, forget_bias=0.2, kernel_initializer=normal(),
        bias_initializer=lambda tf, R: tf.ones_initializer(),
    ),
    "sru": make("SRUCell", U),
    "minimal": make("MinimalRNNCell", U),
    "cfn": make("CFNCell", U),
    "time_freq": make("TimeFreqLSTMCell", U, feature_size=D),
    "time_freq_peep": make(
        "TimeFreqLSTMCell", U, feature_size=D, use_peepholes=True, cell_clip=0.2,
        num_unit_shards=2,
    ),
}

_EVERY = {}
for _group in (CORE, STACKS, CONTRIB):
    _EVERY.update(_group)
# Inputs must have the wrapped cell's output size.
_DEPTHS = {"residual_fn": U, "multi_nested": U, "stack_wrapped": U}

for _name, _cell in sorted(_EVERY.items()):
    _depth = _DEPTHS.get(_name, D)
    case(_name + ":once")(once(_cell, _depth))
    # Without it, iterations race for the random numbers.
    _one = {"parallel_iterations": 1} if "drop" in _name or "stack_w" in _name else {}
    case(_name + ":dynamic")(dynamic(_cell, _depth, lengths=[2, 3], **_one))

for _name in ("basic_rnn", "basic_lstm", "basic_lstm_flat", "lstm_all", "lstm_shards", "gru",
              "multi_mixed", "multi_flat", "stack_wrapped", "out_proj", "attention", "ln_basic",
              "coupled_all", "ugrnn", "block", "nas"):
    case(_name + ":twice")(twice(_EVERY[_name], _DEPTHS.get(_name, D)))
for _name in ("basic_rnn", "basic_lstm", "lstm_all", "lstm_shards", "gru", "multi_lstm",
              "multi_flat", "stack_wrapped", "attention", "ln_basic", "block_peep", "in_proj",
              "out_proj", "dropout_all", "dropout_variational", "weight_norm", "gru_block_v2"):
    case(_name + ":static")(static(_EVERY[_name], _DEPTHS.get(_name, D)))
for _name in ("basic_lstm", "lstm_proj", "gru", "multi_lstm"):
    case(_name + ":static_lengths")(static(_EVERY[_name], lengths=[1, 3]))
    case(_name + ":dynamic_plain")(dynamic(_EVERY[_name]))
    case(_name + ":dynamic_major")(dynamic(_EVERY[_name], time_major=True, lengths=[3, 1]))
    case(_name + ":dynamic_initial")(dynamic(_EVERY[_name], initial=True, scope="decoder"))
    case(_name + ":bidirectional")(bidirectional(_EVERY[_name], sequence_length=[2, 3]))
    case(_name + ":static_bidirectional")(static_bidirectional(_EVERY[_name]))
    case(_name + ":raw")(raw(_EVERY[_name]))
    case(_name + ":scope_argument")(once(_EVERY[_name], scope="given"))
    case(_name + ":scoped")(scoped(once(_EVERY[_name])))
for _name in ("basic_rnn", "basic_lstm", "lstm_peep", "gru", "multi_mixed", "nas", "ind",
              "indy_gru", "sru", "minimal", "out_proj"):
    case(_name + ":float64")(dynamic(_EVERY[_name], dtype="float64"))
for _name in ("basic_lstm", "lstm_proj", "gru", "ln_basic"):
    case(_name + ":float16")(once(_EVERY[_name], dtype="float16"))
case("lstm:initializer")(
    scoped(once(CORE["lstm"]), initializer=lambda tf: tf.constant_initializer(0.1))
)
case("lstm:partitioner")(
    scoped(dynamic(CORE["lstm"]), partitioner=lambda tf: tf.fixed_size_partitioner(2))
)
case("out_proj:partitioner")(
    scoped(once(STACKS["out_proj"]), partitioner=lambda tf: tf.fixed_size_partitioner(2))
)
case("multi_lstm:reuse_scope")(scoped(once(STACKS["multi_lstm"]), reuse=lambda tf: tf.AUTO_REUSE))
case("glstm:groups")(once(make("GLSTMCell", U, number_of_groups=2), depth=6))
case("glstm:dynamic_groups")(
    dynamic(make("GLSTMCell", U, num_proj=2, number_of_groups=2), depth=6)
)
case("float32_cell:typed")(once(make("LSTMCell", U, dtype="float32")))


@case("gru:regularized")
def _regularized(tf, R, c):
    def l2(value):
        return tf.reduce_sum(value * value) * 0.5

    with tf.variable_scope("net", regularizer=l2):
        cell = c.keep(R.GRUCell(U))
        out, state = R.dynamic_rnn(cell, c.x([B, T, D]), dtype="float32")
    return [out, state, tf.add_n(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))]


@case("embedding:once")
def _embedding(tf, R, c):
    cell = c.keep(R.EmbeddingWrapper(R.GRUCell(U), 7, 5))
    return cell(tf.constant([[1], [6]]), c.state(cell))


@case("embedding:dynamic")
def _embedding_dynamic(tf, R, c):
    cell = c.keep(R.EmbeddingWrapper(R.LSTMCell(U), 7, 5))
    return R.dynamic_rnn(cell, tf.constant([[1, 6, 2], [0, 3, 3]])[:, :, None], dtype="float32")


@case("phased:once")
def _phased(tf, R, c):
    cell = c.keep(R.PhasedLSTMCell(U))
    return cell((c.x([B, 1]) + 40.0, c.x([B, D])), c.state(cell))


@case("phased:peepholes_dynamic")
def _phased_dynamic(tf, R, c):
    cell = c.keep(R.PhasedLSTMCell(U, use_peepholes=True, trainable_ratio_on=False))
    inputs = (c.x([B, T, 1], "float64") * 30.0 + 50.0, c.x([B, T, D]))
    return R.dynamic_rnn(cell, inputs, dtype="float32")


def _conv(rank, **kwargs):
    def run(tf, R, c):
        space = [5, 4, 3][:rank]
        cell = c.keep(
            getattr(R, "Conv%dDLSTMCell" % rank)(
                input_shape=space + [2], output_channels=3, kernel_shape=[3] * rank, **kwargs
            )
        )
        return cell(c.x([B] + space + [2]), c.state(cell))

    return run


for _rank in (1, 2, 3):
    case("conv%d:once" % _rank)(_conv(_rank))
case("conv2:nobias")(_conv(2, use_bias=False, forget_bias=0.1))
case("conv2:skip")(_conv(2, skip_connection=True, name="c"))


@case("conv2:dynamic")
def _conv_dynamic(tf, R, c):
    cell = c.keep(
        R.Conv2DLSTMCell(input_shape=[4, 4, 2], output_channels=2, kernel_shape=[3, 3])
    )
    return R.dynamic_rnn(cell, c.x([B, T, 4, 4, 2]), dtype="float32")


def _grid(name, depth, **kwargs):
    def run(tf, R, c):
        options = dict(feature_size=3, frequency_skip=2)
        options.update(kwargs)
        cell = c.keep(getattr(R, name)(2, **options))
        x = c.x([B, depth])
        first = cell(x, c.state(cell))
        return [first, cell(x, first[1])]

    return run


case("grid:plain")(_grid("GridLSTMCell", 7, num_frequency_blocks=[3]))
case("grid:flat")(_grid("GridLSTMCell", 7, num_frequency_blocks=[3], state_is_tuple=False))
case("grid:peep")(_grid("GridLSTMCell", 7, num_frequency_blocks=[3], use_peepholes=True))
case("grid:shared")(
    _grid(
        "GridLSTMCell", 7, num_frequency_blocks=[3], use_peepholes=True,
        share_time_frequency_weights=True, cell_clip=0.3,
    )
)
case("grid:coupled")(
    _grid(
        "GridLSTMCell", 7, num_frequency_blocks=[3], use_peepholes=True, num_unit_shards=2,
        couple_input_forget_gates=True,
    )
)
case("grid:blocks")(
    _grid(
        "GridLSTMCell", 8, num_frequency_blocks=[2, 1], start_freqindex_list=[0, 4],
        end_freqindex_list=[5, 8],
    )
)
case("grid:bidirectional")(
    _grid("BidirectionalGridLSTMCell", 7, num_frequency_blocks=[3], use_peepholes=True)
)
case("grid:bidirectional_offset")(
    _grid("BidirectionalGridLSTMCell", 7, num_frequency_blocks=[3], backward_slice_offset=1)
)


@case("time_freq:frequencies")
def _time_freq(tf, R, c):
    cell = c.keep(R.TimeFreqLSTMCell(2, feature_size=3, frequency_skip=2, use_peepholes=True))
    return cell(c.x([B, 7]), c.x([B, 12]))


@case("ntm:steps")
def _ntm(tf, R, c):
    cell = c.keep(R.NTMCell(R.LSTMCell(U), 5, 3, 1, 2, shift_range=1, output_dim=2))
    state = cell.zero_state(B, tf.float32)
    outputs = []
    for _ in range(3):
        output, state = cell(c.x([B, D]), state)
        outputs.append(output)
    return outputs + [state.M, state.w_list, state.read_vector_list]


def _fused(**kwargs):
    def run(tf, R, c):
        cell = c.keep(R.LSTMBlockFusedCell(U, **kwargs))
        return cell(c.x([T, B, D]), dtype=tf.float32)

    return run


case("fused:plain")(_fused())
case("fused:peep")(_fused(use_peephole=True, cell_clip=0.2, forget_bias=0.5, name="f"))


@case("fused:lengths")
def _fused_lengths(tf, R, c):
    cell = c.keep(R.LSTMBlockFusedCell(U))
    state = (c.x([B, U]), c.x([B, U]))
    return cell(c.x([T, B, D]), initial_state=state, sequence_length=tf.constant([1, 3]))


@case("fused:reversed")
def _fused_reversed(tf, R, c):
    cell = c.keep(R.LSTMBlockFusedCell(U))
    turned = R.TimeReversedFusedRNN(cell)
    x = c.x([T, B, D])
    return [turned(x, dtype=tf.float32), turned(x, dtype=tf.float32, sequence_length=[2, 1])]


@case("fused:adaptor")
def _fused_adaptor(tf, R, c):
    cell = c.keep(R.BasicLSTMCell(U))
    x = c.x([T, B, D])
    unrolled = R.FusedRNNCellAdaptor(cell)(x, dtype="float32", scope="here")
    looped = R.FusedRNNCellAdaptor(cell, use_dynamic_rnn=True)
    return [unrolled, looped(x, dtype="float32", sequence_length=[3, 2])]


@case("stack_bidirectional:dynamic")
def _stack_dynamic(tf, R, c):
    forward = [c.keep(R.LSTMCell(U)), c.keep(R.GRUCell(3))]
    backward = [c.keep(R.LSTMCell(U)), c.keep(R.GRUCell(2))]
    return R.stack_bidirectional_dynamic_rnn(
        forward, backward, c.x([B, T, D]), dtype="float32", sequence_length=[2, 3]
    )


@case("stack_bidirectional:static")
def _stack_static(tf, R, c):
    forward = [c.keep(R.LSTMCell(U)), c.keep(R.GRUCell(3))]
    backward = [c.keep(R.LSTMCell(U)), c.keep(R.GRUCell(2))]
    steps = [c.x([B, D]) for _ in range(T)]
    return R.stack_bidirectional_rnn(forward, backward, steps, dtype="float32", scope="bi")


@case("state_saving:lstm")
def _state_saving(tf, R, c):
    cell = c.keep(R.BasicLSTMCell(U))
    held = {"c": c.x([B, U]), "h": c.x([B, U])}

    class Saver(object):
        saved = {}

        def state(self, name):
            return held[name]

        def save_state(self, name, value):
            self.saved[name] = value
            return tf.identity(value)

    steps = [c.x([B, D]) for _ in range(T)]
    outputs, state = R.static_state_saving_rnn(cell, steps, Saver(), ("c", "h"))
    return [outputs, state]


@case("custom:get_variable_in_call")
def _custom_call(tf, R, c):
    class Mine(R.RNNCell):
        def __init__(self, units):
            super(Mine, self).__init__()
            self._units = units

        @property
        def state_size(self):
            return self._units

        @property
        def output_size(self):
            return self._units

        def call(self, inputs, state):
            w = tf.get_variable("w", [inputs.shape.as_list()[-1], self._units])
            with tf.variable_scope("inner"):
                u = tf.get_variable("u", [self._units, self._units], trainable=False)
            output = tf.tanh(tf.matmul(inputs, w) + tf.matmul(state, u))
            return output, output

    cell = c.keep(Mine(U))
    outputs, state = R.dynamic_rnn(cell, c.x([B, T, D]), dtype="float32")
    return [outputs, state, R.static_rnn(Mine(U), [c.x([B, D])], dtype="float32", scope="s")]


@case("custom:old_style")
def _custom_old(tf, R, c):
    class Old(R.RNNCell):
        def __init__(self, cell, units):
            self._inner = cell
            self._units = units

        @property
        def state_size(self):
            return self._inner.state_size

        @property
        def output_size(self):
            return self._units

        def __call__(self, inputs, state, scope=None):
            with tf.variable_scope(scope or type(self).__name__):
                output, state = self._inner(inputs, state)
                w = tf.get_variable("proj_w", [self._inner.output_size, self._units])
                return tf.matmul(output, w), state

    old = Old(R.LSTMCell(U), 2)
    return R.dynamic_rnn(old, c.x([B, T, D]), dtype="float32")


@case("custom:layer_cell")
def _custom_layer(tf, R, c):
    class Cell(R.LayerRNNCell):
        state_size = U
        output_size = U

        def build(self, shape):
            depth = shape.as_list()[-1]
            self.k = self.add_variable("k", [depth + U, U], initializer=tf.ones_initializer())
            self.built = True

        def call(self, inputs, state):
            output = tf.sigmoid(tf.matmul(tf.concat([inputs, state], 1), self.k))
            return output, output

    cell = c.keep(Cell(name="own"))
    return [R.dynamic_rnn(cell, c.x([B, T, D]), dtype="float32"), cell(c.x([B, D]), c.x([B, U]))]


@case("reuse:two_scopes")
def _two_scopes(tf, R, c):
    cell = c.keep(R.BasicLSTMCell(U))
    outs = []
    for name in ("first", "second"):
        with tf.variable_scope(name):
            outs.append(cell(c.x([B, D]), c.state(cell)))
    return outs


@case("reuse:two_scopes_multi")
def _two_scopes_multi(tf, R, c):
    cell = c.keep(R.MultiRNNCell([R.GRUCell(U), R.UGRNNCell(3)]))
    outs = []
    for name in ("first", "second"):
        with tf.variable_scope(name):
            outs.append(cell(c.x([B, D]), c.state(cell)))
    return outs


@case("reuse:argument")
def _reuse_argument(tf, R, c):
    with tf.variable_scope("net"):
        first = c.keep(R.LSTMCell(U))
        a = first(c.x([B, D]), c.state(first))
    with tf.variable_scope("net"):
        second = c.keep(R.LSTMCell(U, reuse=True))
        b = second(c.x([B, D]), c.state(second))
    return [a, b]


@case("reuse:scope")
def _reuse_scope(tf, R, c):
    outs = []
    for reuse in (None, True):
        with tf.variable_scope("net", reuse=reuse):
            cell = c.keep(R.MultiRNNCell([R.LSTMCell(U), R.LayerNormBasicLSTMCell(3)]))
            outs.append(R.dynamic_rnn(cell, c.x([B, T, D]), dtype="float32"))
    return outs


@case("reuse:default_names")
def _default_names(tf, R, c):
    cells = [c.keep(R.GRUCell(U)) for _ in range(3)]
    return [cell(c.x([B, D]), c.state(cell)) for cell in cells]


@case("reuse:shared_in_stack")
def _shared_in_stack(tf, R, c):
    cell = R.GRUCell(U)
    stack = c.keep(R.MultiRNNCell([cell, cell]))
    return R.dynamic_rnn(stack, c.x([B, T, U]), dtype="float32")


@case("encoder_decoder")
def _encoder_decoder(tf, R, c):
    with tf.variable_scope("encoder"):
        encoder = c.keep(R.MultiRNNCell([R.GRUCell(U) for _ in range(2)]))
        _, state = R.dynamic_rnn(encoder, c.x([B, T, D]), dtype="float32")
    with tf.variable_scope("decoder"):
        decoder = c.keep(R.MultiRNNCell([R.GRUCell(U) for _ in range(2)]))
        steps = [c.x([B, D]) for _ in range(T)]
        return R.static_rnn(decoder, steps, initial_state=state)


@case("dynamic_batch")
def _dynamic_batch(tf, R, c):
    x = tf.placeholder_with_default(c.x([B, T, D]), [None, None, D])
    cell = c.keep(R.MultiRNNCell([R.LSTMCell(U), R.GRUCell(3)]))
    return R.dynamic_rnn(cell, x, dtype="float32")


@case("zero_state:tensor_batch")
def _zero_state(tf, R, c):
    batch = tf.placeholder_with_default(tf.constant(B), [])
    cell = c.keep(R.MultiRNNCell([R.LSTMCell(U, num_proj=2), R.GRUCell(3)]))
    return cell(c.x([B, D]), cell.zero_state(batch, tf.float32))


@case("initial_state:inputs")
def _initial_state(tf, R, c):
    cell = c.keep(R.BasicLSTMCell(U))
    x = c.x([B, D])
    return cell(x, cell.get_initial_state(inputs=x))
