"""The campaigns, whole; where slow tests are left out, a quick slice of each.

The docstring of each script tells how to run it by hand.
"""

import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent


def run(script, *arguments):
    done = subprocess.run(
        [sys.executable, HERE / script, *arguments], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("script", ["damage.py", "kills.py", "kills_keras.py"])
def test_campaign(script, request):
    quick = "not slow" in request.config.getoption("markexpr")
    run(script, *([] if quick else ["--full"]))


def test_hostile_files():
    run("hostile.py", "--no_clock")
