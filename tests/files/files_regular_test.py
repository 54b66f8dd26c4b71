"""Files whose sizes are not to be trusted."""

import errno
import os
import socket
import subprocess
import sys

import pytest

from tf1compat.errors import CheckpointError, CorruptCheckpointError, UsageError
from tf1compat.files.regular import open_regular
from tf1compat.regular_files import IrregularFileError, regular_handle
from tf1compat.text_files import read_text


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


def socket_at(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (os.mkdir, "a directory"),
        (os.mkfifo, "a FIFO"),
        (socket_at, "a socket"),
        (lambda path: os.symlink("/dev/zero", path), "a device"),
    ],
)
def test_only_regular_files_are_opened(tmp_path, make, kind):
    path = str(tmp_path / "f")
    make(path)
    with pytest.raises(IrregularFileError, match=f"expected a regular file, found {kind}"):
        regular_handle(path)
    with (
        pytest.raises(CorruptCheckpointError, match=f"f: expected a regular file, found {kind}"),
        open_regular(path),
    ):
        pass
    with pytest.raises(UsageError, match=f"f: expected a readable text file, found {kind}; check"):
        read_text(path)


def test_what_takes_the_place_of_a_file_before_it_is_opened_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "f"
    path.touch()
    real = os.stat

    def then_swapped(*args, **keywords):
        status = real(*args, **keywords)
        path.unlink()
        os.mkfifo(path)
        return status

    monkeypatch.setattr(os, "stat", then_swapped)
    with pytest.raises(IrregularFileError, match="expected a regular file, found a FIFO"):
        regular_handle(path)


def test_what_was_looked_at_is_what_others_open(tmp_path):
    path = tmp_path / "model.weights.h5"
    path.write_text("looked at")
    with open_regular(str(path)) as file:
        path.rename(tmp_path / "elsewhere")
        path.write_text("another")
        with file.leading_path() as leading, open(leading) as again:
            assert os.path.basename(leading) == "model.weights.h5"
            assert again.read() == "looked at"
    assert not os.path.lexists(leading)


def test_where_descriptors_have_no_paths_others_open_a_copy(tmp_path, monkeypatch):
    (tmp_path / "f").write_text("looked at")
    monkeypatch.setattr(os, "symlink", lambda source, path: os.mkfifo(path))
    with open_regular(str(tmp_path / "f")) as file:
        file.read(3, 2)
        with file.leading_path() as leading, open(leading) as again:
            assert again.read() == "looked at"


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


def test_a_system_without_posix_is_named():
    program = (
        "import os, sys; del os.preadv; sys.platform = 'win32'; import tf1compat.regular_files"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert "expected Linux or macOS, found win32; on Windows, use its Linux" in done.stderr
