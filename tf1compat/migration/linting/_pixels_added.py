"""What paddings come to in pixels, and for which sizes of images two of them differ."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

__all__ = ["Window", "disagreement"]


@dataclasses.dataclass(frozen=True)
class Window:
    """What a convolution looks at.

    Attributes:
      kernel: the kernel's size in each dimension.
      strides: how many pixels it moves on.
      dilation: how far apart its pixels are.
      sizes: of the image, None if they aren't known.
    """

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilation: tuple[int, ...]
    sizes: tuple[int, ...] | None


def disagreement(window: Window, one: Any, other: Any) -> str:
    """Returns for which sizes of images two paddings differ; ``""`` for none.

    A padding is ``"SAME"``, or pairs of pixels before and after each dimension.
    """
    if window.sizes is not None:
        differ = _pixels(window, one, window.sizes) != _pixels(window, other, window.sizes)
        size = "x".join(map(str, window.sizes))
        return f"its images of {size}" if differ else ""
    rests = list(itertools.product(*(range(stride, 2 * stride) for stride in window.strides)))
    wide = [
        tuple(r + 1000 * s for r, s in zip(rest, window.strides, strict=True)) for rest in rests
    ]
    differing = [
        size for size in wide if _pixels(window, one, size) != _pixels(window, other, size)
    ]
    if len(differing) == len(wide):
        return "all sizes"
    return f"sizes such as those that {max(window.strides)} divides" if differing else ""


def _pixels(window: Window, padding: Any, sizes: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    if not isinstance(padding, str):
        return tuple(padding)
    found = []
    for size, kernel, stride, dilation in zip(
        sizes, window.kernel, window.strides, window.dilation, strict=True
    ):
        wide = (kernel - 1) * dilation + 1
        total = max(wide - (size % stride or stride), 0)
        found.append((total // 2, total - total // 2))
    return tuple(found)
