"""What slim and Keras call the layers of a VGG."""

from matching_pairs.support import slim


def truth(scope, depths):
    """Returns the truth for a VGG with this many convolutions in its blocks."""
    found = {}
    for block, depth in enumerate(depths, 1):
        for place in range(1, depth + 1):
            v1 = f"{scope}/conv{block}/conv{block}_{place}"
            found |= slim(f"block{block}_conv{place}", v1)
    for keras_name, v1 in (("fc1", "fc6"), ("fc2", "fc7"), ("predictions", "fc8")):
        found |= slim(keras_name, f"{scope}/{v1}")
    return found
