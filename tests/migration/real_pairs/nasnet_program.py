"""NASNet-A for mobiles as slim has it, written anew: its names and arithmetic, no second head."""

import tensorflow as tf

v1 = tf.compat.v1
SIDE, STEM, FILTERS, BLOCKS, CLASSES = 32, 32, 44, 4, 7
CELLS = 3 * BLOCKS
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
    """Args:
    cells: how many there are but for those that reduce.
    """
    v1.get_variable_scope().set_initializer(tf.zeros_initializer())
    x = v1.placeholder(tf.float32, [None, SIDE, SIDE, 3], "images")
    h = _normed(_conv(x, STEM, 3, "conv0", 2, "VALID"), "conv0_bn")
    made = [None, h]
    for stem in range(2):
        made.append(_reduced(made, f"cell_stem_{stem}", FILTERS * 2**stem // 4))
    for cell in range(cells):
        phase, start = divmod(cell, BLOCKS)
        if phase and not start:
            made.append(_reduced(made, f"reduction_cell_{phase - 1}", FILTERS * 2**phase))
        with v1.variable_scope(f"cell_{cell}"):
            made.append(tf.concat(_added(made, NORMAL, 1, FILTERS * 2**phase)[1:], 3))
    with v1.variable_scope("final_layer"):
        h = tf.reduce_mean(tf.nn.relu(made[-1]), [1, 2])
        with v1.variable_scope("FC"):
            w = v1.get_variable("weights", [h.shape[-1], CLASSES])
            h = tf.nn.bias_add(tf.matmul(h, w), v1.get_variable("biases", [CLASSES]))
        tf.nn.softmax(h, name="predictions")


def _reduced(made, scope, size):
    with v1.variable_scope(scope):
        return tf.concat(_added(made, REDUCTION, 2, size)[3:], 3)


def _begun(made, size):
    """The last cell's output and that before it, both made `size` channels of one resolution."""
    h, before = made[-1], made[-2]
    if before is None:
        before = h
    elif before.shape[1] != h.shape[1]:
        before = _halved(tf.nn.relu(before), size)
    elif before.shape[-1] != size:
        before = _normed(_conv(tf.nn.relu(before), size, 1, "prev_1x1"), "prev_bn")
    return [_normed(_conv(tf.nn.relu(h), size, 1, "1x1"), "beginning_bn"), before]


def _halved(x, size):
    """Every other pixel, and those between them."""
    between = tf.pad(x, [[0, 0], [0, 1], [0, 1], [0, 0]])[:, 1:, 1:, :]
    paths = [
        _conv(tf.nn.avg_pool2d(path, 1, 2, "VALID"), size // 2, 1, f"path{number}_conv")
        for number, path in enumerate((x, between), start=1)
    ]
    return _normed(tf.concat(paths, 3), "final_path_bn")


def _added(made, pairs, stride, size):
    """What a cell begins with, and the sum of each pair; only the former is strided."""
    states = _begun(made, size)
    for number, pair in enumerate(pairs):
        halves = []
        for side, (kind, width, state) in zip(("left", "right"), pair, strict=True):
            with v1.variable_scope(f"comb_iter_{number}/{side}"):
                step = stride if state < 2 else 1
                halves.append(_operation(states[state], kind, width, step, size))
        states.append(halves[0] + halves[1])
    return states


def _operation(x, kind, width, stride, size):
    if kind == "none":
        return x
    if kind == "separable":
        x = _separable(x, size, width, stride, 1)
        return _separable(x, size, width, 1, 2)
    pool = tf.nn.avg_pool2d if kind == "avg" else tf.nn.max_pool2d
    return pool(x, width, stride, "SAME")


def _separable(x, size, width, stride, number):
    with v1.variable_scope(f"separable_{width}x{width}_{number}"):
        deep = v1.get_variable("depthwise_weights", [width, width, x.shape[-1], 1])
        flat = v1.get_variable("pointwise_weights", [1, 1, x.shape[-1], size])
        strides = [1, stride, stride, 1]
        x = tf.nn.separable_conv2d(tf.nn.relu(x), deep, flat, strides, "SAME")
    return _normed(x, f"bn_sep_{width}x{width}_{number}")


def _conv(x, size, width, scope, stride=1, padding="SAME"):
    with v1.variable_scope(scope):
        w = v1.get_variable("weights", [width, width, x.shape[-1], size])
    return tf.nn.conv2d(x, w, stride, padding)


def _normed(x, scope):
    size = [x.shape[-1]]
    with v1.variable_scope(scope):
        beta, gamma = (v1.get_variable(name, size) for name in ("beta", "gamma"))
        kept = [
            v1.get_variable(name, size, trainable=False)
            for name in ("moving_mean", "moving_variance")
        ]
        return v1.nn.fused_batch_norm(x, gamma, beta, *kept, 0.001, is_training=False)[0]
