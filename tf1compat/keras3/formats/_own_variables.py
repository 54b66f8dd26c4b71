"""What the variables of Keras' layers are called, in the order in which files number them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tf1compat.keras3.formats._layer_configs import LayerConfig

__all__ = ["has_variables", "own_variables"]

Settings = Mapping[str, Any]


def _kernel(settings: Settings) -> tuple[str, ...]:
    return ("kernel", *_biased(settings))


def _separable(settings: Settings) -> tuple[str, ...]:
    return ("depthwise_kernel", "pointwise_kernel", *_biased(settings))


def _recurrent(settings: Settings) -> tuple[str, ...]:
    return ("kernel", "recurrent_kernel", *_biased(settings))


def _einsum(settings: Settings) -> tuple[str, ...]:
    return ("kernel", *(["bias"] if settings.get("bias_axes") else []))


def _scaled(settings: Settings) -> tuple[str, ...]:
    flags = (("gamma", "scale"), ("beta", "center"))
    return tuple(name for name, flag in flags if settings.get(flag, True))


def _batch_norm(settings: Settings) -> tuple[str, ...]:
    return (*_scaled(settings), "moving_mean", "moving_variance")


def _biased(settings: Settings) -> list[str]:
    return ["bias"] if settings.get("use_bias", True) else []


_DENSE = ("Dense", *(f"{kind}{n}D" for kind in ("Conv", "DepthwiseConv") for n in (1, 2, 3)))
_KINDS: Mapping[str, Callable[[Settings], tuple[str, ...]]] = {
    **dict.fromkeys((*_DENSE, *(f"Conv{n}DTranspose" for n in (1, 2, 3)), "Projection"), _kernel),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), _separable),
    **dict.fromkeys(("LSTMCell", "GRUCell", "SimpleRNNCell", "ConvLSTMCell"), _recurrent),
    **dict.fromkeys(("LayerNormalization", "GroupNormalization"), _scaled),
    "BatchNormalization": _batch_norm,
    "EinsumDense": _einsum,
    "Embedding": lambda settings: ("embeddings",),
    "PReLU": lambda settings: ("alpha",),
}


def has_variables(layer: LayerConfig) -> bool:
    """Tells whether a layer is known to have variables of its own."""
    return layer.kind in _KINDS and bool(_KINDS[layer.kind](layer.settings))


def own_variables(layer: LayerConfig, count: int) -> tuple[str, ...]:
    """Returns the names of a layer's own variables; () where they aren't certain.

    Args:
      layer: what its configuration says.
      count: how many the file has. Others, of quantized layers say, aren't known.
    """
    known = _KINDS.get(layer.kind)
    names = known(layer.settings) if known else ()
    return names if len(names) == count else ()
