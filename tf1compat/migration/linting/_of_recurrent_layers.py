"""Checks of recurrent layers: what is added to the forget gate, what gates go through, clips."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tf1compat.migration.linting.base import Check, Layer, apart, differing
from tf1compat.migration.linting.finding import Finding
from tf1compat.names.reasons import Kind

__all__ = ["CellClip", "ForgetBias", "Gates"]

_ADDED = re.compile(r"forget_bias\(([-+.\de]+)\)")


class ForgetBias(Check):
    """Whether the plan adds to a bias what 1.x's cells add to their forget gate at every step.

    ``unit_forget_bias`` of Keras is an initial value only: nothing is added to a bias that is
    loaded.
    """

    name = "forget_bias"
    kinds = (
        Kind(name, "forget_bias {v1} in the v1 graph at every step, {model} added by the plan"),
    )
    layers = ()

    def concerns(self, layer: Layer) -> bool:
        return any(name in layer.graph.forget_bias for f in layer.fills for name in f.sources)

    def compare(self, layer: Layer) -> Sequence[Finding] | None:
        found = []
        for fill in layer.fills:
            for name in fill.sources:
                v1 = layer.graph.forget_bias.get(name)
                model = sum(float(one) for one in _ADDED.findall(fill.layout))
                if v1 is not None and apart([v1], [model]):
                    found.append(self.finding(layer, v1, model))
        return found


class Gates(Check):
    """The activations of gates and candidate, such as ``hard_sigmoid``, 1.15's default.

    Keras 3's default is ``sigmoid``, and what it calls ``hard_sigmoid`` is less steep.
    """

    name = "gates"
    kinds = differing(name, "activation of gates")
    layers = ("gated",)

    def compare(self, layer: Layer) -> Sequence[Finding] | None:
        both = layer.both(self.name)
        if both is None:
            return None
        v1, model = both
        more, other = v1 - model, model - v1
        return [self.finding(layer, more, other)] if more and other else ()


class CellClip(Check):
    """The bound of an LSTM's state, which 1.15's cells have where they are told, and Keras' never.

    ``tf1compat.keras3.FullLSTMCell`` has it.
    """

    name = "cell_clip"
    kinds = differing(name, "bound of the state")
    layers = ("gated",)
