"""A slice of each campaign that needs no Keras; with TF1COMPAT_SHARES=whole, of all, and more.

README.md tells how to run them whole.
"""

import json
import pathlib
import subprocess
import sys

import pytest
from shares import WHOLE

HERE = pathlib.Path(__file__).parent
LIGHT = ("kills", "limits", "damage", "races", "names", "signals", "surroundings")
HEAVY = ("structures", "bombs", "kills_keras", "limits_keras", "flips", "pairs")
CAMPAIGNS = (*LIGHT, *HEAVY) if WHOLE else LIGHT


def run(script, *arguments):
    return subprocess.run(
        [sys.executable, HERE / script, *arguments], capture_output=True, text=True, timeout=900
    )


@pytest.fixture(scope="module")
def slices():
    """What was wrong in each; one process runs them all, for imports take the most time."""
    done = run("quick.py", *([] if WHOLE else ["--light"]))
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("campaign", CAMPAIGNS)
def test_a_slice(slices, campaign):
    assert slices[campaign] == []


def test_every_campaign_has_a_slice(slices):
    assert sorted(slices) == sorted(CAMPAIGNS)
    scripts = {path.stem for path in HERE.glob("*.py")}
    helpers = {"quick", "tasks", "random_nets", "failing", "limits_reading", "hostile"}
    helpers |= {"h5_damage", "warm"}
    helpers.add("back_in_tf1")  # which needs TensorFlow 1.15.5
    helpers |= {"servers", "campaign_servers_test", "conftest"}  # which have a test of their own
    helpers.add(pathlib.Path(__file__).stem)
    assert scripts - helpers == {*LIGHT, *HEAVY} - {"limits_keras"}  # hostile.py's are bombs


# Slices are enough for every day. CI runs these too: each is a process, which imports for seconds.
LARGER = {
    "hostile.py": ["--no_clock"],
    "damage.py": ["--share=0.2"],
    "kills.py": ["--full"],
    "races.py": ["--namespaces"],
    "kills_keras.py": ["--every=9"],
    "flips.py": ["--offsets=80"],
    "pairs.py": ["--last=3"],
}


@pytest.mark.slow
@pytest.mark.skipif(not WHOLE, reason="TF1COMPAT_SHARES=whole runs more than slices")
@pytest.mark.parametrize(("script", "arguments"), LARGER.items())
def test_more_than_a_slice(script, arguments):
    done = run(script, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
