"""Twelve convolutions of one shape, conv1 to conv12, which an order of letters would mix up."""

import keras

from matching_pairs.support import slim

_NUMBERS = range(1, 13)
SOURCES = {}
TRUTH = {}
for _number in _NUMBERS:
    SOURCES |= {f"net/conv{_number}/weights": (3, 3, 8, 8), f"net/conv{_number}/biases": (8,)}
    TRUTH |= slim(f"conv{_number}", f"net/conv{_number}")


def build():
    parts = [keras.layers.Conv2D(8, 3, padding="same", name=f"conv{n}") for n in _NUMBERS]
    return keras.Sequential([keras.Input((8, 8, 8)), *parts])
