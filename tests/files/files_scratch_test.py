"""Scratch folders: gone afterwards, and those of killed processes are cleared by the next."""

import os
import shutil
import subprocess
import sys
import tempfile

import pytest

from tf1compat.files import scratch
from tf1compat.files.scratch import scratch_folder, tidied

CHILD = """
import os, sys
from tf1compat.files.scratch import scratch_folder, tidied
with scratch_folder() as folder:
    open(os.path.join(folder, "half"), "w").close()
    print(folder, flush=True)
    if sys.argv[1] == "die":
        os.kill(os.getpid(), 9)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def child(folder, what):
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "TMPDIR": str(folder),
    }
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, what],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


def test_it_is_gone_afterwards_whatever_happens(temporary):
    def fail():
        with scratch_folder() as folder:
            assert os.stat(folder).st_mode & 0o777 == 0o700
            raise KeyError("of whoever uses it")

    with pytest.raises(KeyError, match="of whoever uses it"):
        fail()
    with scratch_folder() as folder:
        shutil.rmtree(folder)
    assert os.listdir(temporary) == []


def test_what_a_killed_process_left_is_cleared_and_a_living_ones_left_alone(temporary):
    with child(temporary, "live") as living:
        used = living.stdout.readline().strip()  # it clears, too, before it says so
        with child(temporary, "die") as dead:
            left = dead.stdout.readline().strip()
        assert os.path.exists(left)
        with scratch_folder() as folder:
            assert sorted(os.listdir(temporary)) == sorted(map(os.path.basename, [used, folder]))
        living.communicate()
    assert os.listdir(temporary) == []


def test_only_folders_of_its_own_user_and_kind_are_cleared(temporary, monkeypatch):
    (temporary / "kept").mkdir()
    (temporary / "tf1compat-other").mkdir(mode=0o700)
    (temporary / "tf1compat-scratch-open").mkdir(mode=0o755)
    (temporary / "tf1compat-scratch-file").touch()
    (temporary / "tf1compat-scratch-link").symlink_to("kept")
    os.mkfifo(temporary / "tf1compat-scratch-pipe")
    before = sorted(os.listdir(temporary))
    with scratch_folder():
        pass
    assert sorted(os.listdir(temporary)) == before
    (temporary / "tf1compat-scratch-another").mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with scratch_folder():
        pass
    assert (temporary / "tf1compat-scratch-another").is_dir()


def test_one_that_is_cleared_before_it_is_locked_is_made_again(temporary, monkeypatch):
    real, cleared = scratch._locked, []

    def too_late(folder):
        if not cleared:
            cleared.append(folder)
            shutil.rmtree(folder)
        return real(folder)

    monkeypatch.setattr(scratch, "_locked", too_late)
    with scratch_folder() as folder:
        assert [os.path.join(temporary, name) for name in os.listdir(temporary)] == [folder]
    assert folder not in cleared


def test_folders_that_others_leave_behind_an_error_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", os.fspath(tmp_path))
    plain = tempfile.mkdtemp
    with tidied():
        kept = tempfile.mkdtemp()
    before = tempfile.mkdtemp()
    with pytest.raises(ValueError, match="not writable"), tidied():
        with open(os.path.join(tempfile.mkdtemp(), "half"), "x"):
            raise ValueError("not writable")
    assert tempfile.mkdtemp is plain
    assert {os.path.join(tmp_path, name) for name in os.listdir(tmp_path)} == {kept, before}
