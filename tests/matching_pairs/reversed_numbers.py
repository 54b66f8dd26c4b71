"""Layers that v1 numbers from the output on; the shapes contradict the numbers and are right."""

from matching_pairs.chains import dense_shapes, sequential
from matching_pairs.support import layers, numbered

_WIDTHS = (4, 8, 16, 32, 64)
SOURCES = {}
TRUTH = {}
for _place in range(4):
    SOURCES |= dense_shapes(f"dense_{4 - _place}", *_WIDTHS[_place : _place + 2])
    TRUTH |= layers(numbered("dense", _place), f"dense_{4 - _place}")


def build():
    return sequential(_WIDTHS)
