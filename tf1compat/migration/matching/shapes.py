"""Which shapes can hold the same numbers, and under which layout."""

from __future__ import annotations

import math

from tf1compat.migration.layouts.basic import Expand, Reshape, Squeeze
from tf1compat.migration.layouts.layout import IDENTITY, Layout

__all__ = ["layout_between", "same_elements"]

Shape = tuple[int, ...]


def layout_between(source: Shape, target: Shape) -> Layout | None:
    """Returns the layout that moves `source` to `target` without changing the elements' order.

    One shape has to be the other with neighbouring dimensions merged or with ones left out:
    (768, 768) and (768, 12, 64) fit, (64, 32) and (32, 64) don't. A transposition is never
    inferred, since a square matrix gives no sign of it; it takes a rule.
    """
    if source == target:
        return IDENTITY
    if not same_elements(source, target):
        return None
    if _without_ones(source) == _without_ones(target):
        if len(target) < len(source):
            axes = _extra_ones(source, target)
            return Squeeze(axes) if axes is not None else Reshape(target)
        axes = _extra_ones(target, source)
        return Expand(axes) if axes is not None else Reshape(target)
    return Reshape(target)


def same_elements(a: Shape, b: Shape) -> bool:
    """Tells whether one of two shapes merges neighbouring dimensions of the other."""
    if a == b:
        return True
    if math.prod(a) != math.prod(b) or 0 in a or 0 in b:
        return False
    cuts_a, cuts_b = _cuts(a), _cuts(b)
    return cuts_a <= cuts_b or cuts_b <= cuts_a


def _cuts(shape: Shape) -> set[int]:
    # Where dimensions end, in elements from the first on: merging neighbours takes ends away.
    cuts, product = {1}, 1
    for size in shape:
        product *= size
        cuts.add(product)
    return cuts


def _without_ones(shape: Shape) -> Shape:
    return tuple(size for size in shape if size != 1)


def _extra_ones(longer: Shape, shorter: Shape) -> Shape | None:
    """Returns the axes of size 1 whose removal turns `longer` into `shorter`, leftmost first."""
    axes, rest = [], list(shorter)
    for axis, size in enumerate(longer):
        if rest and size == rest[0] and (size != 1 or len(longer) - axis == len(rest)):
            rest.pop(0)
        elif size == 1:
            axes.append(axis)
        else:
            return None
    return tuple(axes) if not rest else None
