"""A layer's own variables: what to call them and what they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from tf1compat.keras3.index._naming import unique_names
from tf1compat.names.roles import role_of

__all__ = ["is_seed", "role", "variable_names"]

_UNNAMED = re.compile(r"(keras_)?variable(_[0-9]+)?")
# Names that Keras itself gives and that mean one thing; everything else goes by names.roles.
_ROLES = {
    "embeddings": "embedding",
    "gamma": "gamma",
    "beta": "beta",
    "seed_generator_state": "seed",
}
_SEED = "seed_generator_state"


def is_seed(variable: Any) -> bool:
    """Tells whether `variable` is the state of a random generator."""
    # A program's own variable may be called so too; `SeedGenerator` makes two numbers, untrained.
    return variable.name == _SEED and tuple(variable.shape) == (2,) and not variable.trainable


def variable_names(layer: keras.layers.Layer, own: Sequence[Any]) -> list[str]:
    """Returns a name for each of the layer's own variables; all differ.

    A variable's own name serves where its author gave one that no other variable of the layer has;
    else the attribute that holds it.
    """
    names = [variable.name for variable in own]
    counts = Counter(names)
    bad = [counts[name] > 1 or _UNNAMED.fullmatch(name) is not None for name in names]
    if any(bad):
        held = _attributes(layer)
        for place, variable in enumerate(own):
            if bad[place]:
                plain = "variable" if _UNNAMED.fullmatch(names[place]) else names[place]
                names[place] = held.get(id(variable), plain)
    return list(unique_names(names))


def role(layer_class: str, layer_segment: str, name: str) -> str:
    """Returns what part a variable of this name plays in its layer."""
    known = _ROLES.get(name)
    if known is not None:
        return known
    scope = "batch_normalization" if layer_class.endswith("Normalization") else layer_segment
    return role_of(name, scope)


def _attributes(layer: keras.layers.Layer) -> Mapping[int, str]:
    """Returns by id of a variable the most telling attribute of `layer` that holds it."""
    best: dict[int, tuple[tuple[bool, bool], str]] = {}
    for attribute, value in vars(layer).items():
        name = attribute.strip("_")
        held: list[tuple[Any, str, bool]] = []
        if isinstance(value, keras.Variable):
            held = [(value, name, False)]
        elif isinstance(value, dict):
            held = [(v, f"{name}_{k}".replace("/", "_"), True) for k, v in value.items()]
        elif isinstance(value, (list, tuple)):
            held = [(v, f"{name}_{i}", True) for i, v in enumerate(value)]
        for item, text, nested in held:
            rank = (attribute.startswith("_"), nested)
            if isinstance(item, keras.Variable) and (
                id(item) not in best or rank < best[id(item)][0]
            ):
                best[id(item)] = (rank, text)
    # Keras' own lists of a layer's variables hold all of them and tell nothing.
    return {key: text for key, (rank, text) in best.items() if rank != (True, True)}
