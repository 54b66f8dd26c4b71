"""Equal layers whose numbers stand in the variables' own names, without a scope."""

from matching_pairs.chains import sequential
from matching_pairs.support import numbered

_DEPTH = 11
SOURCES = {}
TRUTH = {}
for _place in range(_DEPTH):
    SOURCES |= {f"W{_place + 1}": (8, 8), f"b{_place + 1}": (8,)}
    TRUTH[f"{numbered('dense', _place)}/kernel"] = f"W{_place + 1}"
    TRUTH[f"{numbered('dense', _place)}/bias"] = f"b{_place + 1}"


def build():
    return sequential((8,) * (_DEPTH + 1))
