"""Files whose sizes are not to be trusted."""

import errno
import os

import pytest

from tf1compat.errors import CheckpointError, CorruptCheckpointError
from tf1compat.files.regular import open_regular


def test_no_memory_is_taken_for_what_is_not_there(tmp_path):
    (tmp_path / "f").write_bytes(b"abc")
    with open_regular(str(tmp_path / "f")) as file:
        assert file.read(1, 2) == b"bc"
        with pytest.raises(CorruptCheckpointError, match="the file has 3 bytes: it is cut short"):
            file.read(1, 1 << 60)


def test_what_comes_in_pieces_is_read_to_the_end(tmp_path, monkeypatch):
    """The kernel may give fewer bytes than are asked for, and gives at most 2 GB at a time."""
    real, asked = os.preadv, []

    def one_byte(handle, views, offset):
        asked.append(offset)
        assert asked == list(range(len(asked)))
        return real(handle, [views[0][:1]], offset)

    monkeypatch.setattr(os, "preadv", one_byte)
    (tmp_path / "f").write_bytes(b"abcd")
    with open_regular(str(tmp_path / "f")) as file:
        assert file.read(0, 4) == b"abcd"


def test_a_disk_that_fails_once_the_file_is_open_is_told_with_its_name(tmp_path, monkeypatch):
    def fails(handle):
        raise OSError(errno.ESTALE, "Stale file handle")

    (tmp_path / "f").write_bytes(b"abcd")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", fails)
        with pytest.raises(CheckpointError) as told:
            open_regular(str(tmp_path / "f")).__enter__()
    assert "f: can't be opened (Stale file handle)" in str(told.value)


def test_what_is_read_is_read_though_closing_fails(tmp_path, monkeypatch):
    real = os.close

    def fails(handle):
        real(handle)
        raise OSError(errno.EIO, "Input/output error")

    (tmp_path / "f").write_bytes(b"abcd")
    monkeypatch.setattr(os, "close", fails)
    with open_regular(str(tmp_path / "f")) as file:
        assert file.read(0, 4) == b"abcd"
