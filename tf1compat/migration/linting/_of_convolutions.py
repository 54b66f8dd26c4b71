"""Checks of convolutions: strides and where they stand, padding, dilation, data format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tf1compat.migration.linting._pixels_added import Window, disagreement
from tf1compat.migration.linting.base import Check, Layer, apart, differing
from tf1compat.migration.linting.finding import Finding
from tf1compat.names.reasons import Kind

__all__ = ["DataFormat", "Dilation", "Padding", "Strides"]

_CONVOLUTIONS = ("convolution",)
_MOVED = Kind(
    "stride_place", "strides {strides} on the {v1} in the v1 graph, on the {model} in the model"
)


class Strides(Check):
    """How many pixels a kernel moves on.

    ResNets have the stride of a block on its 3x3 or on a 1x1 convolution: the weights fit both.
    """

    name = "strides"
    kinds = (
        Kind(name, "strides {v1} in the v1 graph, {model} in the model ({kernel} kernel)"),
        _MOVED,
    )
    layers = _CONVOLUTIONS

    def compare(self, layer: Layer) -> Sequence[Finding] | None:
        both = layer.both(self.name)
        kernel = layer.model.get("kernel_size")
        if both is None or kernel is None:
            return None
        v1, model = (_last(side, kernel) for side in both)
        if not apart(v1, model):
            return ()
        return [self.finding(layer, v1, model, kernel="x".join(map(str, *kernel)))]

    def joined(self, findings: Sequence[Finding]) -> Sequence[Finding]:
        """Says where strides stand if a layer has what the one before it should have."""
        found = list(findings)
        place = 0
        while place + 1 < len(found):
            first, second = found[place], found[place + 1]
            if _swapped(first, second):
                found[place : place + 2] = [_moved(first, second)]
            place += 1
        return found


def _swapped(first: Finding, second: Finding) -> bool:
    a, b = first.because.facts, second.because.facts
    return (a["v1"], a["model"]) == (b["model"], b["v1"])


def _moved(first: Finding, second: Finding) -> Finding:
    """Returns one finding, at the layer that has the strides in the model."""
    first_has = set(str(first.because.facts["model"])) != {"1", "x"}
    here, there = (first, second) if first_has else (second, first)
    because = _MOVED.because(
        strides=here.because.facts["model"],
        v1=f"{there.because.facts['kernel']} kernel {'after' if first_has else 'before'} it",
        model=f"{here.because.facts['kernel']} kernel",
    )
    return Finding(here.target, here.scope, because, here.effect)


class Padding(Check):
    """What is added around an image: 'SAME' adds less before than after where a total is odd."""

    name = "padding"
    kinds = (
        Kind(
            name,
            "padding {v1} in the v1 graph, {model} in the model: outputs differ for {sizes} "
            "({kernel} kernel, strides {strides})",
        ),
    )
    layers = _CONVOLUTIONS

    def compare(self, layer: Layer) -> Sequence[Finding] | None:
        both = layer.both(self.name)
        kernel = layer.model.get("kernel_size")
        strides, dilation = layer.model.get("strides"), layer.model.get("dilation")
        if both is None or not kernel or not strides or not dilation:
            return None
        if any(len(side) != 1 for side in both) or Dilation().compare(layer):
            return None  # what 'SAME' adds goes by the dilation
        sizes = next(iter(layer.model.get("sizes", ())), None)
        window = Window(next(iter(kernel)), next(iter(strides)), next(iter(dilation)), sizes)
        v1, model = (next(iter(_last(side, kernel))) for side in both)
        if True in layer.model.get("transposed", ()):
            where = "all sizes" if v1 != model else ""
        else:
            where = disagreement(window, v1, model)
        if not where:
            return ()
        said = {"kernel": _by(window.kernel), "strides": _by(window.strides), "sizes": where}
        return [self.finding(layer, _added(v1), _added(model), **said)]


def _added(padding: Any) -> str:
    if isinstance(padding, str):
        return f"'{padding}'"
    if not any(map(any, padding)):
        return "'VALID'"
    return " x ".join(f"{before}+{after}" for before, after in padding) + " pixels"


class Dilation(Check):
    """How far apart the pixels are that a kernel looks at."""

    name = "dilation"
    kinds = differing(name, "dilation")
    layers = _CONVOLUTIONS

    def compare(self, layer: Layer) -> Sequence[Finding] | None:
        both = layer.both(self.name)
        kernel = layer.model.get("kernel_size")
        if both is None or not kernel or set(*kernel) == {1}:
            return None if both is None or not kernel else ()
        v1, model = (_last(side, kernel) for side in both)
        return [self.finding(layer, v1, model)] if apart(v1, model) else ()


class DataFormat(Check):
    """Whether images have their channels last or first, where nothing moves them."""

    name = "data_format"
    kinds = differing(name, "data format of images:")
    layers = _CONVOLUTIONS

    def compare(self, layer: Layer) -> Sequence[Finding] | None:
        both = layer.both(self.name)
        if both is None:
            return None
        v1 = frozenset(
            "channels_first" if one.startswith("NC") else "channels_last" for one in both[0]
        )
        if not apart(v1, both[1]):
            return ()
        if layer.graph.turns or layer.turned:
            return None  # images may have been turned for speed: the inputs are the same
        return [self.finding(layer, v1, both[1])]


def _last(values: frozenset[Any], kernel: frozenset[Any]) -> frozenset[Any]:
    """Returns what is said of the last dimensions: a signal is an image of one row in 1.x."""
    rank = min(map(len, kernel))
    return frozenset(one if isinstance(one, str) else one[-rank:] for one in values)


def _by(sizes: Sequence[int]) -> str:
    return "x".join(map(str, sizes))
