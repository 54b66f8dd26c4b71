"""Checks of what comes after a layer: its activation, and dropout."""

from __future__ import annotations

from collections.abc import Sequence

from tf1compat.migration.linting.base import Check, Layer, apart, differing
from tf1compat.migration.linting.finding import Effect, Finding

__all__ = ["Activation", "Dropout"]

_ALL = ("dense", "convolution", "norm")
_OWN = "own"
_IN_LOSSES = frozenset({"softmax", "sigmoid", "log_softmax"})
_END = "end"


class Activation(Check):
    """What a layer's output goes through before the next weights.

    The last layer of one side may well leave to its user, or to a loss, what the other has.
    """

    name = "activation"
    kinds = differing(name, "activation")
    layers = (*_ALL, _OWN)

    def compare(self, layer: Layer) -> Sequence[Finding] | None:
        both = layer.both(self.name)
        if both is None:
            return None
        v1, model = (side - {_END} for side in both)
        at_end = _END in both[1]
        if not v1 and at_end:
            v1 = frozenset({"linear"})
        if not v1 or not model:
            return None
        if v1 == {"linear"} and model & _IN_LOSSES:
            return None
        return [self.finding(layer, v1, model)] if apart(v1, model) else ()


class Dropout(Check):
    """The rate of dropout behind a layer."""

    name = "dropout"
    kinds = differing(name, "rate of dropout")
    effect = Effect.TRAINING
    layers = _ALL

    def compare(self, layer: Layer) -> Sequence[Finding] | None:
        both = layer.both(self.name)
        if both is None or (both[0] == {0.0} and not layer.graph.trains):
            return None  # a graph that doesn't train may have left it out
        return [self.finding(layer, *both)] if apart(*both) else ()
