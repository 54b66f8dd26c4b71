"""Files whose sizes are not to be trusted."""

import errno
import os
import socket
import subprocess
import sys

import pytest

from tf1compat.errors import CheckpointError, CorruptCheckpointError, UsageError
from tf1compat.files.positioned import bytes_at
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


@pytest.mark.parametrize("whole", ["import tf1compat", "import tf1compat.__main__"])
def test_a_system_without_posix_is_named(whole):
    # as Python is there: no fcntl, no SIGHUP, no preadv
    program = (
        "import os, signal, sys; os.name, sys.platform = 'nt', 'win32'; sys.modules['fcntl'] = None"
        f"; del os.preadv, signal.SIGHUP; {whole}"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert "ImportError: tf1compat reads and locks files by POSIX's calls" in done.stderr
    assert "expected Linux or macOS, found win32; on Windows, use its Linux" in done.stderr


def test_files_are_read_where_python_has_no_preadv(tmp_path, monkeypatch):
    (tmp_path / "f").write_bytes(b"abcdef")
    monkeypatch.delattr(os, "preadv")
    with open_regular(str(tmp_path / "f")) as file:
        assert (file.read(2, 3), file.peek(99)) == (b"cde", b"abcdef")
        assert bytes_at(file.duplicate(), 4, 99) == b"ef"
        with pytest.raises(
            CorruptCheckpointError, match="5 bytes expected here, but the file has 6"
        ):
            file.read(3, 5)


def test_where_opening_a_descriptors_path_shares_its_position_others_open_a_copy(
    tmp_path, monkeypatch
):
    """As macOS and the BSDs have it: a second reader would begin where the first one ended."""
    (tmp_path / "f").write_text("looked at")
    real = os.open
    with open_regular(str(tmp_path / "f")) as file:

        def sharing(path, *args, **others):
            link = os.path.islink(path) and os.readlink(path)
            if link and link.startswith("/dev/fd/"):
                return os.dup(int(os.path.basename(link)))
            return real(path, *args, **others)

        monkeypatch.setattr(os, "open", sharing)
        with file.leading_path() as leading:
            assert not os.path.islink(leading)
            for _ in range(2):
                assert os.read(os.open(leading, os.O_RDONLY), 99) == b"looked at"
