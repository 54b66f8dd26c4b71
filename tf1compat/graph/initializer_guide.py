"""A guide: which initializer fits which activation, and the paper that says why."""

from __future__ import annotations

import dataclasses
from typing import Any

from tf1compat.errors import UsageError
from tf1compat.graph.initializers import resolve_initializer
from tf1compat.graph.types import Activation, Initializer

__all__ = ["InitializerAdvice", "initializer_for"]


@dataclasses.dataclass(frozen=True)
class InitializerAdvice:
    """Which initializer fits an activation, and why.

    Attributes:
      name: the initializer's name, as layers take it.
      initializer: the initializer itself.
      reason: why it fits.
      paper: where that is shown.
    """

    name: str
    initializer: Initializer | None
    reason: str
    paper: str


_HE = (
    "he_normal",
    "half of the units are cut to zero, so weights need twice the variance per input",
    "He et al. 2015, arXiv:1502.01852",
)
_GLOROT = (
    "glorot_uniform",
    "near 0 the function is about linear; variance 2 / (fan in + fan out) keeps activations "
    "and gradients both in scale",
    "Glorot & Bengio 2010, AISTATS",
)
_LECUN = (
    "lecun_normal",
    "self-normalization holds for weights of mean 0 and variance 1 / fan in",
    "Klambauer et al. 2017, arXiv:1706.02515",
)
_ORTHOGONAL = (
    "orthogonal",
    "a matrix applied at every step must keep lengths, or signals die or blow up",
    "Saxe et al. 2013, arXiv:1312.6120",
)


def initializer_for(activation: Activation) -> InitializerAdvice:
    """Returns which initializer fits the layer in front of `activation`, and why.

    Args:
      activation: a name such as "relu", a function of that name such as `tf.nn.relu`, None for
        no activation, or "recurrent" for the matrix from one step to the next.

    Raises:
      UsageError: (a `ValueError`) an activation this guide doesn't know.

    >>> initializer_for("selu").name
    'lecun_normal'
    >>> initializer_for("relu").paper
    'He et al. 2015, arXiv:1502.01852'
    """
    rectified = ("relu", "relu6", "leaky_relu", "crelu", "elu", "gelu", "swish", "silu", "softplus")
    saturating = ("linear", "tanh", "sigmoid", "hard_sigmoid", "softsign", "softmax")
    advice = dict.fromkeys(rectified, _HE) | dict.fromkeys(saturating, _GLOROT)
    advice |= {"selu": _LECUN, "recurrent": _ORTHOGONAL}
    name: Any = "linear" if activation is None else activation
    if not isinstance(name, str):
        name = getattr(activation, "__name__", repr(activation))
    if name not in advice:
        raise UsageError(
            f"no advice for activation {name!r}; this guide knows {', '.join(sorted(advice))}"
        )
    chosen, reason, paper = advice[name]
    return InitializerAdvice(chosen, resolve_initializer(chosen), reason, paper)
