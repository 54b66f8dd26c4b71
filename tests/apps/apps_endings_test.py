"""How tasks end: pipes nobody reads, full disks, signals, encodings, functions that exit."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import typing

import numpy as np
import pytest

from tf1compat.apps._app import guarded
from tf1compat.apps._outlets import standard_streams
from tf1compat.checkpoint import write_checkpoint
from tf1compat.errors import ModelError
from tf1compat.stopping import ExitedError, Stopped, contained, stoppable

TASK = [sys.executable, "-m", "tf1compat"]
EVIL = ["a\x1b[2J/w", "c\x9b31m/w", "two\nlines/w", "rtl\u202eabc/w", "iso\u2066/w", "sep\u2028/w"]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Returns a folder of two checkpoints, "m" and "n", whose lists no pipe holds."""
    folder = tmp_path_factory.mktemp("written")
    for name, value in (("m", 0), ("n", 1)):
        names = [f"layer/w{i}{'x' * 200}" for i in range(600)]
        values = {one: np.full(2, value, np.float32) for one in names}
        write_checkpoint(folder / name, values)
    return folder


@pytest.fixture
def checkpoints(written, tmp_path, monkeypatch):
    """A working directory with the two."""
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    return tmp_path


def unread(*args):
    """Returns the status and errors of a task whose output nobody reads beyond its beginning."""
    run = subprocess.Popen([*TASK, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    run.stdout.read(10)
    run.stdout.close()
    errors = run.stderr.read()
    run.stderr.close()
    return run.wait(), errors


def test_a_closed_pipe_leaves_what_was_found(checkpoints):
    assert unread("diff", "--checkpoint=m", "--other=n") == (1, b"")
    assert unread("inspect", "--checkpoint=m") == (141, b"")


def test_output_that_cant_be_written_is_an_error(checkpoints):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*TASK, "inspect", "--checkpoint=m"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert b"standard output: can't be written (No space left on device)" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_closed_streams_are_no_files_of_others(checkpoints):
    done = subprocess.run(
        ["bash", "-c", '"$@" >&- 2>&-', "-", *TASK, "inspect", "--checkpoint=m"], check=False
    )
    assert done.returncode == 0


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_any_encoding_takes_any_name(checkpoints, encoding):
    write_checkpoint("names", {"слой/w": np.zeros(2, np.float32), "a/w": np.zeros(2, np.float32)})
    done = subprocess.run(
        [*TASK, "inspect", "--checkpoint=names"],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"\u0441\u043b\u043e\u0439/w" in done.stdout
    assert b"2 of 2 variables" in done.stdout


def test_names_are_shown_and_not_obeyed(checkpoints):
    write_checkpoint("evil", {name: np.zeros(2, np.float32) for name in EVIL})
    for args in (["--checkpoint=evil"], ["--checkpoint=evil", "--scope=zzz"]):
        done = subprocess.run(
            [*TASK, "inspect", *args], capture_output=True, text=True, check=False
        )
        shown = done.stdout + done.stderr
        assert not set(shown) & set("\x1b\x9b\u202e\u2066\u2028\r")
        assert "\nlines/w" not in shown


# Ctrl-C is ignored by what a shell runs in the background, and by its children; so is the end of a
# terminal by what runs under nohup.
STOPPED_AT = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

class Finder:
    left = {imports}
    def find_spec(self, name, path=None, target=None):
        Finder.left -= 1
        if not Finder.left:
            os.kill(os.getpid(), signal.{number})

from tf1compat.__main__ import main
sys.meta_path.insert(0, Finder())
sys.argv = ["tf1compat", "inspect", "--checkpoint=m"]
main()
"""


@pytest.mark.parametrize(("number", "status"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
@pytest.mark.parametrize("imports", [1, 2, 10, 30, 60])
def test_a_signal_while_modules_are_imported_is_a_status_and_a_line(
    checkpoints, number, status, imports
):
    code = STOPPED_AT.format(number=number, imports=imports)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert re.fullmatch(r"tf1compat( inspect)?: error: [a-z ]+\n", done.stderr)
    assert done.stdout == ""


def test_a_task_that_exits_by_itself_has_failed(capsys):
    assert guarded("mine", lambda: sys.exit(0)) == 1
    assert "unexpected SystemExit: 0" in capsys.readouterr().err


def test_a_stopped_task_says_so(capsys):
    def stopped():
        raise Stopped(signal.SIGTERM)

    assert guarded("mine", stopped) == 143
    assert capsys.readouterr().err == "tf1compat mine: error: terminated\n"


def test_an_error_that_comes_of_being_stopped_isnt_told(checkpoints):
    code = (
        "import os, signal\nfrom tf1compat.stopping import stoppable\n"
        "from tf1compat.apps._app import guarded\n"
        "def swallowed():\n"
        "    try:\n        os.kill(os.getpid(), signal.SIGTERM)\n"
        "    except BaseException:\n        raise ImportError('half a module')\n"
        "with stoppable():\n    raise SystemExit(guarded('mine', swallowed))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (143, b"tf1compat mine: error: terminated\n")


# What C++ would abort the process for; the rest of the import is Python's.
TENSORFLOW = """
import os, signal
os.kill(os.getpid(), signal.{number})
class config:
    list_logical_devices = open("whole", "w").close
"""
IMPORTING = """
import sys, types
sys.modules["tf1compat.keras3.index.model_index"] = types.SimpleNamespace()
here = types.SimpleNamespace(require_tensorflow=lambda: __import__("tensorflow"))
sys.modules["tf1compat.migration.verification.reference.tensorflow_here"] = here
sys.path.insert(0, ".")
from tf1compat.apps._app import guarded
from tf1compat.apps._quiet import import_tensorflow
from tf1compat.stopping import stoppable
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
with stoppable():
    raise SystemExit(guarded("mine", import_tensorflow))
"""


@pytest.mark.parametrize(("number", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_waits_until_tensorflow_is_imported(checkpoints, number, status):
    (checkpoints / "tensorflow.py").write_text(TENSORFLOW.format(number=number))
    command = [sys.executable, "-c", IMPORTING]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    words = {130: "interrupted", 143: "terminated"}[status]
    assert (done.returncode, done.stderr) == (status, f"tf1compat mine: error: {words}\n")
    assert (checkpoints / "whole").exists()


LEAVING = """
import sys, threading, time
from tf1compat.apps.main import TASKS, Task

sys.modules["leaves"] = sys.modules["__main__"]

def run(args):
    threading.Thread(target=time.sleep, args=(600,)).start()
    print("all is said")
    return 1

from tf1compat.__main__ import main
TASKS.add(Task("leaves", "leaves a thread", "leaves"))
sys.argv = ["tf1compat", "leaves"]
main()
"""


def test_a_thread_that_a_model_left_isnt_waited_for(checkpoints):
    command = [sys.executable, "-c", LEAVING]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (1, "all is said\n", "")


@pytest.mark.parametrize("kind", ["SystemExit(0)", "KeyboardInterrupt()", "GeneratorExit()"])
def test_a_models_function_that_exits_is_an_error_with_its_name(checkpoints, monkeypatch, kind):
    from tf1compat.keras3.formats.loading import lazy_model

    name = f"trains_{kind[:3].lower()}"
    (checkpoints / f"{name}.py").write_text(f"def main():\n    raise {kind}\n")
    (checkpoints / f"{name}_at_once.py").write_text(f"raise {kind}\n")
    monkeypatch.syspath_prepend(str(checkpoints))
    with pytest.raises(ModelError, match=rf"main\(\) raised {kind.partition('(')[0]}"):
        lazy_model(f"{name}:main")
    with pytest.raises(ModelError, match=rf"importing {name}_at_once failed with {kind[:6]}"):
        lazy_model(f"{name}_at_once:main")


def test_the_module_of_a_model_is_no_output(checkpoints, monkeypatch, capsys):
    from tf1compat.apps import migrate

    layers = "keras.layers.Input((2,)), keras.layers.Dense(1)"
    text = f"import keras\ndef net():\n    return keras.Sequential([{layers}])\n"
    (checkpoints / "netted.py").write_text(text)
    monkeypatch.syspath_prepend(str(checkpoints))
    os.symlink("netted.py", "out.weights.h5")
    source = ["m", "netted:net", "out.weights.h5", "--overwrite"]
    assert guarded("migrate", lambda: migrate.run(source)) == 2
    assert "netted.py, which is read too; choose another path" in capsys.readouterr().err
    assert (checkpoints / "netted.py").read_text() == text


def test_what_is_raised_where_ctrl_c_is_ignored_was_no_ctrl_c(checkpoints, monkeypatch):
    from tf1compat.keras3.formats.loading import lazy_model

    (checkpoints / "quits.py").write_text("def main():\n    raise KeyboardInterrupt\n")
    monkeypatch.syspath_prepend(str(checkpoints))
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(ModelError, match=r"main\(\) raised KeyboardInterrupt"):
            lazy_model("quits:main")
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_interrupt_that_others_took_for_themselves_passes():
    def interrupted():
        with stoppable(), contained():
            signal.signal(signal.SIGINT, signal.default_int_handler)
            raise KeyboardInterrupt("of the user")

    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt, match="of the user"):
            interrupted()
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_signal_that_a_destructor_swallowed_comes_once_more(capsys):
    class Closing:
        def __del__(self):
            signal.raise_signal(signal.SIGTERM)

    def closes():
        Closing()
        threading.Event().wait(5)  # the signal ends it

    with pytest.raises(Stopped, match="terminated"), stoppable():
        closes()
    assert capsys.readouterr().err == ""


class _Broken:
    """What fails as Python does away with it."""

    def __del__(self):
        raise KeyError(0)


def test_what_fails_in_destructors_after_a_signal_is_not_told(capsys):
    told, before = [], sys.unraisablehook
    sys.unraisablehook = told.append
    try:
        with contextlib.suppress(Stopped), stoppable():
            _Broken()
            assert [repr(one.exc_value) for one in told] == ["KeyError(0)"]
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                _Broken()
        assert len(told) == 1
        _Broken()
        assert len(told) == 2
    finally:
        sys.unraisablehook = before
    assert capsys.readouterr().err == ""


class _Stopping:
    """What is sent a signal while Python does away with it, and notes whose it was."""

    handlers: typing.ClassVar[list[object]] = []

    def __del__(self):
        self.handlers.append(signal.getsignal(signal.SIGTERM))
        signal.raise_signal(signal.SIGTERM)


def test_a_signal_that_comes_once_more_meets_no_earlier_handler():
    """It ended the program by itself, had handlers been put back meanwhile."""
    for _ in range(3):
        with stoppable():
            _Stopping()
        time.sleep(0.03)
        assert signal.getsignal(signal.SIGTERM) is not _Stopping.handlers[-1]


def test_once_stoppable_short_answers_dont_ask_for_handlers(monkeypatch):
    with stoppable():
        monkeypatch.setattr(signal, "getsignal", None)
        with contained():
            pass
        monkeypatch.undo()
    with pytest.raises(ExitedError, match=r"ends the program \(SystemExit: 3\)"), contained():
        raise SystemExit(3)


@pytest.mark.parametrize("flag", ["--model", "--other", "--rules"])
def test_pipes_are_refused(checkpoints, capsys, flag):
    from tf1compat.apps.main import TASKS

    for suffix in (".keras", ".weights.h5"):
        os.mkfifo(f"pipe{suffix}")
    given = {
        "--other": "n",
        "--model": "m:b",
        flag: f"pipe{'.weights.h5' if flag == '--other' else '.keras'}",
    }
    status = TASKS["diff"].run(["--checkpoint=m", *(f"{k}={v}" for k, v in given.items())])
    assert status == 2
    assert "expected a regular file, found a FIFO at 'pipe" in capsys.readouterr().err


def test_what_is_printed_by_number_goes_aside(capfd, monkeypatch):
    """As libraries and programs print, which a model's function may call."""
    monkeypatch.setattr(sys, "stdout", sys.__stdout__)
    with standard_streams():
        os.write(1, b"aside\n")
        print("said")
    os.write(1, b"after\n")
    assert capfd.readouterr() == ("said\nafter\n", "aside\n")
