import errno
import fcntl
import json
import os
import stat
import subprocess
import sys

import pytest

from tf1compat.checkpoint import clear_stale, staged_file, staged_files
from tf1compat.errors import CheckpointNotFoundError, OutputError
from tf1compat.files import sealed
from tf1compat.files._access import keep_access
from tf1compat.files.claims import stamp_of
from tf1compat.files.distinct import require_distinct
from tf1compat.files.placing import placed_from
from tf1compat.files.staging import destination


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_old_file_stands_until_the_new_one_is_complete(tmp_path):
    target = tmp_path / "model.weights.h5"
    target.write_text("old")
    with staged_file(target) as path:
        area, name = os.path.split(path)
        assert name == target.name, "Keras looks at the suffix"
        assert os.path.dirname(area) == str(tmp_path), "what is renamed stays on its filesystem"
        assert os.path.basename(area).startswith(".tmp-")
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
    for standing in ("nothing stands there, as before", "what stood there before still stands"):
        said = rf"f: could not be written \(No space left on device\); {standing}$"
        with pytest.raises(OutputError, match=said) as caught:
            with staged_file(tmp_path / "f"), open("/dev/full", "w") as file:
                file.write("x")
        assert isinstance(caught.value, OSError)
        (tmp_path / "f").touch()
    (tmp_path / "f").unlink()
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


def left_by_another(target):
    """Makes what a killed writer left of an output; returns the folder and the file within."""
    area = f"{stamp_of(str(target))}-{'0' * 32}"
    os.mkdir(area)
    staged = os.path.join(area, target.name)
    open(staged, "x").close()
    return area, staged


def test_only_what_was_staged_for_this_file_is_cleared(tmp_path):
    area, _ = left_by_another(tmp_path / "f")
    left_by_another(tmp_path / "g")
    (tmp_path / ".tmp-f").touch()
    assert clear_stale(tmp_path / "f") == (area,)
    assert len(names(tmp_path)) == 2
    assert clear_stale(tmp_path / "none" / "f") == ()


def test_another_processes_temporary_file_stands_for_nothing(tmp_path):
    _, theirs = left_by_another(tmp_path / "f")
    assert destination(theirs) == theirs
    with staged_file(tmp_path / "f") as ours:
        assert destination(ours) == str(tmp_path / "f")
        open(ours, "x").close()


def write(target, text="new"):
    with staged_file(target) as path, open(path, "w") as file:
        file.write(text)


def test_of_two_writers_the_second_is_told(tmp_path):
    with staged_file(tmp_path / "f") as path:
        with open(path, "w") as file:
            file.write("first")
        with pytest.raises(OutputError, match="f: another program is writing it now; wait until"):
            write(tmp_path / "f", "second")
        write(tmp_path / "g")
    assert (tmp_path / "f").read_text() == "first"
    assert names(tmp_path) == ["f", "g"]
    write(tmp_path / "f", "second")
    assert (tmp_path / "f").read_text() == "second"


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOTSUP, errno.EINVAL, errno.ENOSYS])
def test_without_locks_outputs_are_written_and_nothing_is_cleared(tmp_path, monkeypatch, code):
    _, theirs = left_by_another(tmp_path / "f")

    def refused(handle, operation):
        raise OSError(code, "no locks here")

    monkeypatch.setattr(fcntl, "flock", refused)
    write(tmp_path / "f")
    assert (tmp_path / "f").read_text() == "new"
    assert clear_stale(tmp_path / "f") == ()
    assert os.path.exists(theirs), "it may be a living writer's"
    assert len(names(tmp_path)) == 2


def test_a_lock_file_that_its_last_holder_removed_is_not_locked(tmp_path, monkeypatch):
    lock, real, calls = f"{stamp_of(str(tmp_path / 'f'))}.lock", fcntl.flock, []

    def late(handle, operation):
        if not calls:
            os.unlink(lock)
        calls.append(operation)
        real(handle, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with staged_file(tmp_path / "f") as path:
        open(path, "x").close()
        assert len(calls) == 2
        assert os.path.exists(lock), "others meet at the one that is locked"


@pytest.mark.parametrize("meddle", [os.unlink, lambda path: os.replace(f"{path}.theirs", path)])
def test_a_staged_file_that_is_not_its_own_any_more_is_not_renamed(tmp_path, monkeypatch, meddle):
    (tmp_path / "f").write_text("old")
    real = sealed.sync_file

    def meddled(path):
        real(path)
        with open(f"{path}.theirs", "x"):
            meddle(path)

    monkeypatch.setattr(sealed, "sync_file", meddled)
    with pytest.raises(OutputError, match="another program removed or replaced its staged file"):
        write(tmp_path / "f")
    assert (tmp_path / "f").read_text() == "old"
    assert names(tmp_path) == ["f"]


def failing_on_folders(monkeypatch, code):
    real = os.fsync

    def sync(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(code, os.strerror(code))
        real(handle)

    monkeypatch.setattr(os, "fsync", sync)


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EBADF])
def test_a_folder_that_cannot_be_synced_is_no_failure(tmp_path, monkeypatch, code):
    failing_on_folders(monkeypatch, code)
    write(tmp_path / "f")
    assert names(tmp_path) == ["f"]


def test_an_error_after_the_renaming_says_that_the_new_file_stands(tmp_path, monkeypatch):
    (tmp_path / "f").write_text("old")
    failing_on_folders(monkeypatch, errno.EIO)
    with pytest.raises(OutputError, match=r"f: the new file stands there, .*Input/output") as told:
        write(tmp_path / "f")
    assert "before" not in str(told.value)
    assert (tmp_path / "f").read_text() == "new"


def test_a_disk_that_fails_when_what_is_staged_is_looked_at_is_told(tmp_path, monkeypatch):
    real = os.lstat

    def lstat(path, **options):
        if os.path.basename(os.path.dirname(path)).startswith(".tmp-") and not options:
            looks.append(path)
            if len(looks) == 2:  # the first is for sealing it
                raise OSError(errno.EIO, "Input/output error")
        return real(path, **options)

    looks = []
    (tmp_path / "f").write_text("old")
    monkeypatch.setattr(sealed.os, "lstat", lstat)
    with pytest.raises(OutputError, match=r"f: could not be written \(Input/output error.*still"):
        write(tmp_path / "f")
    assert (tmp_path / "f").read_text() == "old"
    assert names(tmp_path) == ["f"]


def test_a_renaming_that_was_done_and_said_to_fail_is_done(tmp_path, monkeypatch):
    real = os.replace

    def replace(old, new):
        real(old, new)
        raise FileNotFoundError(errno.ENOENT, "asked again over the network")

    monkeypatch.setattr(os, "replace", replace)
    write(tmp_path / "f")
    assert (tmp_path / "f").read_text() == "new"


def test_of_several_files_an_error_says_which_are_new(tmp_path, monkeypatch):
    real = os.replace

    def replace(old, new):
        if new.endswith("b"):
            raise OSError(errno.EIO, "Input/output error")
        real(old, new)

    def both():
        with staged_files([tmp_path / "a", tmp_path / "b"]) as paths:
            for path in paths:
                open(path, "x").close()

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(OutputError, match="before still stands, but for a, new and complete"):
        both()


def test_the_mode_of_a_replaced_file_stays_and_nobody_looks_meanwhile(tmp_path):
    (tmp_path / "f").write_text("old")
    (tmp_path / "f").chmod(0o600)
    with staged_file(tmp_path / "f") as path:
        assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700
        with open(path, "w") as file:
            file.write("new")
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o600


def test_a_new_file_follows_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write(tmp_path / "f")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o640


@pytest.mark.skipif(os.geteuid() != 0, reason="files are given away by root alone")
def test_the_owner_of_a_replaced_file_stays(tmp_path):
    (tmp_path / "f").write_text("old")
    os.chown(tmp_path / "f", 1234, 4321)
    write(tmp_path / "f")
    status = (tmp_path / "f").stat()
    assert (status.st_uid, status.st_gid) == (1234, 4321)


def test_rights_of_a_group_that_cannot_be_kept_are_nobodys(tmp_path, monkeypatch):
    def refused(handle, user, group):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    (tmp_path / "f").touch()
    old = list((tmp_path / "f").stat())
    old[0], old[5] = stat.S_IFREG | 0o4664, old[5] + 1
    monkeypatch.setattr(os, "fchown", refused)
    keep_access(str(tmp_path / "f"), os.stat_result(old))
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o644


def test_a_name_as_long_as_names_can_be(tmp_path):
    write(tmp_path / ("n" * 255))
    assert names(tmp_path) == ["n" * 255]


def test_a_fork_that_unwinds_clears_nothing(tmp_path):
    code = FORK.format(target=str(tmp_path / "f"))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert (tmp_path / "f").read_text() == "new"
    assert names(tmp_path) == ["f"]


FORK = """
import os, sys
from tf1compat.checkpoint import staged_file
with staged_file({target!r}) as path:
    with open(path, "w") as file:
        file.write("new")
    child = os.fork()
    if not child:
        sys.exit("unwinds")
    os.waitpid(child, 0)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="files are given away by root alone")
def test_a_link_that_another_user_put_where_all_may_write_is_a_trap(tmp_path):
    shared, mine = tmp_path / "shared", tmp_path / "mine"
    shared.mkdir()
    shared.chmod(0o1777)
    mine.write_text("mine")
    for name, user in (("theirs", 1234), ("own", 0)):
        (shared / name).symlink_to(mine)
        os.lchown(shared / name, user, user)
    with pytest.raises(OutputError, match="theirs: can't be written, it is a link that another"):
        write(shared / "theirs")
    assert mine.read_text() == "mine"
    write(shared / "own")
    assert mine.read_text() == "new"
    shared.chmod(0o755)  # where only its owner may write, links are the owner's business
    write(shared / "theirs")


@pytest.mark.skipif(os.geteuid() != 0, reason="files are given away by root alone")
def test_what_another_user_staged_is_left_alone(tmp_path):
    area = f"{stamp_of(str(tmp_path / 'f'))}-{'0' * 32}"
    os.mkdir(area)
    os.chown(area, 1234, 1234)
    link = f"{stamp_of(str(tmp_path / 'f'))}-{'1' * 32}"
    (tmp_path / "kept").mkdir()
    os.symlink(tmp_path / "kept", link)
    assert clear_stale(tmp_path / "f") == ()
    write(tmp_path / "f")
    assert names(tmp_path) == sorted([os.path.basename(area), os.path.basename(link), "f", "kept"])


@pytest.mark.parametrize("elsewhere", ["../precious", "{}/precious"])
def test_a_record_of_what_was_placed_leads_nowhere_else(tmp_path, elsewhere):
    area = tmp_path / "folder" / "area"
    area.mkdir(parents=True)
    (tmp_path / "precious").write_text("x")
    status = (tmp_path / "precious").stat()
    traits = [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns]
    record = [elsewhere.format(tmp_path), traits]
    (area / ".renamed").write_text(json.dumps(record) + "\n")
    assert placed_from(str(area)) == ()


@pytest.mark.parametrize("text", ["", "3\n", '[["a"], 1]\n', "[" * 100_000, '["a", [1]]\n["b'])
def test_a_record_that_is_damaged_says_nothing(tmp_path, text):
    (tmp_path / "area").mkdir()
    (tmp_path / "a").touch()
    (tmp_path / "area" / ".renamed").write_text(text)
    assert placed_from(str(tmp_path / "area")) == ()


def test_a_record_that_is_no_file_is_not_waited_for(tmp_path):
    (tmp_path / "area").mkdir()
    os.mkfifo(tmp_path / "area" / ".renamed")
    assert placed_from(str(tmp_path / "area")) == ()


def test_a_path_from_a_directory_that_is_gone_is_refused(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    for use in (_stage, clear_stale, lambda path: require_distinct([path], [])):
        with pytest.raises(OutputError, match="m: can't be told where it leads, the working dir"):
            use("m")


def _stage(path):
    with staged_file(path):
        raise AssertionError


@pytest.mark.parametrize("use", [_stage, clear_stale, lambda path: require_distinct([path], [])])
def test_a_path_that_no_file_has_is_refused_by_name(use):
    with pytest.raises(OutputError, match=r"^'\\ud800': can't be written, it has characters"):
        use("\ud800")


@pytest.mark.parametrize("use", [_stage, clear_stale, lambda path: require_distinct([path], [])])
def test_a_path_that_is_none_is_refused_by_name(use):
    with pytest.raises(OutputError, match=r"^'a\\x00b': can't be written, no path holds a NUL"):
        use("a\0b")
