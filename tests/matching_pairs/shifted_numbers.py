"""Equal layers counted from 1 with a gap (fc1, fc2, fc4, ...) against automatic numbers from 0."""

from matching_pairs.chains import dense_shapes, sequential
from matching_pairs.support import layers, numbered

_FOUND = (1, 2, 4, 5, 7, 10, 11)
SOURCES = {}
TRUTH = {}
for _place, _number in enumerate(_FOUND):
    SOURCES |= dense_shapes(f"mlp/fc{_number}", 8, 8)
    TRUTH |= layers(numbered("dense", _place), f"mlp/fc{_number}")


def build():
    return sequential((8,) * (len(_FOUND) + 1))
