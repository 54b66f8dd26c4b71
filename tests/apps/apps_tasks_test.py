"""Tasks of the command: added from outside, listed, run; and what help costs."""

import dataclasses
import os
import subprocess
import sys

import pytest

from tf1compat.apps import TASKS, Task
from tf1compat.errors import UsageError

_TOY = """
def run(args):
    print("toy was given", *args)
    return 1 if "--fail" in args else 0
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    (tmp_path / "toy_task_of_a_test.py").write_text(_TOY)
    monkeypatch.syspath_prepend(str(tmp_path))
    task = Task("toys-and-games", "plays with checkpoints", "toy_task_of_a_test")
    with TASKS.with_(task):
        yield task
    sys.modules.pop("toy_task_of_a_test", None)


def test_a_task_from_outside_is_listed_and_run(app, toy):
    code, out, _ = app("help")
    assert code == 0
    assert "  toys-and-games  plays with checkpoints\n" in out
    assert "  inspect         lists a checkpoint's variables" in out
    assert "toys-and-games" in app("completion", "bash")[1]
    assert "toys\\-and\\-games" in app("help", "--man")[1]
    assert app("toys-and-games", "--ball") == (0, "toy was given --ball\n", "")
    assert app("toys-and-games", "--fail")[0] == 1
    assert app("help", "toys-and-games") == (0, "toy was given --help\n", "")


_BROKEN = """
from tf1compat.errors import CheckpointError

def run(args):
    if args == ["--silent"]:
        return None
    if args == ["--large"]:
        return 300
    if args:
        raise ValueError("what the author didn't think of")
    raise CheckpointError("toy.ckpt: expected toys, found none")
"""


def test_what_goes_wrong_in_a_task_from_outside_is_a_line(app, tmp_path, monkeypatch):
    (tmp_path / "broken_task_of_a_test.py").write_text(_BROKEN)
    (tmp_path / "lost_task_of_a_test.py").write_text("import nowhere_to_be_found")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = [Task("gone", "isn't there", "nowhere_to_be_found.gone")]
    found += [Task(n, "fails", f"{n}_task_of_a_test") for n in ("broken", "lost")]
    with TASKS.with_(*found):
        assert app("gone") == (
            2,
            "",
            "tf1compat gone: error: expected a module nowhere_to_be_found.gone that does the task, "
            "found none of this name (TF1C017)\n",
        )
        assert app("broken") == (
            1,
            "",
            "tf1compat broken: error: toy.ckpt: expected toys, found none (TF1C001)\n",
        )
        assert app("broken", "--silent")[::2] == (
            2,
            "tf1compat broken: error: expected broken_task_of_a_test.run to return the exit "
            "status, a whole number from 0 to 255, found None (TF1C017)\n",
        )
        assert "a whole number from 0 to 255, found 300" in app("broken", "--large")[2]
        assert "error: unexpected ValueError: what the author" in app("broken", "--flag")[2]
        assert "error: unexpected ModuleNotFoundError: No module named" in app("lost")[2]


@pytest.mark.parametrize(("content", "found"), [("", "None"), ("run = 5", "5")])
def test_a_module_that_cannot_be_run_is_told(app, tmp_path, monkeypatch, content, found):
    (tmp_path / "idle_task_of_a_test.py").write_text(content)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "idle_task_of_a_test", raising=False)
    with TASKS.with_(Task("idle", "does nothing", "idle_task_of_a_test")):
        code, _, err = app("idle")
    assert code == 2
    assert f"a module idle_task_of_a_test with a function run, found {found}" in err


@dataclasses.dataclass(frozen=True)
class Duck:
    """A task that isn't a Task."""

    name: str = "duck"
    summary: str = "quacks"

    def run(self, args):
        return -1 if args else _quack()


def _quack():
    raise KeyError("quack")


def test_a_task_of_another_make_is_guarded_too(app):
    with TASKS.with_(Duck()):
        assert "tf1compat duck: error: unexpected KeyError: 'quack'" in app("duck")[2]
        code, _, err = app("duck", "--now")
    assert (code, "expected task 'duck' to return the exit status" in err) == (2, True)


def test_it_is_gone_afterwards_and_the_nearest_is_said(app):
    assert " ".join(TASKS) == (
        "inspect plan migrate verify back diff rename cast drop-slots merge split average extract "
        "convert completion"
    )
    code, out, err = app("migrte")
    assert (code, out) == (2, "")
    assert "found 'migrte'; nearest: migrate; see `tf1compat help`" in err
    assert app("help", "migrte")[0] == 2
    code, _, err = app("help", "inspect", "plan")
    assert (code, "expected one task, topic or code, found 'inspect' 'plan'" in err) == (2, True)
    code, _, err = app("help", "layout")
    assert (code, "found 'layout'; of help also layouts, evidence, " in err) == (2, True)
    assert "found 'nope'; see `tf1compat help`" in app("nope")[2]  # of which none is near
    with pytest.raises(UsageError, match="a name of its own"):
        TASKS.add(TASKS["plan"])


@pytest.mark.parametrize("task", list(TASKS))
def test_help_of_a_task_is_its_own(app, task):
    asked = app("help", task)
    assert asked == app(task, "--help") == app("--help", task)
    assert asked[0] == 0
    assert asked[1].startswith(f"usage: tf1compat {task} ")
    reads = task != "completion"
    assert ("--checkpoint" in asked[1]) == reads
    assert ("formats of checkpoints:\n  V1: " in asked[1]) == reads
    assert (".weights.h5: the weights" in asked[1]) == (
        task in ("migrate", "verify", "back", "diff")
    )


def test_nothing_given_is_a_usage_error(app):
    assert app()[0] == 2
    assert app("--help") == app("help")


_HEAVY = ("tensorflow", "keras", "h5py", "jax")


def test_help_and_flag_errors_do_not_wait():
    code = (
        "import sys\n"
        "from tf1compat.apps.main import run\n"
        "for task in ('plan', 'migrate', 'verify', 'diff', 'inspect'):\n"
        "    for args in (['help', task], [task, '--nonsense'], [task]):\n"
        "        code = None\n"
        "        try: run(args)\n"
        "        except SystemExit as stop: code = stop.code\n"
        f"        print('END', task, code, *sorted({set(_HEAVY)!r} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ends = [line for line in done.stdout.splitlines() if line.startswith("END ")]
    tasks = ("plan", "migrate", "verify", "diff", "inspect")
    assert ends == [f"END {task} {code}" for task in tasks for code in (0, 2, 2)]
