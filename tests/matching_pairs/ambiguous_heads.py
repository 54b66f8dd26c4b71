"""Two heads of one shape on one trunk, under names that don't meet."""

import keras

from matching_pairs.chains import dense_shapes
from matching_pairs.support import layers

SOURCES = {
    **dense_shapes("agent/trunk", 6, 8),
    **dense_shapes("agent/foo", 8, 4),
    **dense_shapes("agent/bar", 8, 4),
}
TRUTH = layers("trunk", "agent/trunk")
for _head in ("up", "down"):
    for _leaf in ("kernel", "bias"):
        TRUTH[f"{_head}/{_leaf}"] = (f"agent/foo/{_leaf}", f"agent/bar/{_leaf}")


def build():
    state = keras.Input((6,))
    x = keras.layers.Dense(8, name="trunk")(state)
    heads = [keras.layers.Dense(4, name=name)(x) for name in ("up", "down")]
    return keras.Model(state, heads)
