"""NASNet-A for mobiles as slim has it, written anew: its names, its arithmetic."""

import functools

import tensorflow as tf

v1 = tf.compat.v1
SIDE, STEM, FILTERS, BLOCKS, CLASSES = 32, 32, 44, 4, 7
CELLS = 3 * BLOCKS
SECOND = 0  # behind which cell the second head stands; where there are twelve it is 7
# Of each pair that a cell adds up: what is done to which state, on the left and on the right.
NORMAL = [
    (("separable", 5, 0), ("separable", 3, 1)),
    (("separable", 5, 1), ("separable", 3, 1)),
    (("avg", 3, 0), ("none", 0, 1)),
    (("avg", 3, 1), ("avg", 3, 1)),
    (("separable", 3, 0), ("none", 0, 0)),
]
REDUCTION = [
    (("separable", 5, 0), ("separable", 7, 1)),
    (("max", 3, 0), ("separable", 7, 1)),
    (("avg", 3, 0), ("separable", 5, 1)),
    (("none", 0, 3), ("avg", 3, 2)),
    (("separable", 3, 2), ("max", 3, 0)),
]


def nasnet(cells=CELLS):
    """As it is evaluated, with so many cells beside those that reduce."""
    _scored(_cells(cells, _normed)[-1], "final_layer")


def trained(cells):
    """As it is trained: with norms by batch, a second head, a loss, slots and averages."""
    made = _cells(cells, _normed_by_batch)
    labels = v1.placeholder(tf.int32, [None], "labels")
    logits = _scored(made[-1], "final_layer"), _second_head(made[3 + SECOND])
    first, second = (
        tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, one))
        for one in logits
    )
    weights = [tf.nn.l2_loss(w) for w in v1.trainable_variables() if "weights" in w.op.name]
    step = v1.train.get_or_create_global_step()
    with tf.control_dependencies(v1.get_collection(v1.GraphKeys.UPDATE_OPS)):
        loss = first + 0.4 * second + 4e-5 * tf.add_n(weights)
        train = v1.train.RMSPropOptimizer(0.01).minimize(loss, step)
    with tf.control_dependencies([train]):
        v1.train.ExponentialMovingAverage(0.9999, step).apply(v1.trainable_variables())


def _cells(cells, norm):
    """What the stem and each cell make, after a None."""
    v1.get_variable_scope().set_initializer(tf.zeros_initializer())
    x = v1.placeholder(tf.float32, [None, SIDE, SIDE, 3], "images")
    made = [None, norm(_conv(x, STEM, 3, "conv0", 2, "VALID"), "conv0_bn")]
    for stem in range(2):
        made.append(_reduced(made, f"cell_stem_{stem}", FILTERS * 2**stem // 4, norm))
    for cell in range(cells):
        phase, start = divmod(cell, BLOCKS)
        if phase and not start:
            made.append(_reduced(made, f"reduction_cell_{phase - 1}", FILTERS * 2**phase, norm))
        with v1.variable_scope(f"cell_{cell}"):
            states = _added(_begun(made, FILTERS * 2**phase, norm), NORMAL, 1, norm)
            made.append(tf.concat(states[1:], 3))
    return made


def _scored(x, scope):
    with v1.variable_scope(scope):
        logits = _dense(tf.reduce_mean(tf.nn.relu(x), [1, 2]))
        tf.nn.softmax(logits, name="predictions")
    return logits


def _second_head(x):
    with v1.variable_scope("aux_7/aux_logits"):
        h = tf.nn.avg_pool2d(tf.nn.relu(x), 2, 1, "VALID")
        h = tf.nn.relu(_normed_by_batch(_conv(h, 16, 1, "proj"), "aux_bn0"))
        h = _normed_by_batch(_conv(h, 24, h.shape[1], "Conv", 1, "VALID"), "aux_bn1")
        return _dense(tf.reshape(tf.nn.relu(h), [-1, 24]))


def _dense(x):
    with v1.variable_scope("FC"):
        w = v1.get_variable("weights", [x.shape[-1], CLASSES])
        return tf.nn.bias_add(tf.matmul(x, w), v1.get_variable("biases", [CLASSES]))


def _reduced(made, scope, size, norm):
    with v1.variable_scope(scope):
        return tf.concat(_added(_begun(made, size, norm), REDUCTION, 2, norm)[3:], 3)


def _begun(made, size, norm):
    """The last cell's output and that before it, both made `size` channels of one resolution."""
    h, before = made[-1], made[-2]
    if before is None:
        before = h
    elif before.shape[1] != h.shape[1]:
        before = norm(_halved(tf.nn.relu(before), size), "final_path_bn")
    elif before.shape[-1] != size:
        before = norm(_conv(tf.nn.relu(before), size, 1, "prev_1x1"), "prev_bn")
    return [norm(_conv(tf.nn.relu(h), size, 1, "1x1"), "beginning_bn"), before]


def _halved(x, size):
    """Every other pixel, and those between them."""
    between = tf.pad(x, [[0, 0], [0, 1], [0, 1], [0, 0]])[:, 1:, 1:, :]
    paths = [
        _conv(tf.nn.avg_pool2d(path, 1, 2, "VALID"), size // 2, 1, f"path{number}_conv")
        for number, path in enumerate((x, between), start=1)
    ]
    return tf.concat(paths, 3)


def _added(states, pairs, stride, norm):
    """The states that a cell begins with, which alone are strided, and the sum of each pair."""
    size = states[0].shape[-1]
    for number, pair in enumerate(pairs):
        halves = []
        for side, (kind, width, state) in zip(("left", "right"), pair, strict=True):
            with v1.variable_scope(f"comb_iter_{number}/{side}"):
                step = stride if state < 2 else 1
                halves.append(_OPERATIONS[kind](states[state], width, step, size, norm))
        states.append(halves[0] + halves[1])
    return states


def _separable_twice(x, width, stride, size, norm):
    for number, step in enumerate((stride, 1), start=1):
        with v1.variable_scope(f"separable_{width}x{width}_{number}"):
            deep = v1.get_variable("depthwise_weights", [width, width, x.shape[-1], 1])
            flat = v1.get_variable("pointwise_weights", [1, 1, x.shape[-1], size])
            x = tf.nn.separable_conv2d(tf.nn.relu(x), deep, flat, [1, step, step, 1], "SAME")
        x = norm(x, f"bn_sep_{width}x{width}_{number}")
    return x


def _pooled(pool, x, width, stride, size, norm):
    return pool(x, width, stride, "SAME")


_OPERATIONS = {
    "separable": _separable_twice,
    "avg": functools.partial(_pooled, tf.nn.avg_pool2d),
    "max": functools.partial(_pooled, tf.nn.max_pool2d),
    "none": lambda x, *rest: x,
}


def _conv(x, size, width, scope, stride=1, padding="SAME"):
    with v1.variable_scope(scope):
        w = v1.get_variable("weights", [width, width, x.shape[-1], size])
        return tf.nn.conv2d(x, w, stride, padding)


def _normed(x, scope):
    with v1.variable_scope(scope):
        beta, gamma, *kept = _norm_variables(x.shape[-1])
        return v1.nn.fused_batch_norm(x, gamma, beta, *kept, 0.001, is_training=False)[0]


def _normed_by_batch(x, scope):
    with v1.variable_scope(scope):
        beta, gamma, *kept = _norm_variables(x.shape[-1])
        y, *found = v1.nn.fused_batch_norm(x, gamma, beta, epsilon=0.001)
        for variable, value in zip(kept, found, strict=True):
            update = variable.assign_sub((variable - value) * 0.0003)
            v1.add_to_collection(v1.GraphKeys.UPDATE_OPS, update)
    return y


def _norm_variables(size):
    names = {"beta": True, "gamma": True, "moving_mean": False, "moving_variance": False}
    return [v1.get_variable(name, [size], trainable=of) for name, of in names.items()]
