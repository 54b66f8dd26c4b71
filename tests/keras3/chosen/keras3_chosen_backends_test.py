"""The tests of this folder with jax and torch as Keras' backends, which are chosen by process."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

FOLDER = pathlib.Path(__file__).parent
pytestmark = [pytest.mark.slow, pytest.mark.backends]


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_freezing_and_rates_hold_on_every_backend(backend):
    if importlib.util.find_spec(backend) is None:
        missing = f"{backend} isn't installed: pip install '.[backends]'"
        if os.environ.get("TF1COMPAT_BACKENDS") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    tests = sorted(str(path) for path in FOLDER.glob("*_test.py") if "backends" not in path.name)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests],
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": backend},
        cwd=FOLDER.parents[2],
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
