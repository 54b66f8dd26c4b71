"""What Keras 2 and earlier called the weights in an HDF5 file: the names of their variables.

``layer_names`` and each layer's ``weight_names`` are attributes; a weight is the dataset of its
name within its layer's group. A whole model has these below ``model_weights``, and its optimizer's
variables below ``optimizer_weights``. They are texts of a fixed length, or, where h5py 3 wrote
them, of any, which HDF5 keeps in heaps: what those give was looked at before HDF5 opened the file.
"""

from __future__ import annotations

import collections
import re
from collections.abc import Container, Iterator, Mapping
from typing import NamedTuple

import h5py
import numpy as np

__all__ = ["Named", "kind_of", "legacy_names"]

_MODEL, _OPTIMIZER = "model_weights", "optimizer_weights"
_OPTIMIZERS = (f"{_OPTIMIZER}/", "optimizer/")  # of Keras 2 and of Keras 3
_METRIC = re.compile(r"metrics/(?:[^/]+/)+vars/\d+")  # of a model that Keras 2.12 and later trained
_NUMBER = ":0"
_MOST = 1 << 20  # names


class Named(NamedTuple):
    """A dataset, and the name of the variable that it is the value of."""

    dataset: str
    name: str


def kind_of(dataset: str) -> str:
    """Returns the kind of a dataset that isn't a weight, by its name; "" of a weight."""
    if dataset.startswith(_OPTIMIZERS):
        return "optimizer_state"
    return "metric" if _METRIC.fullmatch(dataset) else ""


def legacy_names(file: h5py.File, datasets: Container[str]) -> Mapping[str, str] | None:
    """Returns the datasets by their variables' names; None for a file that Keras 3 wrote.

    What two variables would be called is called as the dataset is.

    Raises:
      ValueError: it lists a weight that isn't there.
    """
    root = _MODEL if _has(file, _MODEL) else ""
    group = file[root] if root else file
    layers = _texts(group, "layer_names")
    if layers is None:
        return None
    found = [
        Named("/".join(filter(None, (root, layer, weight))), weight)
        for layer in layers
        for weight in _texts(_group(group, layer), "weight_names") or ()
    ]
    if _has(file, _OPTIMIZER):
        weights = _texts(file[_OPTIMIZER], "weight_names") or ()
        found += [Named(f"{_OPTIMIZER}/{weight}", f"{_OPTIMIZER}/{weight}") for weight in weights]
    for one in found:
        if one.dataset not in datasets:
            raise ValueError(f"dataset {one.dataset[:200]!r} is listed and isn't there")
    names = [one.name.removesuffix(_NUMBER) for one in found]
    times = collections.Counter(names)
    return {
        (name if times[name] == 1 else one.dataset.removesuffix(_NUMBER)): one.dataset
        for name, one in zip(names, found, strict=True)
    }


def _has(file: h5py.Group, name: str) -> bool:
    return bool(file.id.links.exists(name.encode())) and isinstance(file[name], h5py.Group)


def _group(parent: h5py.Group, name: str) -> h5py.Group:
    if not name or name not in parent or not isinstance(parent[name], h5py.Group):
        raise ValueError(f"layer {name[:200]!r} is listed and isn't there")
    return parent[name]


def _texts(group: h5py.Group, name: str) -> list[str] | None:
    """Returns the texts of an attribute, or of the several that a long one was cut into."""
    whole = _attribute(group, name)
    if whole is not None:
        return whole
    pieces = [*_pieces(group, name)]
    return [text for piece in pieces for text in piece] if pieces else None


def _pieces(group: h5py.Group, name: str) -> Iterator[list[str]]:
    for number in range(_MOST):
        piece = _attribute(group, f"{name}{number}")
        if piece is None:
            return
        yield piece


def _attribute(group: h5py.Group, name: str) -> list[str] | None:
    if not h5py.h5a.exists(group.id, name.encode()):
        return None
    held = h5py.h5a.open(group.id, name.encode())
    kind = held.get_type()
    if held.shape and 0 in held.shape:  # of a layer without weights; 1.15 has it as floats
        return []
    if not isinstance(kind, h5py.h5t.TypeStringID) or len(held.shape) != 1:
        raise ValueError(f"the attribute {name!r} isn't a list of texts")
    texts = np.empty(held.shape, kind.dtype)
    held.read(texts)
    return [(text or b"").decode("utf-8") for text in texts.tolist()]  # an empty one is None
