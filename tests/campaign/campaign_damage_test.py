"""A slice of each campaign; where slow tests run, a share of some.

README.md tells how to run them whole.
"""

import json
import pathlib
import subprocess
import sys

import pytest
from shares import WHOLE

HERE = pathlib.Path(__file__).parent
CAMPAIGNS = (
    *("kills", "limits", "damage", "races", "names", "signals", "surroundings"),
    *("bombs", "kills_keras", "limits_keras", "flips", "pairs"),
    "structures",
)


def run(script, *arguments):
    return subprocess.run(
        [sys.executable, HERE / script, *arguments], capture_output=True, text=True, timeout=900
    )


@pytest.fixture(scope="module")
def slices():
    """What was wrong in each; one process runs them all, for imports take the most time."""
    done = run("quick.py")
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("campaign", CAMPAIGNS)
def test_a_slice(slices, campaign):
    assert slices[campaign] == []


def test_every_campaign_has_a_slice(slices):
    assert sorted(slices) == sorted(CAMPAIGNS)
    scripts = {path.stem for path in HERE.glob("*.py")}
    helpers = {"quick", "tasks", "random_nets", "failing", "limits_reading", "hostile"}
    helpers.add("h5_damage")
    helpers.add(pathlib.Path(__file__).stem)
    assert scripts - helpers == set(CAMPAIGNS) - {"limits_keras"}  # hostile.py's are bombs


# Every kind of damage to every file of every fixture, and both formats, whatever the share: it
# thins the bytes that are flipped.
SHARES = {
    "damage.py": ["--share=0.05"],
    "kills.py": [],  # at every operation: between two of them alone something may be missing
    "races.py": ["--namespaces", "--rounds=15"],
    "hostile.py": ["--no_clock"],
}
# With TF1COMPAT_SHARES=whole: more of some, and of those whose slices are enough for every day.
LARGER = {
    "damage.py": ["--share=0.2"],
    "kills.py": ["--full"],
    "races.py": ["--namespaces"],
    "kills_keras.py": ["--every=9"],
    "flips.py": ["--offsets=80"],
    "pairs.py": ["--last=3"],
}


@pytest.mark.slow
@pytest.mark.parametrize(("script", "arguments"), (SHARES | (LARGER if WHOLE else {})).items())
def test_a_share(script, arguments):
    done = run(script, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
