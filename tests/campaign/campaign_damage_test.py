"""A quick slice of the campaigns; each docstring there tells how to run the whole."""

import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent


def run(script, *arguments):
    done = subprocess.run(
        [sys.executable, HERE / script, *arguments], capture_output=True, text=True, timeout=600
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("script", ["damage.py", "hostile.py", "kills.py", "kills_keras.py"])
def test_quick_slice(script):
    status, output = run(script, *(["--no_clock"] if script == "hostile.py" else []))
    assert status == 0, output


@pytest.mark.slow
@pytest.mark.parametrize("script", ["damage.py", "kills.py", "kills_keras.py"])
def test_whole(script):
    status, output = run(script, "--full")
    assert status == 0, output
