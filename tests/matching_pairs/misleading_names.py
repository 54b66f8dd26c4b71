"""Two layers that bear each other's names; shapes tell, and nothing may be transposed to fit."""

from matching_pairs.chains import dense_shapes, sequential
from matching_pairs.support import layers

SOURCES = {**dense_shapes("first", 4, 6), **dense_shapes("second", 6, 4)}
TRUTH = {**layers("first", "second"), **layers("second", "first")}


def build():
    return sequential((6, 4, 6), names=("first", "second"))
