"""Bytes of arrays, a window at a time, against numpy's own `tobytes`; and dtypes by name."""

import ml_dtypes
import numpy as np
import pytest

from tf1compat.errors import UsageError
from tf1compat.files.dtypes import numpy_dtype
from tf1compat.files.raw import is_plain, raw_windows

GRID = np.arange(6 * 50 * 7, dtype=np.float32).reshape(6, 50, 7)


@pytest.mark.parametrize("window", [8, 100, 1 << 20])
@pytest.mark.parametrize(
    "array",
    [
        GRID,
        GRID.T,
        GRID[:, ::3],
        GRID[::-1, :, 2],
        GRID.astype(">f4"),
        GRID[:0].T,
        np.array(2.5, ">f8"),
        np.array(True),
        GRID.astype(ml_dtypes.bfloat16).T,
        GRID.astype(np.int8).view([("qint8", "i1")]).T,
        (GRID + 1j).T,
    ],
    ids=lambda a: f"{a.dtype}-{a.shape}" if isinstance(a, np.ndarray) else a,
)
def test_windows_are_the_bytes_of_a_file(array, window):
    windows = list(raw_windows(array, window=window))
    expected = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
    assert b"".join(one.tobytes() for one in windows) == expected
    assert all(one.dtype == np.uint8 for one in windows)
    assert max((one.size for one in windows), default=0) <= max(window, array.itemsize)


def test_what_is_plain_is_not_copied():
    assert is_plain(GRID)
    assert all(np.shares_memory(one, GRID) for one in raw_windows(GRID, window=512))
    assert not is_plain(GRID.T)
    assert not is_plain(GRID.astype(">f4"))


def test_dtypes_by_name():
    for name in ("float32", "int8", "bool", "complex128", "bfloat16", "float8_e4m3fn"):
        assert numpy_dtype(name).name == name
    for name in ("float33", "finfo", "(", ""):
        with pytest.raises(UsageError, match="expected a dtype such as float32"):
            numpy_dtype(name)
