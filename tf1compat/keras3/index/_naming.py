"""Names that stay the same from process to process.

Keras numbers the layers that their author didn't name by how many of their class the process has
built: ``dense_5`` is ``dense`` in a fresh process. Here such numbers are counted from the model's
own first layer of a class, so that paths are those of a fresh process; where the author held the
layer in an attribute, the attribute's name is taken instead.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

import keras

from tf1compat.keras3.index._tree import Child, is_graph, is_stack

__all__ = ["automatic_number", "number_offsets", "segments", "unique_names"]

_WORD_STARTS = re.compile(r"(?<!^)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])")


def snake_case(class_name: str) -> str:
    """Returns what Keras makes of a class name for its automatic names.

    >>> snake_case("Conv2DTranspose"), snake_case("LSTMCell"), snake_case("_Mine")
    ('conv2d_transpose', 'lstm_cell', '__mine')
    """
    # As Keras' `to_snake_case`: between a digit and a capital no word starts, hence `conv2d`.
    return _WORD_STARTS.sub("_", re.sub(r"\W+", "", class_name)).lower()


def automatic_number(layer: keras.layers.Layer) -> int | None:
    """Returns the number in a name that Keras may have given itself, else None."""
    prefix = snake_case(type(layer).__name__)
    # Keras gives the first of its class in a process no number, and the second a 1.
    if layer.name == prefix:
        return 0
    if not layer.name.startswith(f"{prefix}_"):
        return None
    digits = layer.name[len(prefix) + 1 :]
    return int(digits) if re.fullmatch("[1-9][0-9]{0,8}", digits) else None


def number_offsets(layers: Iterable[keras.layers.Layer]) -> Mapping[str, int]:
    """Returns by class prefix what to take from automatic numbers to get a fresh process' ones.

    Where the numbers of a class have gaps, some may be the author's own: then they are kept, as
    two runs that number differently had better differ in names than swap them.
    """
    numbers: dict[str, list[int]] = defaultdict(list)
    for layer in layers:
        number = automatic_number(layer)
        if number is not None:
            numbers[snake_case(type(layer).__name__)].append(number)
    return {
        prefix: min(found)
        for prefix, found in numbers.items()
        if sorted(found) == list(range(min(found), min(found) + len(found)))
    }


def segments(
    parent: keras.layers.Layer, inner: Iterable[Child], offsets: Mapping[str, int]
) -> list[str]:
    """Returns the path segment of each layer within `parent`; all differ."""
    by_attribute = not (is_graph(parent) or is_stack(parent))
    both_ways = isinstance(parent, keras.layers.Bidirectional)  # names its layers by their names
    names = []
    for child in inner:
        number = automatic_number(child.layer)
        if child.attribute and (both_ways or (number is not None and by_attribute)):
            names.append(child.attribute)
        elif number is not None:
            prefix = snake_case(type(child.layer).__name__)
            number -= offsets.get(prefix, 0)
            names.append(f"{prefix}_{number}" if number else prefix)
        else:
            names.append(child.layer.name)
    return list(unique_names(names))


def unique_names(names: Iterable[str]) -> Iterator[str]:
    """Yields `names`, those that repeat an earlier one with a number that makes them unique.

    >>> list(unique_names(["w", "w", "w_1", "b"]))
    ['w', 'w_2', 'w_1', 'b']
    """
    listed = list(names)
    taken = set(listed)
    if len(taken) == len(listed):
        yield from listed
        return
    counts: Counter[str] = Counter()
    seen: set[str] = set()
    for name in listed:
        unique = name
        while unique in seen or (unique != name and unique in taken):
            counts[name] += 1
            unique = f"{name}_{counts[name]}"
        seen.add(unique)
        yield unique
