"""What slim and Keras call the layers of a ResNet."""

from matching_pairs.support import norm, slim

_SCOPES = {0: "shortcut", 1: "conv1", 2: "conv2", 3: "conv3"}


def _units(depths):
    """Yields the Keras prefix and the v1 scope of each unit, and the places of its convolutions."""
    for block, depth in enumerate(depths, 1):
        for unit in range(1, depth + 1):
            places = (0, 1, 2, 3) if unit == 1 else (1, 2, 3)
            yield f"conv{block + 1}_block{unit}", f"block{block}/unit_{unit}", places


def _conv(target, scope, *, biases):
    found = slim(target, scope)
    return found if biases else {**found, f"{target}/bias": None}


def v1_truth(scope, depths, *, biases):
    """Returns the truth for a ResNet of the first version.

    The convolutions of Keras' have biases; without `biases` nothing of the source belongs there.
    """
    found = _conv("conv1_conv", f"{scope}/conv1", biases=biases)
    found |= norm("conv1_bn", f"{scope}/conv1/BatchNorm") | slim("predictions", f"{scope}/logits")
    for prefix, unit, places in _units(depths):
        for place in places:
            v1 = f"{scope}/{unit}/bottleneck_v1/{_SCOPES[place]}"
            found |= _conv(f"{prefix}_{place}_conv", v1, biases=biases)
            found |= norm(f"{prefix}_{place}_bn", f"{v1}/BatchNorm")
    return found


def v2_truth(scope, depths):
    """Returns the truth for a ResNet of the second version."""
    found = slim("conv1_conv", f"{scope}/conv1") | norm("post_bn", f"{scope}/postnorm")
    found |= slim("predictions", f"{scope}/logits")
    for prefix, unit, places in _units(depths):
        bottleneck = f"{scope}/{unit}/bottleneck_v2"
        found |= norm(f"{prefix}_preact_bn", f"{bottleneck}/preact")
        for place in places:
            v1 = f"{bottleneck}/{_SCOPES[place]}"
            found |= slim(f"{prefix}_{place}_conv", v1, bias=place in (0, 3))
            if place in (1, 2):
                found |= norm(f"{prefix}_{place}_bn", f"{v1}/BatchNorm")
    return found
