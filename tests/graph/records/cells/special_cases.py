"""Cases of cells with inputs or states of their own (Python 3.7 too)."""

from records.cells.ways_to_run import B, D, T, U, case


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
            getattr(R, f"Conv{rank}DLSTMCell")(
                input_shape=[*space, 2], output_channels=3, kernel_shape=[3] * rank, **kwargs
            )
        )
        return cell(c.x([B, *space, 2]), c.state(cell))

    return run


for _rank in (1, 2, 3):
    case(f"conv{_rank}:once")(_conv(_rank))
case("conv2:nobias")(_conv(2, use_bias=False, forget_bias=0.1))
case("conv2:skip")(_conv(2, skip_connection=True, name="c"))


@case("conv2:dynamic")
def _conv_dynamic(tf, R, c):
    cell = c.keep(R.Conv2DLSTMCell(input_shape=[4, 4, 2], output_channels=2, kernel_shape=[3, 3]))
    return R.dynamic_rnn(cell, c.x([B, T, 4, 4, 2]), dtype="float32")


def _grid(name, depth, **kwargs):
    def run(tf, R, c):
        options = {"feature_size": 3, "frequency_skip": 2}
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
        "GridLSTMCell",
        7,
        num_frequency_blocks=[3],
        use_peepholes=True,
        share_time_frequency_weights=True,
        cell_clip=0.3,
    )
)
case("grid:coupled")(
    _grid(
        "GridLSTMCell",
        7,
        num_frequency_blocks=[3],
        use_peepholes=True,
        num_unit_shards=2,
        couple_input_forget_gates=True,
    )
)
case("grid:blocks")(
    _grid(
        "GridLSTMCell",
        8,
        num_frequency_blocks=[2, 1],
        start_freqindex_list=[0, 4],
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
    return [*outputs, state.M, state.w_list, state.read_vector_list]


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
