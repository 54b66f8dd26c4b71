"""Space for the weights in an HDF5 file, reserved and located before any value is read."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import h5py

from tf1compat.keras3._file_sink import ALIGNMENT
from tf1compat.keras3._skeleton import marked_number
from tf1compat.keras3.weights import Weight

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


def reserve(path: str, weights: Sequence[Weight]) -> list[Place]:
    """Replaces the marks in the HDF5 file `path` with unwritten datasets of full size.

    A weight with several marks has one dataset under several names.

    Args:
      path: a file as :func:`~tf1compat.keras3._skeleton.save_skeleton` gives it.
      weights: what the marks' numbers mean.

    Returns:
      the weights' places, in order of offset.
    """
    with h5py.File(path, "r+", alignment_threshold=_LARGE, alignment_interval=ALIGNMENT) as file:
        names = find_marks(file)
        made: list[tuple[Weight, str, h5py.h5d.DatasetID]] = []
        for number, weight in enumerate(weights):
            first, *others = names[number]
            made.append((weight, first, _replace(file, first, weight)))
            for other in others:
                del file[other]
                file[other] = file[first]
        file.flush()
        places = [Place(weight, name, made_id.get_offset() or 0) for weight, name, made_id in made]
    return sorted(places, key=lambda place: place.offset)


def find_marks(file: h5py.File) -> dict[int, list[str]]:
    """Returns the names of the marks by their numbers."""
    found: dict[int, list[str]] = {}

    def visit(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            number = marked_number(item.shape)
            if number is not None:
                found.setdefault(number, []).append(name)

    file.visititems(visit)
    return found


def _replace(file: h5py.File, name: str, weight: Weight) -> h5py.h5d.DatasetID:
    """Puts a dataset of full size, of the same type and attributes, in place of a mark."""
    mark = file[name]
    kind, attributes = mark.id.get_type(), dict(mark.attrs)
    del file[name]
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.CONTIGUOUS)
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)  # so that the place is known
    properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)  # so that it isn't written twice
    space = (
        h5py.h5s.create_simple(weight.shape) if weight.shape else h5py.h5s.create(h5py.h5s.SCALAR)
    )
    made = h5py.h5d.create(file.id, name.encode(), kind, space, properties)
    for key, value in attributes.items():
        h5py.Dataset(made).attrs[key] = value
    return made
