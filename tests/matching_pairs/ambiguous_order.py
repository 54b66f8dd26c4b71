"""Equal layers with names that tell no order; that of letters, the file's own, is no evidence."""

from matching_pairs.chains import dense_shapes, sequential
from matching_pairs.support import numbered

_SCOPES = ("zebra", "apple", "mango")
SOURCES = {}
for _scope in _SCOPES:
    SOURCES |= dense_shapes(f"animal_or_fruit/{_scope}", 8, 8)
TRUTH = {
    f"{numbered('dense', place)}/{leaf}": tuple(f"animal_or_fruit/{s}/{leaf}" for s in _SCOPES)
    for place in range(3)
    for leaf in ("kernel", "bias")
}


def build():
    return sequential((8, 8, 8, 8))
