"""Target of arrays within an ``.npz`` file that is sound but for what its members say."""

from __future__ import annotations

import io
import itertools
import zipfile

import numpy as np
from fuzz_pieces import packed, pieces
from fuzz_scratch import written

from tf1compat.errors import Tf1CompatError
from tf1compat.files.npz import read_npz

_MAGIC = b"\x93NUMPY"


def npz_arrays(data: bytes) -> None:
    """Names, headers and bytes of arrays: what is read is what NumPy reads."""
    path = written("arrays.npz", _zipped(pieces(data)))
    try:
        found = read_npz(path)
    except Tf1CompatError:
        return
    with np.load(path, allow_pickle=False) as expected:
        assert list(found) == list(expected)
        for name, array in found.items():
            other = expected[name]
            assert (array.dtype, array.shape) == (other.dtype, other.shape), name
            bits, meant = array.tobytes(), other.tobytes()
            assert bits == meant, name


def _zipped(parts: list[bytes]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        members = itertools.zip_longest(parts[::3], parts[1::3], parts[2::3], fillvalue=b"")
        for name, header, body in {one[0]: one for one in members}.values():
            version, text = header[:2], header[2:]
            size = 2 if version[:1] == b"\1" else 4
            whole = _MAGIC + version + len(text).to_bytes(size, "little") + text + body
            info = zipfile.ZipInfo(name.decode("utf-8", "replace") + ".npy")
            method = zipfile.ZIP_DEFLATED if len(body) % 2 else zipfile.ZIP_STORED
            archive.writestr(info, whole, method)
    return memory.getvalue()


def npz_arrays_seeds() -> list[bytes]:
    array = b"{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n"
    kinds = [
        (b"<f4", b"False", b"(2, 2)", b"abcdefghijklmnop"),
        (b">i2", b"True", b"(2, 3)", b"abcdefghijkl"),
        (b"|b1", b"False", b"(3,)", b"\0\1\1"),
        (b"<U2", b"False", b"()", b"a\0\0\0b\0\0\0"),
        (b"|S3", b"False", b"(1,)", b"abc"),
        (b"<c8", b"False", b"(0, 4)", b""),
        (b"|O", b"False", b"(1,)", b"\x80\4N."),
    ]
    members = [
        [b"in/x%d" % n, b"\1\0" + array % (dtype, order, shape), body]
        for n, (dtype, order, shape, body) in enumerate(kinds)
    ]
    both = [b"\2\0" + members[0][1][2:], members[0][2]]
    return [packed(one) for one in members] + [packed([*members[1], b"out/y", *both])]
