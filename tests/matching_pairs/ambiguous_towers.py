"""Two towers of one shape whose names have nothing in common: which is which can't be known."""

import keras

from matching_pairs.chains import dense_shapes, sequential
from matching_pairs.support import layers

SOURCES = {}
for _side in ("left", "right"):
    SOURCES |= dense_shapes(f"{_side}/fc1", 8, 8) | dense_shapes(f"{_side}/fc2", 8, 8)
SOURCES |= dense_shapes("score", 8, 1)
TRUTH = layers("score", "score")
for _tower in ("ham", "egg"):
    for _place, _fc in (("first", "fc1"), ("second", "fc2")):
        for _leaf in ("kernel", "bias"):
            TRUTH[f"{_tower}/{_place}/{_leaf}"] = (f"left/{_fc}/{_leaf}", f"right/{_fc}/{_leaf}")


def build():
    one, other = keras.Input((8,)), keras.Input((8,))
    ham, egg = (sequential((8, 8, 8), names=("first", "second"), name=n) for n in ("ham", "egg"))
    product = keras.layers.Multiply()([ham(one), egg(other)])
    return keras.Model([one, other], keras.layers.Dense(1, name="score")(product))
