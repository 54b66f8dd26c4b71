"""The command line as people type it, and what help, manual page and completion say of it."""

import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from absl import flags

from tf1compat.apps import TASKS, App, Task, Usage
from tf1compat.checkpoint import write_checkpoint
from tf1compat.errors import UsageError

MANUAL = pathlib.Path(__file__).parents[2] / "docs" / "tf1compat.1"


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A working directory with a checkpoint."""
    write_checkpoint(str(tmp_path / "model.ckpt"), {"a/w": np.ones(2), "b/w": np.ones(3)})
    monkeypatch.chdir(tmp_path)
    return tmp_path


@dataclasses.dataclass
class Toy:
    """A task added from outside, and what it was given."""

    values: flags.FlagValues
    app: App

    def given(self, *args):
        self.app.run(args)
        return {name: self.values[name].value for name in ("first", "others", "last", "loud")}


@pytest.fixture
def toy():
    values = flags.FlagValues()
    flags.DEFINE_string("first", None, "What comes first.", flag_values=values)
    flags.DEFINE_multi_string("others", [], "What stands between.", flag_values=values)
    flags.DEFINE_string("last", None, "What comes last.", flag_values=values)
    flags.DEFINE_bool("loud", False, "Whether it shouts.", flag_values=values)
    usage = Usage("FIRST OTHERS... LAST", about="Plays.", examples=(("toy a b c", "three"),))
    return Toy(values, App("toy", lambda: 0, flag_values=values, usage=usage))


def test_home_is_put_into_flags_as_shells_put_it_into_words(app, work, monkeypatch):
    monkeypatch.setenv("HOME", str(work))
    assert app("inspect", "--checkpoint=~/model.ckpt")[0] == 0
    code, _, err = app("inspect", "~/model.ckpt")  # which a shell was told to leave
    assert (code, "~/model.ckpt: there is no such" in err) == (2, True)
    assert "--budget" in app("inspect", "model.ckpt", "--budget=~/1")[2]


@pytest.mark.parametrize(
    ("args", "given"),
    [
        ("a b c", ("a", ["b"], "c", False)),
        ("a b c d --loud", ("a", ["b", "c"], "d", True)),
        ("--loud a --no-loud b c", ("a", ["b"], "c", False)),
        ("--first a --others=b --others c --last=d", ("a", ["b", "c"], "d", False)),
        ("a --others b --last=c", ("a", ["b"], "c", False)),
        ("-loud a b -- --c", ("a", ["b"], "--c", True)),
        ("a - c", ("a", ["-"], "c", False)),
        ("--first=a=b x y", None),
    ],
)
def test_places_and_flags(toy, args, given):
    if given is None:
        with pytest.raises(UsageError, match="FIRST: expected one of both, found 'x' by its place"):
            toy.given(*args.split())
        return
    assert tuple(toy.given(*args.split()).values()) == given


def test_what_an_earlier_command_set_is_forgotten(toy):
    toy.given("a", "b", "c", "--loud")
    assert tuple(toy.given("d", "e", "f").values()) == ("d", ["e"], "f", False)


def test_positions_and_flags_say_the_same(app, work):
    asked = app("inspect", "model.ckpt", "--format=json")
    assert asked[0] == 0
    assert asked == app("inspect", "--format", "json", "--checkpoint", "model.ckpt")
    (work / "flags.txt").write_text("--format=json\n")
    assert asked == app("inspect", "--flagfile=flags.txt", "model.ckpt")
    assert app("diff", "model.ckpt", "model.ckpt")[:2] == (0, "all 2 are equal\n")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ("inspect", "expected CHECKPOINT, found none; usage: tf1compat inspect CHECKPOINT "),
        ("plan", "expected CHECKPOINT and MODEL, found none; usage: tf1compat plan CHECKPOINT "),
        ("plan m.ckpt", "expected MODEL, found none; usage: "),
        ("inspect a b", "expected 1 argument, found 2: 'a' 'b'; usage: tf1compat inspect "),
        ("migrate a b c d", "expected 3 arguments at most, found 4: 'a' 'b' 'c' 'd'; usage: "),
        ("plan m b --model=c", "MODEL: expected one of both, found 'b' by its place and 'c' by"),
        ("plan m b --modle=c", "expected a flag of plan, found --modle; nearest: --model; `tf1"),
        ("plan m b --no-such-thing", "found --no-such-thing; `tf1compat help plan` lists the"),
        ("plan m b --rulse x --lnit=y", "--rulse: expected a flag, found none of this name; n"),
        ("plan m b --rules", "--rules: expected a value (--rules=VALUE), found none"),
        ("inspect m --nohealth=1", "found --nohealth; nearest: --health"),
        ("inspect m --format=jsn", "--format: expected one of table, json, found 'jsn'"),
        ("inspect m --health=maybe", "--health: expected true or false, found 'maybe'"),
        (
            "inspect m --budget=0",
            "--budget: expected a finite number in the range [1.0, 100000000",
        ),
        (
            "inspect m --budget=nan",
            "--budget: expected a finite number in the range [1.0, 100000000",
        ),
        ("plan m b --forget_bias=inf", "--forget_bias: expected a finite number, found 'inf'"),
        ("verify m b o --tolerance=nan", "--tolerance: expected a non-negative finite number, f"),
        ("split m o --parts=abc", "--parts: expected a positive integer, found 'abc'"),
        ("split m o --parts=x --kind=y", "  --kind: expected one of slices, variables, found 'y'"),
        ("split m o", "expected --parts=INTEGER, found none; usage: tf1compat split CHECKPOINT"),
        ("inspect m --flagfile=gone", "gone"),
        ("completion tcsh", "--shell: expected one of bash, zsh, fish, found 'tcsh'"),
    ],
)
def test_a_command_that_is_not_understood_is_one_error(app, args, words):
    code, out, err = app(*args.split())
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("error: ") == 1


@pytest.mark.parametrize("arguments", ["checkpoint", "[A", "A B]", "A... B..."])
def test_usage_that_cannot_be_read_is_refused(arguments):
    with pytest.raises(UsageError, match=r"expected (words like NAME|one repeated argument)"):
        Usage(arguments).line("toy")


@pytest.mark.parametrize("task", list(TASKS))
def test_help_fits_a_screen_and_has_examples_and_exit_codes(app, task):
    """Each example is a command that its task takes: its flags are there, its places are."""
    code, out, _ = app("help", task)
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    assert len(re.findall(rf"^  tf1compat {task} ", out, re.MULTILINE)) >= 2
    for status in (0, 1, 2, 130):
        assert re.search(rf"^  {status:<4}\w", out, re.MULTILINE)
    examples = re.findall(rf"^  tf1compat ({task} (?:.*\\\n)*.*)\n", out, re.MULTILINE)
    for example in examples:
        words = example.replace("\\\n", " ").split(" > ")[0].split(" | ")[0].split()
        assert "usage" not in app(*words)[2]
        assert "expected a flag" not in app(*words)[2]


def test_the_overview_fits_a_screen(app):
    assert max(map(len, app("help")[1].splitlines())) <= 80


def test_the_manual_page_is_that_of_the_tasks(app):
    code, out, _ = app("help", "--man")
    assert code == 0
    command = "python -m tf1compat help --man > docs/tf1compat.1"
    assert out == MANUAL.read_text(encoding="utf-8"), command
    for task in TASKS:
        assert f".SH TASK {task.upper()}\n" in out


def test_a_task_from_outside_is_in_all_of_it(app, toy, tmp_path, monkeypatch):
    (tmp_path / "app_of_a_test.py").write_text("APP = None\nrun = lambda args: APP.run(args)")
    monkeypatch.syspath_prepend(str(tmp_path))
    with TASKS.with_(Task("toy", "plays", "app_of_a_test")):
        __import__("app_of_a_test").APP = toy.app
        assert app("help", "toy")[1].startswith("usage: tf1compat toy FIRST OTHERS... LAST [--fl")
        assert ".SH TASK TOY\n" in app("help", "--man")[1]
        assert (
            "toy) words='--first= --others= --last= --loud --noloud" in app("completion", "bash")[1]
        )
    sys.modules.pop("app_of_a_test")


TRY = """
try() {
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _tf1compat
    (IFS=' '; echo "${COMPREPLY[*]}")
}
"""


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        (["insp"], "inspect"),
        (["inspect", "--hea"], "--health"),
        (["inspect", "--form"], "--format="),
        (["inspect", "--format", "="], "table json"),
        (["inspect", "--format", "=", "j"], "json"),
        (["inspect", "model.ckpt.ind"], "model.ckpt.index"),
        (["inspect", "--checkpoint", "=", "model.ckpt.ind"], "model.ckpt.index"),
        (["inspect", "two wo"], "two words"),
        (["completion", "z"], "zsh"),
        (["help", "migr"], "migrate"),
        (["help", "TF1C017"], "TF1C017"),
        (["plan", "--bud"], "--budget="),
    ],
)
def test_bash_completes(app, work, typed, completed):
    (work / "two words").touch()
    script = app("completion", "bash")[1]
    words = " ".join(f"'{word}'" for word in ["tf1compat", *typed])
    done = subprocess.run(
        ["bash", "--norc", "-c", f"{script}\n{TRY}\ntry {words}"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"]},
    )
    assert (done.stdout.strip(), done.stderr) == (completed, "")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_can_read_their_scripts(app, shell, tmp_path):
    script = app("completion", shell)[1]
    assert "migrate" in script
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    (tmp_path / "script").write_text(script)
    done = subprocess.run(
        [shell, "-n", str(tmp_path / "script")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_fish_completes(app, work):
    if shutil.which("fish") is None:
        pytest.skip("no fish here")
    (work / "script.fish").write_text(app("completion", "fish")[1])
    ask = "source script.fish; complete -C 'tf1compat inspect --format='"
    done = subprocess.run(["fish", "-c", ask], capture_output=True, text=True, check=False)
    assert [line.split("\t")[0] for line in done.stdout.split("\n")[:2]] == [
        "--format=json",
        "--format=table",
    ]
