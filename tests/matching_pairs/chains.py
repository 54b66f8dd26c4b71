"""Chains of dense layers, of which several small pairs are made."""

import keras


def dense_shapes(scope, inputs, outputs, *, names=("kernel", "bias")):
    """Returns the shapes of a dense layer's variables."""
    return {f"{scope}/{names[0]}": (inputs, outputs), f"{scope}/{names[1]}": (outputs,)}


def sequential(widths, *, names=None, name=None):
    """Returns a Sequential model of dense layers, under automatic names or these."""
    sizes = widths[1:]
    named = [{"name": given} for given in names] if names else [{}] * len(sizes)
    parts = [keras.layers.Dense(n, **options) for n, options in zip(sizes, named, strict=True)]
    return keras.Sequential([keras.Input(widths[:1]), *parts], name=name)
