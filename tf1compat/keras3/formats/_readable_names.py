"""Names to read for what files of Keras 3 only count: ``layers/dense_1/vars/0``.

Layers are called as their groups' notes say (of Keras 3.6 and later) or their configuration, which
a ``.keras`` file has; variables as those of Keras' own layers are. What isn't known stays counted.
"""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import h5py
import numpy as np

from tf1compat.keras3.formats._h5_names import kind_of
from tf1compat.keras3.formats._layer_configs import LayerConfig, layer_configs
from tf1compat.keras3.formats._optimizer_names import Shape, optimizer_names
from tf1compat.keras3.formats._own_variables import has_variables, own_variables

__all__ = ["noted_names", "readable_names"]

_COUNTED = re.compile(r"(?:(?P<layer>.*)/)?vars/(?P<number>\d{1,6})")
_NOTE = b"name"
_LONGEST = 1 << 12  # bytes of a name
_DEEPEST = 100  # layers within layers; what is deeper stays counted
_SEED = "/seed_generator"  # whose state isn't trained
_STATISTICS = ("/moving_mean", "/moving_variance")
_CONTAINERS = ("layers", "cells")


def noted_names(file: h5py.File, datasets: Iterable[str]) -> dict[str, str]:
    """Returns the names of layers that the groups of their variables note, by the layers' paths.

    Args:
      file: the open file.
      datasets: the names of its datasets.
    """
    layers = {counted[0] for name in datasets if (counted := _counted(name))}
    places = {part for layer in layers for part in _above(layer)}
    found = {place: _note(file, f"{place}/vars") for place in places}
    return {place: name for place, name in found.items() if name}


def readable_names(
    datasets: Mapping[str, Shape | None], noted: Mapping[str, str], config: Any = None
) -> dict[str, str]:
    """Returns a name to read for each dataset; what is called so twice is called as it was.

    Args:
      datasets: by the names of datasets, as they are counted, their shapes.
      noted: by the paths of layers, the names that were noted of them.
      config: the configuration of the whole model; None where the file has none.
    """
    counts: dict[str, int] = defaultdict(int)
    counted = {name: found for name in datasets if (found := _counted(name))}
    for layer, _ in counted.values():
        counts[layer] += 1
    configs = _agreeing(layer_configs(config), noted, counts)
    called = functools.cache(lambda layer: _called(layer, noted, configs))
    names = {}
    for name, (layer, number) in counted.items():
        known = own_variables(configs[layer], counts[layer]) if layer in configs else ()
        leaf = known[number] if number < len(known) else f"vars/{number}"
        names[name] = f"{called(layer)}/{leaf}"
    names |= optimizer_names(config, _trainable(names, counted, configs, datasets), datasets)
    others = Counter([*names.values(), *(one for one in datasets if one not in names)])
    return {
        one: names[one] if one in names and others[names[one]] == 1 else one for one in datasets
    }


def _trainable(
    names: Mapping[str, str],
    counted: Mapping[str, tuple[str, int]],
    configs: Mapping[str, LayerConfig],
    shapes: Mapping[str, Shape | None],
) -> dict[str, Shape | None]:
    """Returns the shapes of trainable weights by their names, in order; {} in doubt."""
    kept = [one for one in counted if not counted[one][0].endswith(_SEED)]
    if any(_COUNTED.fullmatch(names[one]) for one in kept) or _frozen(configs):
        return {}
    order = {layer: number for number, layer in enumerate(configs)}
    kept = [one for one in kept if not names[one].endswith(_STATISTICS)]
    kept.sort(key=lambda one: (order[counted[one][0]], counted[one][1]))
    return {names[one]: shapes[one] for one in kept}


def _frozen(configs: Mapping[str, LayerConfig]) -> bool:
    """Tells whether a layer doesn't train: what it was when the optimizer was made isn't told."""
    return any(one.settings.get("trainable") is False for one in configs.values())


def _counted(name: str) -> tuple[str, int] | None:
    """Returns the path of a variable's layer, and its number there; None of any other dataset."""
    match = None if kind_of(name) else _COUNTED.fullmatch(name)
    if match is None or not match["layer"] or match["layer"].count("/") > _DEEPEST:
        return None
    return match["layer"], int(match["number"])


def _above(layer: str) -> list[str]:
    """Returns the path of a layer, and of all that it is in."""
    ends = [at for at, letter in enumerate(layer) if letter == "/"]
    return [layer[:at] for at in (*ends, len(layer))]


def _note(file: h5py.File, group: str) -> str:
    """Returns the name that is noted of a group of variables; "" if there is none."""
    try:
        place = h5py.h5g.open(file.id, group.encode())
        if not h5py.h5a.exists(place, _NOTE):
            return ""
        held = h5py.h5a.open(place, _NOTE)
        if not isinstance(held.get_type(), h5py.h5t.TypeStringID) or held.shape != ():
            return ""
        text = np.empty((), held.get_type().dtype)
        held.read(text)
        name = text.item()
        name = name.decode() if isinstance(name, bytes) else name
    except (KeyError, ValueError, TypeError):  # no such group, or no text that is UTF-8
        return ""
    return name if isinstance(name, str) and 0 < len(name) <= _LONGEST and "\0" not in name else ""


def _agreeing(
    configs: Mapping[str, LayerConfig], noted: Mapping[str, str], counts: Mapping[str, int]
) -> dict[str, LayerConfig]:
    """Returns the configurations of layers that the file has so; none where it counts others."""
    if any(noted.get(path, one.name) != one.name for path, one in configs.items() if one.name):
        return {}
    if not noted and _is_counted_otherwise(configs, counts):
        return {}
    top = [path for path in counts if path.startswith("layers/")]
    known = {path.split("/")[1] for path in configs if path.startswith("layers/")}
    return dict(configs) if {path.split("/")[1] for path in top} <= known else {}


def _is_counted_otherwise(configs: Mapping[str, LayerConfig], counts: Mapping[str, int]) -> bool:
    """Tells whether a file lacks layers that its configuration counts.

    A layer that was saved as another's, a wrapper's or a nested model's, isn't saved again, and
    Keras 2 doesn't count it either: those behind it have its number and the next ones.
    """
    expected = {
        above for path, one in configs.items() if has_variables(one) for above in _above(path)
    }
    there = {above for path in counts for above in _above(path)}
    return any(path.rpartition("/")[0].endswith("layers") for path in (expected - there))


def _called(layer: str, noted: Mapping[str, str], configs: Mapping[str, LayerConfig]) -> str:
    """Returns the path of a layer by the names of the layers that it is in."""
    parts = []
    for path in _above(layer):
        own = path.rpartition("/")[2]
        name = noted.get(path) or (configs[path].name if path in configs else "")
        if name or own not in _CONTAINERS:
            parts.append(name or own)
    return "/".join(parts)
