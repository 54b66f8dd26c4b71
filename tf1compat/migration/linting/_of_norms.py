"""Checks of norms: epsilon, axes, scale and offset, momentum, which statistics."""

from __future__ import annotations

from collections.abc import Sequence

from tf1compat.migration.linting.base import Check, Layer, apart, differing
from tf1compat.migration.linting.finding import Effect, Finding
from tf1compat.names.reasons import Kind

__all__ = ["Axes", "Center", "Epsilon", "Momentum", "Scale", "Statistics"]

_NORMS = ("norm",)


class Epsilon(Check):
    """What is added to variances before their root."""

    name = "epsilon"
    kinds = differing(name, "epsilon")
    layers = (*_NORMS, "own")

    def concerns(self, layer: Layer) -> bool:
        return super().concerns(layer) and self.name in layer.model


class Axes(Check):
    """How many axes a layer norm normalises together: 1.x's contrib has all but the batch."""

    name = "axes"
    kinds = differing(name, "number of axes that a norm takes together")
    layers = _NORMS

    def concerns(self, layer: Layer) -> bool:
        return self.name in layer.model


class Momentum(Check):
    """How much of moving statistics stays at each step, told apart by what doesn't."""

    name = "momentum"
    kinds = differing(name, "momentum of moving statistics")
    effect = Effect.TRAINING
    layers = _NORMS

    def concerns(self, layer: Layer) -> bool:
        return self.name in layer.model

    def compare(self, layer: Layer) -> Sequence[Finding] | None:
        both = layer.both(self.name)
        if both is None:
            return None
        rest_v1, rest_model = ([1 - one for one in side] for side in both)
        return [self.finding(layer, *both)] if apart(rest_v1, rest_model) else ()


class Scale(Check):
    """Whether what is normalised is multiplied by a variable."""

    name = "scale"
    kinds = differing(name, "scale of a norm:")
    layers = _NORMS
    role = "gamma"

    def compare(self, layer: Layer) -> Sequence[Finding] | None:
        both = layer.both(self.name)
        if both is None:
            return None
        names, model = both
        if not apart({bool(one) for one in names}, model):
            return ()
        v1 = ", ".join(sorted(filter(None, names))) or "none"
        found = self.finding(layer, v1, self.role if True in model else "none")
        if True in model and self.role not in layer.filled:  # initial values change nothing yet
            return [Finding(found.target, found.scope, found.because, Effect.TRAINING)]
        return [found]


class Center(Scale):
    """Whether a variable is added to what is normalised."""

    name = "center"
    kinds = differing(name, "offset of a norm:")
    role = "beta"


class Statistics(Check):
    """Whether a graph that doesn't train normalises by the batch all the same."""

    name = "statistics"
    kinds = (
        Kind(
            name,
            "the v1 graph doesn't train and normalises by statistics of the {v1}, the model by "
            "{model} ones unless it is called with training=True",
        ),
    )
    layers = _NORMS

    def concerns(self, layer: Layer) -> bool:
        return self.name in layer.model

    def compare(self, layer: Layer) -> Sequence[Finding] | None:
        return None if layer.graph.trains else super().compare(layer)
