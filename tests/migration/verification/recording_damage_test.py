"""Recordings that are damaged, claim what isn't there, or are something else."""

import io
import os
import warnings
import zipfile

import numpy as np
import pytest

from tf1compat.errors import BudgetError, UsageError
from tf1compat.files.npz import read_npz
from tf1compat.migration import load_inputs, load_recording


def archive(**arrays):
    out = io.BytesIO()
    np.savez_compressed(out, **{name.replace("_", "/"): one for name, one in arrays.items()})
    return out.getvalue()


GOOD = archive(in_x=np.arange(40, dtype=np.float32), out_y=np.ones(9))


def npy(shape, descr="'<f4'", data=b""):
    head = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}".encode()
    head = head.ljust(117) + b"\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("in/x.npy", b"\x93NUMPY\1\0" + len(head).to_bytes(2, "little") + head + data)
    return out.getvalue()


def plain():
    out = io.BytesIO()
    np.save(out, np.zeros(3))
    return out.getvalue()


def encrypted():
    data = bytearray(GOOD)
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.find(mark) + place] |= 1
    return bytes(data)


@pytest.mark.parametrize("load", [load_recording, load_inputs])
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (plain(), "expected an .npz file"),
        (encrypted(), "expected an .npz file"),
        (GOOD[:-30], "expected an .npz file"),
        (npy("(1125899906842624,)"), "4,503,599,627,370,496 bytes claimed"),
        (npy(f"({2**70},)"), "bytes claimed"),
        (npy("(-4, -4)", data=bytes(64)), r"the shape \(-4, -4\)"),
        (npy("(4,)", "'|O'", bytes(32)), "elements of object"),
        (npy("(" * 100), "expected an .npz file"),
    ],
)
def test_what_is_no_recording_is_said(tmp_path, load, data, said):
    (tmp_path / "r.npz").write_bytes(data)
    with pytest.raises(UsageError, match=rf"r\.npz.*{said}"):
        load(tmp_path / "r.npz")


def read_or_told(path):
    """Returns what a recording holds, or "told"."""
    try:
        return repr(load_recording(path))
    except (UsageError, BudgetError):
        return "told"


def test_no_flip_of_a_bit_gives_an_odd_error_or_other_values(tmp_path):
    path = tmp_path / "r.npz"
    path.write_bytes(GOOD)
    good = read_or_told(path)
    for at in range(0, 8 * len(GOOD), 17):
        data = bytearray(GOOD)
        data[at // 8] ^= 1 << at % 8
        path.write_bytes(data)
        assert read_or_told(path) in (good, "told"), at


def test_zeros_are_unpacked_as_far_as_their_file_warrants(tmp_path):
    (tmp_path / "r.npz").write_bytes(archive(in_x=np.zeros(60 << 20, "u1")))
    with pytest.raises(BudgetError, match=r"r\.npz: reading it takes 62,9.*--budget=2 allows"):
        load_recording(tmp_path / "r.npz")


def test_a_pipe_is_no_recording(tmp_path):
    os.mkfifo(tmp_path / "r.npz")
    with pytest.raises(UsageError, match="found a FIFO"):
        load_recording(tmp_path / "r.npz")


def test_two_arrays_of_one_name_are_refused(tmp_path):
    for second, said in {"w.npy": "the member 'w.npy' 2 t", "w": "in 'w': a second array"}.items():
        path = tmp_path / f"{len(second)}.npz"
        np.savez(path, w=np.ones(2))
        with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
            warnings.simplefilter("ignore")  # Python's, of the second
            archive.writestr(second, archive.read("w.npy"))
        with pytest.raises(UsageError, match=f"found {said}"):
            read_npz(path)
