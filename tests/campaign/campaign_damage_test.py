"""A large share of each campaign; where slow tests are left out, a quick slice.

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


# Every kind of damage to every file of every fixture, and both formats, whatever the share: it
# thins the bytes that are flipped (1,500 of them) and the operations at which a writer is killed.
SHARES = {
    "damage.py": "--share=0.2",
    "kills.py": "--full",
    "kills_keras.py": "--every=5",
    "flips.py": "--offsets=150",
}


@pytest.mark.parametrize("script", SHARES)
def test_campaign(script, request):
    quick = "not slow" in request.config.getoption("markexpr")
    run(script, *([] if quick else [SHARES[script]]))


def test_races(request):
    quick = "not slow" in request.config.getoption("markexpr")
    run("races.py", *(["--rounds=5"] if quick else ["--namespaces"]))


def test_random_pairs():
    run("pairs.py")


def test_hostile_files():
    run("hostile.py", "--no_clock")
