"""The training goldens, unpacked."""

import pathlib
import sys
import tarfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))  # the tests of this folder share modules

RUNS = pathlib.Path(__file__).parents[2] / "goldens/training/runs.tar.xz"


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """Returns a folder with one of each run: `model.ckpt.*` and `after.npz`."""
    folder = tmp_path_factory.mktemp("runs")
    with tarfile.open(RUNS) as packed:
        packed.extractall(folder, filter="data")
    return folder
