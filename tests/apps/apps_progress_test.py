"""What is shown to somebody who waits, and that nobody else gets any of it."""

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios

import numpy as np
import pytest

from tf1compat.apps import _progress
from tf1compat.apps._progress import progress
from tf1compat.checkpoint import write_checkpoint


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
        while not re.search(pattern, text):
            assert select.select([leader], [], [], 10)[0], f"expected {pattern}, found {text!r}"
            text += re.sub(r"\x1b\[[0-9;]*m", "", os.read(leader, 1 << 16).decode())
        return text

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


@pytest.mark.parametrize("task", ["inspect", "diff"])
def test_tasks_say_how_many_bytes_they_have_read(app, tmp_path, monkeypatch, task):
    path = str(tmp_path / "a.ckpt")
    write_checkpoint(path, {"a": np.ones(2, np.float32), "b": np.ones(3, np.float64)})
    seen = []

    @contextlib.contextmanager
    def noted(what, total=0):
        seen.append((what, total))
        yield lambda name, size: seen.append((name, size))

    monkeypatch.setattr(f"tf1compat.apps.{task}.progress", noted)
    assert app(task, path, *(["--health"] if task == "inspect" else [path]))[0] == 0
    assert seen == [({"inspect": "reading", "diff": "comparing"}[task], 32), ("a", 8), ("b", 24)]


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
