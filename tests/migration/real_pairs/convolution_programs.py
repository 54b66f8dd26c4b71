"""Public programs of TensorFlow 1 with convolutions, written anew in small.

Their names and their arithmetic; each function makes a graph with placeholders and a loss.
"""

import tensorflow as tf

v1 = tf.compat.v1
SIDE, FEATURES, CLASSES = 44, 2, 2
LEVELS, SAMPLES, DILATIONS, SPEAKERS = 16, 16, (1, 2, 4), 3
RESIDUAL, DILATED, SKIPPED, SPEAKER = 5, 7, 8, 4
WIDTH = SAMPLES - 1 - sum(DILATIONS)  # levels that are guessed


def unet():
    """jakeret/tf_unet: convolutions without padding; what is joined is cropped to fit."""
    with v1.name_scope("inputs"):
        x = v1.placeholder(tf.float32, [None, None, None, 1], "x")
        y = v1.placeholder(tf.float32, [None, None, None, CLASSES], "y")
        keep = v1.placeholder(tf.float32, [], "dropout_probability")
    h, skips = x, []
    for level in range(3):
        with v1.name_scope(f"down_conv_{level}"):
            h = _twice(h, FEATURES * 2**level, keep)
            skips.append(h)
            h = tf.nn.max_pool2d(h, 2, 2, "VALID") if level < 2 else h
    for level in (1, 0):
        with v1.name_scope(f"up_conv_{level}"):
            h = _cropped(skips[level], _doubled(h, FEATURES * 2**level))
            h = _twice(h, FEATURES * 2**level, keep)
    with v1.name_scope("output_map"):
        weight = _variable([1, 1, FEATURES, CLASSES], "weight")
        h = tf.nn.relu(tf.nn.conv2d(h, weight, 1, "VALID") + _variable([CLASSES], "bias"))
    with v1.name_scope("results"):
        scaled = tf.exp(h - tf.reduce_max(h, axis=3, keepdims=True))
        seen = scaled / tf.reduce_sum(scaled, axis=3, keepdims=True)
    with v1.name_scope("cost"):
        tf.reduce_mean(-y * tf.math.log(tf.clip_by_value(seen, 1e-10, 1.0)))


def _variable(shape, name):
    """In the scope of names alone, as programs before ``get_variable`` made them."""
    return v1.Variable(tf.random.truncated_normal(shape, stddev=0.1), name=name)


def _twice(x, size, keep):
    """Both weights before both biases, as the program makes them."""
    w1 = _variable([3, 3, x.shape[-1], size], "w1")
    w2 = _variable([3, 3, size, size], "w2")
    b1, b2 = _variable([size], "b1"), _variable([size], "b2")
    for w, b in ((w1, b1), (w2, b2)):
        sums = tf.nn.bias_add(tf.nn.conv2d(x, w, strides=[1, 1, 1, 1], padding="VALID"), b)
        x = tf.nn.relu(tf.nn.dropout(sums, rate=1 - keep))
    return x


def _doubled(x, size):
    wd, bd = _variable([2, 2, size, 2 * size], "wd"), _variable([size], "bd")
    shape = tf.shape(x)
    shape = tf.stack([shape[0], shape[1] * 2, shape[2] * 2, shape[3] // 2])
    return tf.nn.relu(tf.nn.conv2d_transpose(x, wd, shape, [1, 2, 2, 1], "VALID") + bd)


def _cropped(large, small):
    shape, wanted = tf.shape(large), tf.shape(small)
    offsets = [0, (shape[1] - wanted[1]) // 2, (shape[2] - wanted[2]) // 2, 0]
    return tf.concat(
        [tf.slice(large, offsets, [-1, wanted[1], wanted[2], large.shape[3]]), small], 3
    )


def wavenet():
    """ibab/tensorflow-wavenet: sound to levels, dilated stacks by reshaping, unnamed biases."""
    audio = v1.placeholder(tf.float32, [1, SAMPLES + 1, 1], "audio")
    speaker = v1.placeholder(tf.int32, [1, 1], "speaker")
    with v1.variable_scope("wavenet"):
        with v1.variable_scope("embeddings"):
            table = v1.get_variable("gc_embedding", [SPEAKERS, SPEAKER])
        with v1.name_scope("encode"):
            levels = tf.reshape(_mu_law(audio), [1, -1])
        one_hot = tf.reshape(tf.one_hot(levels, LEVELS), [1, -1, LEVELS], name="one_hot_encoded")
        voice = tf.reshape(tf.nn.embedding_lookup(table, speaker), [1, 1, SPEAKER])
        raw = _wave_network(tf.slice(one_hot, [0, 0, 0], [-1, SAMPLES, -1]), voice)
        target = tf.reshape(
            tf.slice(one_hot, [0, SAMPLES + 1 - WIDTH, 0], [-1, -1, -1]), [-1, LEVELS]
        )
        guess = tf.reshape(raw, [-1, LEVELS])
        loss = tf.nn.softmax_cross_entropy_with_logits(target, guess)
        tf.reduce_mean(loss, name="loss")


def _mu_law(audio):
    mu = float(LEVELS - 1)
    size = tf.math.log1p(mu * tf.minimum(tf.abs(audio), 1.0)) / tf.math.log1p(mu)
    return tf.cast((tf.sign(audio) * size + 1) / 2 * mu + 0.5, tf.int32)


def _wave_network(x, voice):
    with v1.variable_scope("causal_layer"):
        x = _causal(x, v1.get_variable("filter", [2, LEVELS, RESIDUAL]), 1)
    skips = []
    with v1.variable_scope("dilated_stack"):
        for layer, dilation in enumerate(DILATIONS):
            with v1.variable_scope(f"layer{layer}"):
                skip, x = _dilated_layer(x, voice, dilation)
                skips.append(skip)
    with v1.variable_scope("postprocessing"):
        w1 = v1.get_variable("postprocess1", [1, SKIPPED, SKIPPED])
        w2 = v1.get_variable("postprocess2", [1, SKIPPED, LEVELS])
        b1, b2 = _variable([SKIPPED], None), _variable([LEVELS], None)
        h = tf.nn.conv1d(tf.nn.relu(sum(skips)), w1, 1, "SAME") + b1
        return tf.nn.conv1d(tf.nn.relu(h), w2, 1, "SAME") + b2


def _dilated_layer(x, voice, dilation):
    """Returns what it adds to the end, and what the next layer is given."""
    sizes = {"filter": [2, RESIDUAL, DILATED], "gate": [2, RESIDUAL, DILATED]}
    sizes |= {"dense": [1, DILATED, RESIDUAL], "skip": [1, DILATED, SKIPPED]}
    sizes |= {"gc_gate": [1, SPEAKER, DILATED], "gc_filter": [1, SPEAKER, DILATED]}
    w = {name: v1.get_variable(name, size) for name, size in sizes.items()}
    b = {n: _variable([sizes[n][2]], None) for n in ("filter", "gate", "dense", "skip")}
    halves = [
        _causal(x, w[n], dilation) + tf.nn.conv1d(voice, w[f"gc_{n}"], 1, "SAME") + b[n]
        for n in ("filter", "gate")
    ]
    out = tf.tanh(halves[0]) * tf.sigmoid(halves[1])
    dense = tf.nn.conv1d(out, w["dense"], 1, "SAME") + b["dense"]
    late = tf.slice(out, [0, tf.shape(out)[1] - WIDTH, 0], [-1, -1, -1])
    skip = tf.nn.conv1d(late, w["skip"], 1, "SAME") + b["skip"]
    return skip, tf.slice(x, [0, tf.shape(x)[1] - tf.shape(dense)[1], 0], [-1, -1, -1]) + dense


def _causal(x, kernel, dilation):
    """What the program does in place of a dilation: steps that lie so far apart, made rows."""
    width = tf.shape(x)[1] - dilation
    if dilation > 1:
        rows = tf.nn.conv1d(_to_rows(x, dilation), kernel, 1, "VALID")
        x = _to_steps(rows, dilation)
    else:
        x = tf.nn.conv1d(x, kernel, 1, "VALID")
    return tf.slice(x, [0, 0, 0], [-1, width, -1])


def _to_rows(x, dilation):
    shape = tf.shape(x)
    lacking = dilation - 1 - (shape[1] + dilation - 1) % dilation
    padded = tf.pad(x, [[0, 0], [0, lacking], [0, 0]])
    turned = tf.transpose(tf.reshape(padded, [-1, dilation, shape[2]]), [1, 0, 2])
    return tf.reshape(turned, [shape[0] * dilation, -1, x.shape[2]])


def _to_steps(x, dilation):
    shape = tf.shape(x)
    turned = tf.transpose(tf.reshape(x, [dilation, -1, shape[2]]), [1, 0, 2])
    return tf.reshape(turned, [shape[0] // dilation, -1, x.shape[2]])
