"""Small nets drawn at random, as a v1 program and as a Keras model, which may differ in something.

A net is a list of blocks over images [B, 4, 4, C], sequences [B, 3, C] or vectors [B, C].
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf1compat.graph import layers, rnn_cell

v1 = tf.compat.v1
L = keras.layers
SIZE = 3
SHAPES = {"image": (4, 4, SIZE), "sequence": (3, SIZE), "vector": (SIZE,)}
KINDS = {
    "image": ("conv", "norm", "branches", "residual", "pool"),
    "sequence": ("dense", "layer_norm", "lstm", "gru", "both", "branches", "residual"),
    "vector": ("dense", "norm", "branches", "residual"),
}
V1_ACTIVATIONS = {
    **{name: getattr(tf.nn, name) for name in ("relu", "elu", "gelu", "tanh", "sigmoid")},
    **{name: getattr(tf.nn, name) for name in ("relu6", "softplus", "selu", "swish")},
}
NEAR = {  # what one is easily taken for
    "relu": ("elu", "relu6", "gelu", "swish", "leaky_relu"),
    "elu": ("selu", "relu"),
    "gelu": ("gelu_tanh", "swish", "relu"),
    "tanh": ("sigmoid", "softsign", "hard_tanh"),
    "sigmoid": ("hard_sigmoid", "tanh"),
    "relu6": ("relu", "hard_swish"),
    "softplus": ("relu", "elu"),
    "selu": ("elu",),
    "swish": ("gelu", "hard_swish"),
}
WORDS = ("stem", "trunk", "mixer", "gate", "expand", "squeeze", "left", "upper", "encoder", "query")
CHANGES = ("none", "activation", "epsilon", "sign", "trade", "order", "pool", "pixels", "cell")


@dataclasses.dataclass(frozen=True)
class Block:
    """One block; what doesn't concern its kind isn't looked at."""

    kind: str
    activation: str
    epsilon: float
    sign: float
    forget_bias: float
    biased: bool
    pool: str
    traded: bool = False
    recurrent: str = "sigmoid"
    reset_after: bool = False


@dataclasses.dataclass(frozen=True)
class Net:
    """A net, the same for both sides but for what was changed."""

    over: str
    blocks: tuple[Block, ...]
    flattened: bool
    outputs: int
    channels_first: bool = False


def drawn(rng: np.random.Generator) -> Net:
    """Returns a net of two to five blocks."""
    over = str(rng.choice(list(KINDS)))
    blocks = [
        Block(
            kind=str(rng.choice(KINDS[over])),
            activation=str(rng.choice(list(V1_ACTIVATIONS))),
            epsilon=float(rng.choice([1e-5, 1e-3, 1e-2])),
            sign=float(rng.choice([-1, 0.5, 1])),
            forget_bias=float(rng.choice([0, 0.5, 1])),
            biased=bool(rng.random() < 0.8),
            pool=str(rng.choice(["avg", "max"])),
        )
        for _ in range(rng.integers(2, 6))
    ]
    return Net(over, tuple(blocks), bool(rng.random() < 0.5), int(rng.integers(1, 4)))


def changed(net: Net, what: str, rng: np.random.Generator) -> Net:
    """Returns the net with one thing changed, where there is such a thing."""
    at = int(rng.integers(len(net.blocks)))
    block, blocks = net.blocks[at], list(net.blocks)
    if what == "order" and at:
        blocks[at - 1], blocks[at] = blocks[at], blocks[at - 1]
    elif what == "pixels":
        return dataclasses.replace(net, channels_first=True)
    else:
        near: dict[str, Callable[[], dict[str, Any]]] = {
            "activation": lambda: {"activation": str(rng.choice(NEAR[block.activation]))},
            "epsilon": lambda: {"epsilon": float(rng.choice([1e-5, 1e-4, 1e-3, 1e-2]))},
            "sign": lambda: {"sign": float(rng.choice([-1, 0.5, 1]))},
            "trade": lambda: {"traded": True},
            "pool": lambda: {"pool": "max" if block.pool == "avg" else "avg"},
            "cell": lambda: {"recurrent": "hard_sigmoid", "reset_after": bool(rng.random() < 0.5)},
        }
        blocks[at] = dataclasses.replace(block, **near.get(what, dict)())
    return dataclasses.replace(net, blocks=tuple(blocks))


class Names:
    """What one side calls its layers: automatically, by words, by kinds, or to say nothing."""

    STYLES = ("automatic", "words", "kinds", "letters", "nested")

    def __init__(self, style: str, nested: bool) -> None:
        self._style = style
        self._separator = "/" if nested else "_"

    def of(self, number: int, kind: str, more: str = "") -> str | None:
        """Returns the name of the layer of a block; None where it is to be found one."""
        if self._style == "automatic":
            return None
        name = {
            "words": f"{WORDS[(7 * number + 3) % len(WORDS)]}_{number}",
            "kinds": f"{kind}{number + 1}",
            "letters": f"q{chr(97 + number)}",
            "nested": f"layer_{number}{self._separator}{kind}",
        }[self._style]
        return name + more

    @property
    def head(self) -> str | None:
        """The name of the last layer."""
        return None if self._style == "automatic" else "head"


def v1_program(net: Net, x: tf.Tensor, names: Names) -> tf.Tensor:
    """Returns what the net makes of `x` in the default graph."""
    h = x
    for number, block in enumerate(net.blocks):
        h = _V1_BLOCKS[block.kind](
            h, block, lambda kind, more="", n=number: names.of(n, kind, more)
        )
    if net.over == "image":
        size = 16 * SIZE
        h = tf.reshape(h, [-1, size]) if net.flattened else tf.reduce_mean(h, [1, 2])
    elif net.over == "sequence":
        h = h[:, -1] if net.flattened else tf.reduce_max(h, 1)
    return layers.dense(h, net.outputs, name=names.head)


def _v1_linear(h: tf.Tensor, block: Block, name: str | None, activation: str) -> tf.Tensor:
    options = {"activation": V1_ACTIVATIONS[activation], "use_bias": block.biased, "name": name}
    if len(h.shape) == 4:
        return layers.conv2d(h, SIZE, 3, padding="same", **options)
    return layers.dense(h, SIZE, **options)


def _v1_layer_norm(h: tf.Tensor, block: Block, name: Any) -> tf.Tensor:
    with v1.variable_scope(name("layer_norm"), "LayerNorm"):
        gamma, beta = v1.get_variable("gamma", [SIZE]), v1.get_variable("beta", [SIZE])
        mean, variance = tf.nn.moments(h, [-1], keepdims=True)
        return tf.nn.batch_normalization(h, mean, variance, beta, gamma, block.epsilon)


def _v1_branches(h: tf.Tensor, block: Block, name: Any) -> tf.Tensor:
    one = _v1_linear(h, block, name("left", "_a"), "tanh")
    return one - 2 * block.sign * _v1_linear(h, block, name("left", "_b"), "sigmoid")


def _v1_pool(h: tf.Tensor, block: Block, name: Any) -> tf.Tensor:
    pool = tf.nn.avg_pool2d if block.pool == "avg" else tf.nn.max_pool2d
    return pool(h, 2, 1, "SAME")


def _v1_recurrent(h: tf.Tensor, block: Block, name: Any) -> tf.Tensor:
    with v1.variable_scope(name(block.kind), block.kind):
        if block.kind == "gru":
            return v1.nn.dynamic_rnn(rnn_cell.GRUCell(SIZE), h, dtype=tf.float32)[0]
        cells = [rnn_cell.BasicLSTMCell(SIZE, forget_bias=block.forget_bias) for _ in range(2)]
        if block.kind == "lstm":
            return v1.nn.dynamic_rnn(cells[0], h, dtype=tf.float32)[0]
        (there, back), _ = v1.nn.bidirectional_dynamic_rnn(*cells, h, dtype=tf.float32)
        return there - 2 * back


_V1_BLOCKS: dict[str, Callable[..., tf.Tensor]] = {
    **dict.fromkeys(
        ("conv", "dense"), lambda h, b, name: _v1_linear(h, b, name(b.kind), b.activation)
    ),
    "norm": lambda h, b, name: layers.batch_normalization(h, epsilon=b.epsilon, name=name("norm")),
    "layer_norm": _v1_layer_norm,
    "branches": _v1_branches,
    "residual": lambda h, b, name: h + b.sign * _v1_linear(h, b, name("residual"), b.activation),
    "pool": _v1_pool,
    **dict.fromkeys(("lstm", "gru", "both"), _v1_recurrent),
}


def keras_model(net: Net, names: Names) -> keras.Model:
    """Returns the net as a Keras model."""
    x = h = keras.Input(SHAPES[net.over], name="x")
    for number, block in enumerate(net.blocks):
        h = _KERAS_BLOCKS[block.kind](
            h, block, lambda kind, more="", n=number: names.of(n, kind, more)
        )
    if net.over == "image":
        h = L.Permute((3, 1, 2))(h) if net.channels_first else h
        axes = (2, 3) if net.channels_first else (1, 2)
        h = L.Flatten()(h) if net.flattened else keras.ops.mean(h, axes)
    elif net.over == "sequence":
        h = h[:, -1] if net.flattened else keras.ops.max(h, 1)
    return keras.Model(x, L.Dense(net.outputs, name=names.head)(h))


def _active(h: Any, name: str) -> Any:
    if name.startswith("gelu"):
        return keras.ops.gelu(h, approximate=name == "gelu_tanh")
    return L.Activation(name)(h)


def _linear(h: Any, block: Block, name: str | None, activation: str) -> Any:
    options = {"use_bias": block.biased, "name": name}
    image = len(h.shape) == 4
    layer = L.Conv2D(SIZE, 3, padding="same", **options) if image else L.Dense(SIZE, **options)
    return _active(layer(h), activation)


def _branches(h: Any, block: Block, name: Any) -> Any:
    first, second = ("sigmoid", "tanh") if block.traded else ("tanh", "sigmoid")
    one = _linear(h, block, name("left", "_a"), first)
    other = _linear(h, block, name("left", "_b"), second)
    return other - 2 * block.sign * one if block.traded else one - 2 * block.sign * other


def _pool(h: Any, block: Block, name: Any) -> Any:
    pool = L.AveragePooling2D if block.pool == "avg" else L.MaxPooling2D
    return pool(2, 1, "same")(h)


def _recurrent(h: Any, block: Block, name: Any) -> Any:
    options = {"return_sequences": True, "recurrent_activation": block.recurrent}
    if block.kind == "gru":
        return L.GRU(SIZE, reset_after=block.reset_after, name=name("gru"), **options)(h)
    if block.kind == "lstm":
        return L.LSTM(SIZE, name=name("lstm"), **options)(h)
    both = L.Bidirectional(L.LSTM(SIZE, **options), merge_mode=None, name=name("both"))
    there, back = both(h)
    return back - 2 * there if block.traded else there - 2 * back


_KERAS_BLOCKS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(
        ("conv", "dense"), lambda h, b, name: _linear(h, b, name(b.kind), b.activation)
    ),
    "norm": lambda h, b, name: L.BatchNormalization(epsilon=b.epsilon, name=name("norm"))(h),
    "layer_norm": lambda h, b, name: L.LayerNormalization(
        epsilon=b.epsilon, name=name("layer_norm")
    )(h),
    "branches": _branches,
    "residual": lambda h, b, name: h + b.sign * _linear(h, b, name("residual"), b.activation),
    "pool": _pool,
    **dict.fromkeys(("lstm", "gru", "both"), _recurrent),
}
