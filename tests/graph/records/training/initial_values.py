"""Initializers and regularizers with fixed seeds; both interpreters run them (Python 3.7 too)."""

import numpy as np

SHAPES = ([6, 4], [3, 3, 4, 8], [12], [3, 4, 4])

# name -> (arguments, shapes it takes)
TF_INITIALIZERS = {
    "zeros": {},
    "ones": {},
    "constant": {"value": 0.25},
    "random_normal": {"seed": 3, "stddev": 0.5},
    "random_uniform": {"seed": 3, "minval": -0.2, "maxval": 0.4},
    "truncated_normal": {"seed": 3, "stddev": 0.1},
    "uniform_unit_scaling": {"seed": 3, "factor": 1.3},
    "variance_scaling": {"seed": 3, "scale": 2.0, "mode": "fan_out", "distribution": "uniform"},
    "glorot_normal": {"seed": 3},
    "glorot_uniform": {"seed": 3},
    "he_normal": {"seed": 3},
    "he_uniform": {"seed": 3},
    "lecun_normal": {"seed": 3},
    "lecun_uniform": {"seed": 3},
    "orthogonal": {"seed": 3, "gain": 1.5},
    "identity": {"gain": 2.0},
}
BY_NAME = ("normal", "uniform", "truncated_normal", "glorot_normal", "he_uniform", "orthogonal")


def fits(name, shape):
    if name == "identity":
        return len(shape) == 2
    if name == "orthogonal":
        return len(shape) > 1
    if name == "delta_orthogonal":
        return len(shape) in (3, 4)
    return True


def initializers(tf, contrib):
    """Yields (name, initializer); `contrib` has xavier, variance_scaling, delta_orthogonal."""
    for name, options in TF_INITIALIZERS.items():
        yield name, getattr(tf.initializers, name)(**options)
    for uniform in (True, False):
        yield f"xavier_{uniform}", contrib.xavier(uniform=uniform, seed=3)
        for mode in ("FAN_IN", "FAN_OUT", "FAN_AVG"):
            made = contrib.variance_scaling(factor=1.7, mode=mode, uniform=uniform, seed=3)
            yield f"contrib_{mode}_{uniform}", made
    yield "delta_orthogonal", contrib.delta_orthogonal(gain=1.2, seed=3)


def initial_values(tf, contrib):
    """Returns {name|shape: array} under graph seed 11."""
    values = {}
    for name, initializer in initializers(tf, contrib):
        for shape in SHAPES:
            if not fits(name, shape):
                continue
            with tf.Graph().as_default():
                tf.set_random_seed(11)
                variable = tf.get_variable("v", shape, initializer=initializer)
                with tf.Session() as session:
                    session.run(variable.initializer)
                    values[f"{name}|{shape}"] = session.run(variable)
    return values


def spreads(tf):
    """Standard deviation and greatest size of big kernels by each name that layers take."""
    found = {}
    for name in BY_NAME:
        with tf.Graph().as_default():
            tf.set_random_seed(11)
            tf.layers.dense(tf.zeros([1, 300]), 200, kernel_initializer=name)
            kernel = tf.global_variables()[0]
            with tf.Session() as session:
                session.run(tf.global_variables_initializer())
                value = session.run(kernel)
        found[name] = [float(value.std()), float(np.abs(value).max())]
    return found


def penalties(tf, contrib):
    """Returns {name: number} of the regularizers on fixed weights."""
    weights = np.linspace(-1.0, 2.0, 12).reshape(3, 4).astype("float32")
    made = {
        "l1": contrib.l1_regularizer(0.3),
        "l2": contrib.l2_regularizer(0.3),
        "both": contrib.l1_l2_regularizer(0.3, 0.7),
        "only_l2": contrib.l1_l2_regularizer(0.0, 0.7),
        "only_l1": contrib.l1_l2_regularizer(0.3, 0.0),
        "sum": contrib.sum_regularizer(
            [contrib.l1_regularizer(0.1), None, contrib.l2_regularizer(0.0)]
        ),
    }
    found = {}
    for name, regularizer in made.items():
        with tf.Graph().as_default():
            penalty = regularizer(tf.Variable(weights))
            with tf.Session() as session:
                session.run(tf.global_variables_initializer())
                found[name] = [penalty.op.name, float(session.run(penalty))]
    with tf.Graph().as_default():
        variables = [tf.Variable(weights), tf.Variable(weights * 2)]
        total = contrib.apply_regularization(contrib.l2_regularizer(0.5), variables)
        kept = len(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            found["applied"] = [total.op.name, float(session.run(total)), kept]
    return found
