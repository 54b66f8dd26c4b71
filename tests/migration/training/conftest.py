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
        if hasattr(tarfile, "data_filter"):  # since 3.10.12 and 3.11.4
            packed.extraction_filter = tarfile.data_filter
        packed.extractall(folder)
    return folder


class Filled:
    """Models that go on from runs, with their plans; made once for all who only look at them."""

    def __init__(self, folder):
        self._folder = folder
        self._held = {}

    def look_at(self, name):
        """Returns the plan and the model of a run, to be left as it is."""
        from training_runs import compiled

        from tf1compat.migration import convert, plan_migration

        if name not in self._held:
            model = compiled(name)
            plan = plan_migration(self._folder / name / "model.ckpt", model, optimizer="use")
            convert(plan, model)
            self._held[name] = plan, model
        return self._held[name]

    def take(self, name):
        """Returns the same to be changed: who asks for it next gets another."""
        found = self.look_at(name)
        del self._held[name]
        return found


@pytest.fixture(scope="session")
def filled(runs):
    """Models that go on from runs, with their plans."""
    return Filled(runs)
