"""What is shown to somebody who waits, and that nobody else gets any of it."""

import contextlib
import fcntl
import os
import pathlib
import pty
import re
import select
import struct
import sys
import termios

import keras
import numpy as np
import pytest

from examples.migrate_dense_siamese.model import build_model
from tf1compat.apps import _progress
from tf1compat.apps._progress import progress
from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.errors import ModelError
from tf1compat.files.telling import steps_told_to, tell_step
from tf1compat.keras3 import build_model as build_deferred
from tf1compat.keras3 import index_model
from tf1compat.migration import plan_migration, prove
from tf1compat.names.sizes import human_bytes

_DRAWINGS = 100  # ten a second, as long as something is shown
GOLDEN = pathlib.Path(__file__).parents[1] / "goldens" / "dense_siamese"


@pytest.fixture
def watched(monkeypatch):
    """Has standard error be a terminal on which progress shows at once; yields what reads it."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(_progress, "_PATIENCE", 0)

    def until(pattern):
        text = ""
        for _ in range(_DRAWINGS):
            if re.search(pattern, text):
                return text
            assert select.select([leader], [], [], 10)[0], f"expected {pattern}, found {text!r}"
            text += re.sub(r"\x1b\[[0-9;]*m", "", os.read(leader, 1 << 16).decode())
        raise AssertionError(f"expected {pattern}, found {text!r}")

    @contextlib.contextmanager
    def seen():
        with open(follower, "w", encoding="utf-8") as stream, contextlib.redirect_stderr(stream):
            yield until

    yield seen  # for the test to enter: pytest has its own standard error in each phase
    os.close(leader)


def test_bytes_rate_and_time_left(watched):
    with watched() as waiting, progress("verifying", 2_000_000) as advance:
        waiting(r"verifying .*0.0/2.0 MB")
        advance("a/w", 500_000)
        waiting(r"0.5/2.0 MB")
        advance("b/w", 500_000)
        waiting(r"1.0/2.0 MB [0-9.]+ .B/s 0:00:0")


def test_what_has_no_size_says_how_long(watched):
    with watched() as waiting, progress("building the model"):
        waiting("building the model .*0:00:0[0-9]")


def test_the_step_is_shown_and_how_many_there_are(watched):
    with watched() as waiting, progress("planning"):
        waiting("planning .*0:00:0")
        tell_step("the v1 graph")
        waiting("planning: the v1 graph .*0:00:0")
        tell_step("layers paired", 1200, 6001)
        waiting("planning: 1,200 of 6,001 layers paired .*0:00:0")
    tell_step("nobody's")


def test_building_tells_the_weights_so_far():
    """Each is told as a layer makes it, with all bytes so far; nothing of it stays behind."""
    plainly, heard = keras.layers.Layer.add_weight, []

    def factory():
        keras.layers.Dense(5).build((None, 3))
        raise ValueError("a model of which half was made")

    with steps_told_to(lambda *step: heard.append(step)):
        with pytest.raises(ModelError, match="half was made"):
            build_deferred(factory)
        assert keras.layers.Layer.add_weight is plainly
        del heard[:]
        model = build_deferred(build_model)
    assert keras.layers.Layer.add_weight is plainly
    size = human_bytes(4 * model.count_params())
    assert heard[0][0].startswith("1 weight, ")
    assert heard[-1] == (f"{len(model.weights)} weights, {size}", 0, 0)
    seen = []
    build_deferred(lambda: seen.append(keras.layers.Layer.add_weight) or build_model())
    assert seen == [plainly], "nobody listens"


def test_planning_and_proving_tell_their_steps():
    """Of a migration that is planned by evidence and proved by running both sides."""
    heard = []
    checkpoint, index = open_checkpoint(GOLDEN), index_model(build_model())
    with steps_told_to(lambda *step: heard.append(step)):
        plan = plan_migration(checkpoint, index)
        assert prove(plan, index, checkpoint=checkpoint).agrees
    assert heard[:2] == [("the v1 graph", 0, 0), ("rules", 0, 0)]
    paired = [(done, total) for what, done, total in heard if what == "layers and weights paired"]
    assert paired
    assert all(0 <= done <= total for done, total in paired)
    whole = [what for what, _, _ in heard if what.startswith("both sides")]
    assert whole[:2] == ["both sides as they are", "both sides with other values, and gradients"]


def test_an_interrupt_gives_the_cursor_back(watched):
    with watched() as waiting:
        with contextlib.suppress(KeyboardInterrupt), progress("planning"):
            waiting(r"planning")
            raise KeyboardInterrupt
        waiting(r"\x1b\[\?25h")


def test_what_is_quick_shows_nothing(watched, monkeypatch):
    monkeypatch.setattr(_progress, "_PATIENCE", 3600)
    with watched() as waiting:
        with progress("reading", 10) as advance:
            advance("a", 10)
        os.write(sys.stderr.fileno(), b"|")
        assert re.sub(r"\x1b\[\?25h", "", waiting(r"\|")).strip() == "|"


def test_no_terminal_gets_nothing(app, tmp_path, monkeypatch):
    monkeypatch.setattr(_progress, "_PATIENCE", 0)
    write_checkpoint(str(tmp_path / "a.ckpt"), {"a": np.ones(2)})
    assert app("inspect", str(tmp_path / "a.ckpt"), "--health")[2] == ""


@pytest.fixture
def noted(monkeypatch):
    """Has the progress of a task be noted; returns what to call with its module."""

    def of(module):
        seen = []

        @contextlib.contextmanager
        def progress(what, total=0):
            seen.append((what, total))
            yield lambda name, size: seen.append((name, size))

        monkeypatch.setattr(f"tf1compat.apps.{module}.progress", progress)
        return seen

    return of


@pytest.mark.parametrize("suffix", ["", ".safetensors", ".npz"])
@pytest.mark.parametrize("command", [["cast", "--to=float16"], ["average"], ["merge"]])
def test_surgery_tells_all_bytes_as_they_are_written_and_read_back(
    app, tmp_path, noted, command, suffix
):
    path, (task, *flags) = str(tmp_path / "a.ckpt"), command
    write_checkpoint(path, {"a": np.ones(2, np.float32), "b": np.ones((70, 9), np.float32)})
    sources = [path] * (1 + (task == "average"))
    seen = noted("_edits")
    assert app(task, *sources, str(tmp_path / f"out{suffix}"), *flags)[0] == 0
    (what, total), *told = seen
    assert what == "writing"
    assert (total, sum(size for _, size in told)) == (2 * 632 * (2 if task == "cast" else 4),) * 2


def test_what_a_cast_looks_at_first_is_told(app, tmp_path, noted):
    path = str(tmp_path / "a.ckpt")
    values = {"a": np.ones(9, np.float32), "b": np.ones(7, np.float64), "c": np.ones(5, np.int32)}
    write_checkpoint(path, values)
    seen = noted("cast")
    assert app("cast", path, str(tmp_path / "out"), "--to=float32")[0] == 0
    assert seen == [("looking at values", 56), ("", 56)]  # the others lose nothing


@pytest.mark.parametrize("task", ["inspect", "diff"])
def test_tasks_say_how_many_bytes_they_have_read(app, tmp_path, noted, task):
    path = str(tmp_path / "a.ckpt")
    write_checkpoint(path, {"a": np.ones(2, np.float32), "b": np.ones(3, np.float64)})
    seen = noted(task)
    assert app(task, path, *(["--health"] if task == "inspect" else [path]))[0] == 0
    assert seen == [({"inspect": "reading", "diff": "comparing"}[task], 32), ("a", 8), ("b", 24)]


def test_migrating_and_going_back_tell_what_is_written_and_read_back(
    app, tmp_path, noted, monkeypatch
):
    path, output = str(tmp_path / "m.ckpt"), str(tmp_path / "m.weights.h5")
    write_checkpoint(path, {"fc/w": np.ones((2, 3), np.float32), "fc/b": np.ones(3, np.float32)})
    (tmp_path / "told_model.py").write_text(
        "import keras\n\ndef build():\n    layers = keras.layers\n"
        "    return keras.Sequential([layers.Input((2,)), layers.Dense(3, name='fc')])\n"
    )
    monkeypatch.chdir(tmp_path)
    seen = noted("_progress")
    assert app("migrate", path, "told_model:build", output)[0] == 0
    assert ("writing", 72) in seen
    assert sum(size for _, size in seen) == 72 + 72
    del seen[:]
    back = [path, "told_model:build", str(tmp_path / "back.ckpt"), f"--weights={output}"]
    assert app("back", *back)[0] == 0
    assert ("writing", 108) in seen  # 36 of the weights, and the checkpoint's twice
    assert sum(size for _, size in seen) == 108 + 108


def test_weights_are_told_twice_as_they_are_read_back(tmp_path):
    """Once when a file's digest is looked at, and once when its source is."""
    import keras

    from tf1compat.migration import convert, plan_migration, verify_weights

    path, output = str(tmp_path / "m.ckpt"), str(tmp_path / "m.weights.h5")
    write_checkpoint(path, {"fc/w": np.ones((2, 3), np.float32), "fc/b": np.ones(3, np.float32)})
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(3, name="fc")])
    plan = plan_migration(path, model)
    convert(plan, model, output=output)
    seen = []
    assert verify_weights(
        plan, model, output=output, progress=lambda name, size: seen.append((name, size))
    ).equal
    assert sorted(seen) == [("fc/bias", 12)] * 2 + [("fc/kernel", 24)] * 2
