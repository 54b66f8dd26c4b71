"""Space for the weights in an HDF5 file, reserved and located before any value is read."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence

import h5py

from tf1compat.budget import Budget
from tf1compat.files.file_sink import ALIGNMENT
from tf1compat.keras3.formats.hdf5._checked_file import checked_h5
from tf1compat.keras3.formats.hdf5._groups import walk
from tf1compat.keras3.formats.hdf5.skeleton import marked_number
from tf1compat.keras3.index.weights import Weight

_LARGE = 1 << 19  # bytes from which on a value starts at a block of the disk

__all__ = ["Place", "find_marks", "reserve"]


@dataclasses.dataclass(frozen=True)
class Place:
    """Where in a file one weight's value goes.

    Attributes:
      weight: the weight.
      dataset: name of its (first) dataset.
      offset: of its first byte in the file, where values are raw bytes in C order; 0 if it has no
        elements.
    """

    weight: Weight
    dataset: str
    offset: int


def reserve(skeleton: str, path: str, weights: Sequence[Weight]) -> list[Place]:
    """Writes `skeleton` to `path`, with unwritten datasets of full size in place of its marks.

    A weight with several marks has one dataset under several names.

    Args:
      skeleton: an HDF5 file with marks, as ``save_skeleton`` gives it.
      path: the file to make.
      weights: what the marks' numbers mean.

    Returns:
      the weights' places, in order of offset.

    Raises:
      OSError: `path` can't be written.
    """
    with (
        h5py.File(skeleton, "r") as given,
        checked_h5(path, "w", alignment_threshold=_LARGE, alignment_interval=ALIGNMENT) as made,
    ):
        marks = _copy(given, made)
        places = []
        for number, weight in enumerate(weights):  # in order, for offsets to be in that order too
            names = marks[number]
            dataset = _create(given, made, names, weight=weight)
            places.append(Place(weight, names[0], dataset.get_offset() or 0))
    return sorted(places, key=lambda place: place.offset)


def find_marks(file: h5py.File) -> dict[int, list[str]]:
    """Returns the names of the marks by their numbers."""
    found: dict[int, list[str]] = {}
    for prefix, _, datasets in walk(file, budget=_budget(file)):
        for name, dataset in datasets:
            number = marked_number(dataset.shape)
            if number is not None:
                found.setdefault(number, []).append((prefix + name).decode())
    return found


def _copy(given: h5py.File, made: h5py.File) -> dict[int, list[str]]:
    """Copies everything but the marks; returns the names of these by their numbers."""
    marks: dict[int, list[str]] = {}
    for prefix, group, datasets in walk(given, budget=_budget(given)):
        if prefix:
            copy = h5py.h5g.create(made.id, prefix.rstrip(b"/"))
            _copy_attributes(h5py.Group(group), h5py.Group(copy))
        for name, dataset in datasets:
            full, number = (prefix + name).decode(), marked_number(dataset.shape)
            if number is None:
                given.copy(full, made, name=full)
            else:
                marks.setdefault(number, []).append(full)
    return marks


def _budget(file: h5py.File) -> Budget:
    return Budget(file.filename, os.path.getsize(file.filename))


def _copy_attributes(given: h5py.HLObject, made: h5py.HLObject) -> None:
    if h5py.h5a.get_num_attrs(given.id):
        for key, value in given.attrs.items():
            made.attrs[key] = value


def _create(
    given: h5py.File, made: h5py.File, names: Sequence[str], *, weight: Weight
) -> h5py.h5d.DatasetID:
    """Makes a dataset of full size, of a mark's type and attributes, under all of its names."""
    mark = h5py.h5d.open(given.id, names[0].encode())
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.CONTIGUOUS)
    # HDF5 gives contiguous data a place in the file only when a value is written (late), and fills
    # it with zeros then: values that are written past it need the place first and no zeros.
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    shape = weight.shape
    space = h5py.h5s.create_simple(shape) if shape else h5py.h5s.create(h5py.h5s.SCALAR)
    dataset = h5py.h5d.create(made.id, names[0].encode(), mark.get_type(), space, properties)
    _copy_attributes(h5py.Dataset(mark), h5py.Dataset(dataset))
    for other in names[1:]:
        made.id.links.create_hard(other.encode(), made.id, names[0].encode())
    return dataset
