"""Models as a user of Keras writes them anew, with names of their own, for public programs."""

import keras
from keras import layers, ops
from real_pairs import convolution_programs as conv
from real_pairs import mobilenet_program as slim
from real_pairs import recurrent_programs as recurrent


def char_model(layer, **options):
    ids = keras.Input((recurrent.TIME,), dtype="int32", name="ids")
    h = layers.Embedding(recurrent.WORDS, recurrent.UNITS, name="embed")(ids)
    for number in range(2):
        made = layer(recurrent.UNITS, return_sequences=True, name=f"layer_{number}", **options)
        h = made(h)
    h = ops.reshape(h, (-1, recurrent.UNITS))
    return keras.Model(ids, layers.Dense(recurrent.WORDS, "softmax", name="next_char")(h))


def char_lstm():
    return char_model(layers.LSTM)


def char_gru():
    """1.x's cell applies the reset gate before its product."""
    return char_model(layers.GRU, reset_after=False)


def tagger():
    words = keras.Input((4,), dtype="int32", name="words")
    chars = keras.Input((4, recurrent.LETTERS), dtype="int32", name="chars")
    e = layers.Embedding(recurrent.WORDS, recurrent.WORD, name="word_embedding")(words)
    h = layers.Embedding(recurrent.CHARS, recurrent.LETTER, name="char_embedding")(chars)
    h = ops.reshape(h, (-1, recurrent.LETTERS, recurrent.LETTER))
    h = layers.Bidirectional(layers.LSTM(recurrent.UNITS), name="char_bilstm")(h)
    h = layers.Concatenate()([e, ops.reshape(h, (-1, 4, 2 * recurrent.UNITS))])
    lstm = layers.LSTM(recurrent.UNITS + 1, return_sequences=True)
    h = layers.Bidirectional(lstm, name="word_bilstm")(h)
    return keras.Model([words, chars], layers.Dense(recurrent.TAGS, name="scores")(h))


def unet():
    x = h = keras.Input((conv.SIDE, conv.SIDE, 1))
    skips = []
    for level in range(3):
        h = _twice(h, f"enc{level}", conv.FEATURES * 2**level)
        skips.append(h)
        h = layers.MaxPooling2D()(h) if level < 2 else h
    for level in (1, 0):
        size = conv.FEATURES * 2**level
        h = layers.Conv2DTranspose(size, 2, 2, activation="relu", name=f"up{level}")(h)
        cut = (skips[level].shape[1] - h.shape[1]) // 2
        h = layers.Concatenate()([layers.Cropping2D(cut)(skips[level]), h])
        h = _twice(h, f"dec{level}", size)
    h = layers.Conv2D(conv.CLASSES, 1, activation="relu", name="classes")(h)
    return keras.Model(x, layers.Softmax()(h))


def _twice(h, name, size):
    for letter in "ab":
        h = layers.Conv2D(size, 3, activation="relu", name=f"{name}_{letter}")(h)
    return h


def mobilenet():
    """Keras' own, with its names, whose strides stand where slim's do."""
    shape = (slim.SIDE, slim.SIDE, 3)
    sizes = {"alpha": slim.ALPHA, "classes": slim.CLASSES, "input_shape": shape}
    return keras.applications.MobileNet(**sizes, weights=None, dropout=0)


def wavenet():
    x = keras.Input((conv.SAMPLES, conv.LEVELS), name="one_hot")
    speaker = keras.Input((1,), dtype="int32", name="speaker")
    voice = layers.Embedding(conv.SPEAKERS, conv.SPEAKER, name="gc_embedding")(speaker)
    h, skips = layers.Conv1D(conv.RESIDUAL, 2, use_bias=False, name="causal_layer")(x), []
    for layer, dilation in enumerate(conv.DILATIONS):
        out = _gated(h, voice, f"layer{layer}", dilation)
        skips.append(
            layers.Conv1D(conv.SKIPPED, 1, name=f"layer{layer}_skip")(out[:, -conv.WIDTH :])
        )
        if dilation != conv.DILATIONS[-1]:
            dense = layers.Conv1D(conv.RESIDUAL, 1, name=f"layer{layer}_dense")
            h = h[:, dilation:] + dense(out)
    h = layers.Conv1D(conv.SKIPPED, 1, name="postprocess1")(ops.relu(sum(skips)))
    return keras.Model(
        [x, speaker], layers.Conv1D(conv.LEVELS, 1, name="postprocess2")(ops.relu(h))
    )


def _gated(h, voice, name, dilation):
    size, found = conv.DILATED, {}
    for half in ("filter", "gate"):
        seen = layers.Conv1D(size, 2, dilation_rate=dilation, name=f"{name}_{half}")(h)
        said = layers.Conv1D(size, 1, use_bias=False, name=f"{name}_gc_{half}")(voice)
        found[half] = seen + said
    return ops.tanh(found["filter"]) * ops.sigmoid(found["gate"])
