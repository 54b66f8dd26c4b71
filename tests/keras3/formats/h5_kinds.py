"""Honest HDF5 files of every kind that h5py writes, small: each by a name, made when asked for."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np

VALUE = np.arange(24, dtype="float32").reshape(4, 6)


def written(fill: Callable[[h5py.File], None], **settings: Any) -> bytes:
    """Returns the file that `fill` makes: on disk, for pages aren't filled up in memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "m.h5")
        with h5py.File(path, "w", **settings) as file:
            fill(file)
        with open(path, "rb") as made:
            return made.read()


def plain(file: h5py.File) -> None:
    """As Keras writes weights, and links of every kind."""
    file["layers/dense/vars/0"] = VALUE
    file["layers/dense/vars/1"] = VALUE[0]
    file.create_group("empty")
    file["soft"] = h5py.SoftLink("/layers/dense")
    file["hard"] = file["layers/dense/vars/0"]
    file["itself"] = file["/"]
    half = file.create_dataset("half", data=np.zeros(3, "V2"))
    half.attrs["dtype"] = "bfloat16"


def chunks(file: h5py.File) -> None:
    """Every index of chunks, packed and not."""
    packings: tuple[dict, ...] = ({}, {"compression": "gzip", "shuffle": True, "fletcher32": True})
    for packed, how in enumerate(packings):
        file.create_dataset(f"fixed{packed}", data=VALUE, chunks=(2, 3), **how)
        file.create_dataset(f"one{packed}", data=VALUE, chunks=VALUE.shape, **how)
        for name, most in {"grows": (None, 9), "grows_both": (None, None)}.items():
            file.create_dataset(f"{name}{packed}", data=VALUE, chunks=(2, 3), maxshape=most, **how)
    early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    early.set_chunk((2,))
    early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    space = h5py.h5s.create_simple((10,))
    h5py.h5d.create(file.id, b"implicit", h5py.h5t.IEEE_F32LE, space, early)
    file["implicit"][:] = 1
    file["grows_both0"].resize((1, 1))


def many_chunks(file: h5py.File) -> None:
    """Indexes of several levels and pages, and with holes."""
    file.create_dataset("hole", shape=(100, 100), chunks=(3, 3))
    values = np.arange(5000, dtype="int8")
    file.create_dataset("fixed", data=values, chunks=(1,))
    file.create_dataset("packed", data=values[:1500], chunks=(1,), compression="gzip")
    file.create_dataset("grows", data=values, chunks=(1,), maxshape=(None,))
    square = values[:2500].reshape(50, 50)
    file.create_dataset("both", data=square, chunks=(1, 1), maxshape=(None, None))
    far = file.create_dataset("far", shape=(100_000,), chunks=(10,), maxshape=(None,))
    far[70_000] = 1


def types(file: h5py.File) -> None:
    """Datatypes of every class, in files and as objects, and what lies in heaps."""
    compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    compact.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple((10,))
    h5py.h5d.create(file.id, b"compact", h5py.h5t.IEEE_F32LE, space, compact)
    file["row"] = np.dtype([("a", "<f4"), ("b", "S3"), ("c", "i2", (3, 2))])
    file["single"], file["text"] = np.dtype("f4"), np.dtype(h5py.string_dtype())
    rows = file.create_dataset("rows", shape=(3,), dtype=file["row"])
    rows.attrs.create("of", np.float32(3), dtype=file["single"])
    file["single"].attrs.create("own", 1.0, dtype=file["single"])
    file["strings"] = np.array(["a", "bb", "", "c" * 5000], dtype=h5py.string_dtype())
    file.create_dataset("filled", (3,), dtype=h5py.string_dtype(), fillvalue="zz")
    file.create_dataset("lengths", (3,), dtype=h5py.vlen_dtype("i4"))[0] = [1, 2, 3]
    file["references"] = np.array([rows.ref], h5py.ref_dtype)
    file["enum"] = np.array([1, 2], h5py.enum_dtype({"a": 1, "b": 2}))
    for number, value in enumerate((True, 1 + 2j, np.ones(3, ">f4"), np.ones(2, np.longdouble))):
        file[f"v{number}"] = value
    file["opaque"], file["nothing"] = np.zeros(2, "V5"), h5py.Empty("f4")
    values = {"texts": ["a", "b", "ccc"], "nothing": h5py.Empty("S1"), "one": rows.ref}
    values["row"] = np.array([(1, "xx")], dtype=[("a", "i4"), ("s", h5py.string_dtype())])
    values["region"], values["arrays"] = rows.regionref[:1], np.zeros(2, [("v", "f4", (2,))])
    for name, value in values.items():
        file.attrs[name] = value
    file.attrs.create("shared", "q", dtype=file["text"])


def attributes(file: h5py.File) -> None:
    """So many, and such large ones, that they have heaps of their own where there are such."""
    for item in (file.create_dataset("d", data=VALUE), file.create_group("g")):
        for number in range(40):
            item.attrs[f"a{number}"] = number if number % 3 else f"text{number}"
        for number in range(0, 30, 3):
            del item.attrs[f"a{number}"]
    file["g"].attrs["large"] = np.arange(1000.0)


def links(file: h5py.File) -> None:
    """So many that they have B-trees of several nodes; some are gone, one is very long."""
    file["w"] = VALUE
    for number in range(500):
        file[f"g{number:04}"] = file["w"]
    for number in range(100, 220):
        del file[f"g{number:04}"]
    file["x" * 5000] = 1
    ordered = file.create_group("ordered", track_order=True)
    for number in range(40):
        ordered[f"s{number}"] = number


def large(file: h5py.File) -> None:
    """A group of 10,000."""
    for number in range(10_000):
        file.create_group(f"g{number}")


def _growing() -> bytes:
    """Returns a file that others could read while it was written."""

    def fill(file: h5py.File) -> None:
        grows = file.create_dataset("grows", data=VALUE, chunks=(2, 6), maxshape=(None, 6))
        file.swmr_mode = True
        grows.resize((60, 6))
        grows[:] = 1

    return written(fill, libver="latest")


def _kinds() -> dict[str, Callable[[], bytes]]:
    found: dict[str, Callable[[], bytes]] = {"swmr": _growing}
    for fill in (plain, chunks, many_chunks, types, attributes, links, large):
        for version in ("earliest", "v110", "latest"):
            name = f"{fill.__name__} {version}"
            found[name] = _kind(fill, libver=(version, "latest"))
            if fill not in (chunks, many_chunks):
                found[f"{name} in order"] = _kind(fill, libver=version, track_order=True)
    for version in ("earliest", "latest"):
        found[f"user block {version}"] = _kind(plain, libver=version, userblock_size=1024)
        paged = {"fs_strategy": "page", "fs_persist": True}
        found[f"pages {version}"] = _kind(attributes, libver=version, **paged)
    return found


def _kind(fill: Callable[[h5py.File], None], **settings: Any) -> Callable[[], bytes]:
    return lambda: written(fill, **settings)


KINDS = _kinds()
SMALL = (
    *("plain earliest", "plain latest in order", "chunks earliest", "chunks latest"),
    *("types earliest", "types latest", "attributes latest in order", "links earliest"),
    *("links latest in order", "many_chunks latest", "user block latest", "swmr"),
)
"""Those that are small, and have every structure between them."""
