"""How Keras' own layers use their weights, by class and config.

It is what tracing reads from the graph too, without the graph: for backends other than TensorFlow,
for ops that hide what they do, and because it is quick. To add a layer, write a line in the tuple
of :data:`LAYERS`, and a small model of it in the test that holds both against each other.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tf1compat.checkpoint.meta.using import (
    CANDIDATE,
    LSTM_OF_KERAS,
    RESET,
    UPDATE,
    Fact,
    Use,
)
from tf1compat.keras3 import ModelIndex, Weight
from tf1compat.keras3.index.requirements import is_of_keras
from tf1compat.registry import Registry, asked

__all__ = ["LAYERS", "LayerUses", "declared_uses", "is_declared"]

Config = Mapping[str, Any]

# What Keras puts beside a kernel or a table: of low rank, or to make floats of what was quantized.
_BESIDE = re.compile(r"lora_.*|.*_(?:scale|zero)")
_GRU = (UPDATE, RESET, CANDIDATE)


@dataclasses.dataclass(frozen=True)
class LayerUses:
    """How layers of one class use their weights.

    Attributes:
      name: the class's name.
      uses: returns the use of a weight, given its name, its rank and the layer's config; None for
        what inference doesn't read.
    """

    name: str
    uses: Callable[[str, int, Config], Use | None]


def declared_uses(index: ModelIndex, paths: Iterable[str]) -> dict[str, Use]:
    """Returns how weights of Keras' own layers are used; others are left out."""
    configs: dict[str, Config] = {}  # making one is what takes the time
    found = {}
    for path in paths:
        weight = index[path]
        if not is_declared(index, weight) or _BESIDE.fullmatch(weight.name):
            continue
        at = weight.layer_path
        if at not in configs:
            configs[at] = index.by_layer[at].layer.get_config()
        use: Use | None = asked(
            f"class of layers {weight.layer_class!r}",
            "uses",
            call=functools.partial(
                LAYERS[weight.layer_class].uses, weight.name, len(weight.shape), configs[at]
            ),
            fits=lambda answer: answer is None or isinstance(answer, Use),
            words="a Use or None",
        )
        if use is not None:
            found[path] = use
    return found


def is_declared(index: ModelIndex, weight: Weight) -> bool:
    """Tells whether a weight is one of Keras' own layer's that stands in the table."""
    own = is_of_keras(index.by_layer[weight.layer_path].layer)
    return own and weight.layer_class in LAYERS


def _offset(rank: int, **facts: Fact) -> Use:
    return Use("offset", "", 1, (), ("channel",) * rank, facts)


def _formatted(config: Config) -> dict[str, Fact]:
    found = config.get("data_format")
    return {"data_format": found} if isinstance(found, str) else {}


def _dense(name: str, rank: int, config: Config) -> Use | None:
    if name == "bias":
        return _offset(rank, data_format="channels_last")
    return Use("product", "", 1, (), ("in", "out"))


def _einsum(name: str, rank: int, config: Config) -> Use | None:
    if name == "bias":
        return _offset(rank)
    inputs, _, result = str(config["equation"]).replace(" ", "").partition("->")
    other, kernel = inputs.replace(".", "").split(",")
    labels = {True: "out", False: "in"}
    axes = ("batch" if c in other and c in result else labels[c in result] for c in kernel)
    return Use("product", "", 1, (), tuple(axes))


def _table(name: str, rank: int, config: Config) -> Use | None:
    if name == "reverse_embeddings":  # read by calls with reverse=True alone
        return None
    return Use("lookup", "", 0, (), ("row", "column"))


def _spaced(config: Config, **others: Fact) -> dict[str, Fact]:
    padding = str(config.get("padding", "valid")).upper()
    known: dict[str, Fact] = {
        "strides": _each(config, "strides"),
        "dilations": _each(config, "dilation_rate"),
        "padding": "SAME" if padding == "SAME" else "VALID",  # causal ones are padded before
    }
    return {**_formatted(config), **known, **others}


def _each(config: Config, key: str) -> tuple[int, ...]:
    found = config.get(key, 1)
    count = len(config["kernel_size"]) if isinstance(config["kernel_size"], (list, tuple)) else 1
    return (int(found),) * count if isinstance(found, int) else tuple(int(n) for n in found)


def _kernel(kind: str, rank: int, facts: Mapping[str, Fact]) -> Use:
    ends = {
        "convolution": ("in", "out"),
        "depthwise": ("in", "multiplier"),
        "transposed_convolution": ("out", "in"),
    }[kind]
    return Use(kind, "", 1, (), (*(f"space{n}" for n in range(rank - 2)), *ends), facts)


def _convolution(kind: str) -> Callable[[str, int, Config], Use | None]:
    def uses(name: str, rank: int, config: Config) -> Use | None:
        if name == "bias":
            return _offset(rank, **_formatted(config))
        return _kernel(kind, rank, _spaced(config))

    return uses


def _separable(name: str, rank: int, config: Config) -> Use | None:
    if name == "bias":
        return _offset(rank, **_formatted(config))
    if name == "depthwise_kernel":
        return _kernel("depthwise", rank, _spaced(config))
    ones = (1,) * (rank - 2)
    facts = {**_formatted(config), "strides": ones, "dilations": ones, "padding": "VALID"}
    return _kernel("convolution", rank, facts)


def _norm(name: str, rank: int, config: Config) -> Use | None:
    kind = {"beta": "offset", "moving_mean": "mean", "moving_variance": "variance"}
    facts: dict[str, Fact] = {"epsilon": float(config["epsilon"])}
    return Use(kind.get(name, "scale"), "", 1, (), ("channel",) * rank, facts)


def _spectrum(name: str, rank: int, config: Config) -> Use | None:
    facts: dict[str, Fact] = {"strides": (int(config["frame_step"]),), "dilations": (1,)}
    return _kernel("convolution", rank, {**facts, **_formatted(config)})


def _scale(name: str, rank: int, config: Config) -> Use | None:
    return Use("scale", "", 1, (), ("channel",) * rank)


def _unread(name: str, rank: int, config: Config) -> Use | None:
    """Of weights whose values are constants at inference, or only there for training."""
    return None


def _recurrent(gates: tuple[str, ...]) -> Callable[[str, int, Config], Use | None]:
    def uses(name: str, rank: int, config: Config) -> Use | None:
        axes = {"bias": ("part",) * (rank - 1) + ("channel",)}.get(name, ("in", "out"))
        kind = "offset" if name == "bias" else "product"
        return Use(kind, "", 1, (), axes, {}, gates)

    return uses


def _convolved_lstm(name: str, rank: int, config: Config) -> Use | None:
    if name == "bias":
        use = _offset(rank)
    elif name == "recurrent_kernel":
        ones = (1,) * (rank - 2)
        facts = {**_formatted(config), "strides": ones, "dilations": ones, "padding": "SAME"}
        use = _kernel("convolution", rank, facts)
    else:
        use = _kernel("convolution", rank, _spaced(config))
    return dataclasses.replace(use, gates=LSTM_OF_KERAS)


def _alike(uses: Callable[[str, int, Config], Use | None], *names: str) -> tuple[LayerUses, ...]:
    return tuple(LayerUses(name, uses) for name in names)


LAYERS: Registry[LayerUses] = Registry(
    "class of layers",
    (
        *_alike(_dense, "Dense"),
        *_alike(_einsum, "EinsumDense"),
        *_alike(_table, "Embedding", "ReversibleEmbedding"),
        *_alike(_convolution("convolution"), "Conv1D", "Conv2D", "Conv3D"),
        *_alike(_convolution("depthwise"), "DepthwiseConv1D", "DepthwiseConv2D"),
        *_alike(
            _convolution("transposed_convolution"),
            *("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"),
        ),
        *_alike(_spectrum, "STFTSpectrogram"),
        *_alike(_separable, "SeparableConv1D", "SeparableConv2D"),
        *_alike(_norm, "BatchNormalization", "LayerNormalization", "GroupNormalization"),
        *_alike(_norm, "RMSNormalization"),
        *_alike(_scale, "PReLU", "Attention", "AdditiveAttention"),
        *_alike(_unread, "Normalization", "SpectralNormalization"),
        *_alike(_recurrent(LSTM_OF_KERAS), "LSTMCell"),
        *_alike(_recurrent(_GRU), "GRUCell"),
        *_alike(_recurrent(()), "SimpleRNNCell"),
        *_alike(_convolved_lstm, "ConvLSTMCell"),
    ),
    has={"uses": Callable},  # type: ignore[dict-item]
)
"""Every class of Keras that holds weights of its own."""
