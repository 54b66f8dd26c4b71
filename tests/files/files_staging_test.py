import os
import subprocess
import sys

import pytest

from tf1compat.checkpoint import clear_stale, staged_file, staged_files
from tf1compat.errors import CheckpointNotFoundError, OutputError
from tf1compat.files.staging import destination


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_old_file_stands_until_the_new_one_is_complete(tmp_path):
    target = tmp_path / "model.weights.h5"
    target.write_text("old")
    with staged_file(target) as path:
        assert os.path.dirname(path) == str(tmp_path)
        assert path.endswith(".weights.h5"), "Keras looks at the suffix"
        with open(path, "w") as file:
            file.write("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert names(tmp_path) == [target.name]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file_alone(tmp_path, failure):
    target = tmp_path / "f"
    target.write_text("old")

    def write_half():
        with staged_file(target) as path, open(path, "w") as file:
            file.write("half")
            raise failure("half way")

    with pytest.raises(failure, match="half way"):
        write_half()
    assert target.read_text() == "old"
    assert names(tmp_path) == ["f"]


def test_errors_of_the_system_become_one_that_names_the_file(tmp_path):
    with pytest.raises(OutputError, match=r"f: could not be written \(No space left") as caught:
        with staged_file(tmp_path / "f"), open("/dev/full", "w") as file:
            file.write("x")
    assert isinstance(caught.value, OSError)
    with pytest.raises(OutputError, match="nothing was written"), staged_file(tmp_path / "f"):
        pass
    with (
        pytest.raises(CheckpointNotFoundError, match="no checkpoint there"),
        staged_file(tmp_path / "f"),
    ):
        raise CheckpointNotFoundError("no checkpoint there")
    assert names(tmp_path) == []


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_no_file_is_not_replaced(tmp_path, make):
    make(tmp_path / "f")
    with pytest.raises(OutputError, match="not a file"), staged_file(tmp_path / "f"):
        pass


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(OutputError, match="no/where is not a directory; create it"):
        with staged_file(tmp_path / "no" / "where" / "f"):
            pass


def test_what_is_staged_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    done = []
    sync, rename = os.fsync, os.replace

    def synced(handle):
        done.append(f"sync {os.path.basename(os.readlink(f'/proc/self/fd/{handle}'))[:7]}")
        sync(handle)

    def renamed(old, new):
        done.append("rename")
        rename(old, new)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    with staged_file(tmp_path / "good") as path:
        staged = os.path.basename(path)[:7]
        with open(path, "w") as file:
            file.write("new")
    assert done == [f"sync {staged}", "rename", f"sync {tmp_path.name[:7]}"]


def test_a_link_stays_and_what_it_points_at_is_replaced(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    with staged_file(tmp_path / "link") as path, open(path, "w") as file:
        file.write("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_several_files_are_renamed_in_order(tmp_path):
    with staged_files([tmp_path / "a", tmp_path / "b", tmp_path / "c"]) as paths:
        for path in (paths[0], paths[2]):
            with open(path, "w") as file:
                file.write("x")
    assert names(tmp_path) == ["a", "c"], "what was not created is not missed"


CHILD = """
import os, sys
from tf1compat.checkpoint import staged_file
with staged_file(sys.argv[1]) as path:
    open(path, "w").write("half")
    print(path, flush=True)
    if sys.argv[2] == "die":
        os.kill(os.getpid(), 9)
    sys.stdin.read()
"""


def child(target, what):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, target, what],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


def test_what_a_killed_run_left_is_cleared_and_a_living_one_left_alone(tmp_path):
    target = tmp_path / "f"
    with child(target, "die") as dead:
        stale = dead.stdout.readline().strip()
    with child(target, "live") as alive:
        staged = alive.stdout.readline().strip()
        assert not os.path.exists(stale), "the next run clears what a killed one left"
        assert clear_stale(target) == ()
        assert os.path.exists(staged)
        alive.stdin.close()
    assert target.read_text() == "half"
    assert names(tmp_path) == ["f"]


def test_only_what_was_staged_for_this_file_is_cleared(tmp_path):
    gone = f".tmp-{2**22 + 7}-1-0123abcd."  # ids end at 2^22
    for name in (gone + "f", gone + "g", ".tmp-f", ".tmp-1-1-0123abcd.f.bak"):
        (tmp_path / name).touch()
    assert clear_stale(tmp_path / "f") == (str(tmp_path / (gone + "f")),)
    assert len(names(tmp_path)) == 3


def test_an_id_that_lives_again_does_not_keep_a_stale_file(tmp_path):
    stale = tmp_path / f".tmp-{os.getpid()}-1-0123abcd.f"  # this process began at another time
    stale.touch()
    assert clear_stale(tmp_path / "f") == (str(stale),)


def test_another_processes_temporary_file_stands_for_nothing(tmp_path):
    theirs = str(tmp_path / f".tmp-{2**22 + 7}-1-0123abcd.f")
    assert destination(theirs) == theirs
    with staged_file(tmp_path / "f") as ours:
        assert destination(ours) == str(tmp_path / "f")
        open(ours, "x").close()
