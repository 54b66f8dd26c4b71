"""The file named ``checkpoint``: what stands there is what the error, or its absence, says."""

import errno
import os
import stat

import pytest

from tf1compat.checkpoint import find_prefix, update_checkpoint_state
from tf1compat.checkpoint.state_file import read_state
from tf1compat.errors import OutputError
from tf1compat.files import sealed

OLD, NEW = ("m-1", ("m-1",)), ("m-2", ("m-1", "m-2"))


@pytest.fixture
def folder(tmp_path):
    update_checkpoint_state(tmp_path, "m-1")
    return tmp_path


def refuse_to_sync_folders(monkeypatch, code):
    real = os.fsync

    def sync(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(code, os.strerror(code))
        real(handle)

    monkeypatch.setattr(os, "fsync", sync)


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP])
def test_a_folder_that_cannot_be_synced_is_no_failure(folder, monkeypatch, code):
    refuse_to_sync_folders(monkeypatch, code)
    update_checkpoint_state(folder, "m-2", every=("m-1", "m-2"))
    assert read_state(str(folder)) == NEW


def test_an_error_after_the_renaming_does_not_say_that_the_old_one_stands(folder, monkeypatch):
    refuse_to_sync_folders(monkeypatch, errno.EIO)
    with pytest.raises(OutputError, match="checkpoint: the new file stands there") as told:
        update_checkpoint_state(folder, "m-2", every=("m-1", "m-2"))
    assert "before" not in str(told.value)
    assert read_state(str(folder)) == NEW


def test_an_error_before_the_renaming_says_that_the_old_one_stands(folder, monkeypatch):
    def fails(path):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(sealed, "sync_file", fails)
    with pytest.raises(OutputError, match=r"Input/output error.*before still stands"):
        update_checkpoint_state(folder, "m-2")
    assert read_state(str(folder)) == OLD


def test_a_prefix_that_would_not_be_read_back_is_not_written(folder):
    with pytest.raises(OutputError, match=r"checkpoint: expected to read back \('',"):
        update_checkpoint_state(folder, "")
    assert read_state(str(folder)) == OLD
    assert sorted(os.listdir(folder)) == ["checkpoint"]


def test_a_private_one_stays_private(folder):
    os.chmod(folder / "checkpoint", 0o600)
    update_checkpoint_state(folder, "m-2")
    assert stat.S_IMODE((folder / "checkpoint").stat().st_mode) == 0o600
    (folder / "m-2.index").touch()
    assert find_prefix(folder) == str(folder / "m-2")
