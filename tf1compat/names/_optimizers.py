"""What optimizers and moving averages of the TensorFlow-1 world called their variables."""

from __future__ import annotations

import re

from tf1compat.names.parse import is_part
from tf1compat.names.roles import role_of

__all__ = ["companion_family", "is_optimizer_name", "looks_averaged", "may_be_custom"]

_OPTIMIZERS = """
    Adam Adamax AdaMax AdamW AdamWeightDecay LazyAdam LazyAdamGS AdamGS Nadam NadamW RAdam AMSGrad
    AdaBound AdaBelief Yogi LAMB LARS Momentum MomentumW Nesterov SGD SGDW GradientDescent RMSProp
    Adagrad AdagradW AdagradDA ProximalAdagrad RegAdagrad ProximalGradientDescent Adadelta Ftrl
    FtrlProximal PowerSign AddSign GGT Shampoo ShampooW Adafactor SM3 NovoGrad YellowFin KFAC
    Lookahead Lion Rprop"""
_FACTORED = ("adafactor", "shampoo", "shampoow", "sm3", "ggt")

_COUNTER = r"(?:_[0-9]{1,4})?"
_NAMES = "|".join(sorted(set(_OPTIMIZERS.lower().split()), key=len, reverse=True))
_OPTIMIZER = re.compile(rf"(?P<name>{_NAMES})(?:_?opt(?:imizer)?)?{_COUNTER}", re.IGNORECASE)
# BERT and its descendants named their slots by hand: kernel/adam_m, kernel/lamb_v.
_HAND_NAMED = re.compile(rf"(?:{_NAMES})_(?:m|v|mom|momentum|vhat|vr|vc){_COUNTER}", re.IGNORECASE)
_AVERAGE = re.compile(rf"ExponentialMovingAverage{_COUNTER}")
_LOOKS_AVERAGED = re.compile(r"(?i).*(ema|average|avg|moving|shadow|polyak)")
_KERAS = "m v vhat momentum rms mg accumulator accum_grad accum_var linear mom vr vc"
# What layers, not optimizers, keep beside a weight: masks, ranges of quantization, norms.
_LAYERS_OWN = re.compile(
    r"(?i)g|.*(mask|threshold|min|max|scale|shift|quant|noise|mu|sigma|rho|mean|std|var|norm)s?[0-9_]*"
)
_DEBIAS = re.compile(rf"(?:biased|local_step){_COUNTER}")


def companion_family(leaf: str) -> str:
    """Returns what `leaf` would be if it followed a variable's name.

    One of ``'optimizer'`` (``Adam_1``, ``adam_m``), ``'factored'`` (an optimizer whose slots need
    not have the variable's shape), ``'average'``, ``'keras'`` (``m``, ``v``: only under an
    optimizer's scope), ``'debias'`` (``biased``, ``local_step``) or ``'custom'`` (anything else).
    """
    if _AVERAGE.fullmatch(leaf):
        return "average"
    match = _OPTIMIZER.fullmatch(leaf)
    if match:
        return "factored" if match["name"].lower() in _FACTORED else "optimizer"
    if _HAND_NAMED.fullmatch(leaf):
        return "factored" if leaf.lower().startswith(_FACTORED) else "optimizer"
    if _DEBIAS.fullmatch(leaf):
        return "debias"
    return "keras" if leaf in _KERAS.split() else "custom"


def is_optimizer_name(component: str) -> bool:
    """Returns whether a scope's `component` is an optimizer's usual name (``Adam``, ``SGD_1``)."""
    return _OPTIMIZER.fullmatch(component) is not None


def may_be_custom(leaf: str) -> bool:
    """Returns whether a `leaf` nobody knows could be a custom optimizer's at all."""
    known = role_of(leaf) != "unknown"
    if is_part(leaf):  # a slice of a partitioned variable, however many there are
        return False
    return bool(leaf) and not known and not _LAYERS_OWN.fullmatch(leaf[:100])


def looks_averaged(leaf: str) -> bool:
    """Returns whether a custom `leaf` reads like a moving average's (``ema``, ``shadow``)."""
    return _LOOKS_AVERAGED.match(leaf[:100]) is not None
