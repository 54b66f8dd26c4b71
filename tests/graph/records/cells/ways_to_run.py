"""Ways to run a recurrent cell, for the cases that TensorFlow 1.15.5 and tf1compat build alike.

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
            c.x(
                [T if kwargs.get("time_major") else B, B if kwargs.get("time_major") else T, depth]
                if not isinstance(depth, list)
                else [B, T, *depth],
                dtype,
            ),
            initial_state=state,
            dtype=None if initial else dtype,
            sequence_length=lengths,
            **kwargs,
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

    build.made = _class
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
