"""Cases of custom cells, sharing and states (Python 3.7 too)."""

from records.cells.ways_to_run import B, D, T, U, case


@case("state_saving:lstm")
def _state_saving(tf, R, c):
    cell = c.keep(R.BasicLSTMCell(U))
    held = {"c": c.x([B, U]), "h": c.x([B, U])}

    class Saver:
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
            super().__init__()
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
