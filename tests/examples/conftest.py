"""Runs an example as a program would be, with flags, and gives what it printed."""

import importlib.util
import pathlib

import pytest
from absl import app, flags

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"


@pytest.fixture
def run(capsys):
    """Returns a function that runs an example's main with flags and returns what it printed."""
    defined = set(flags.FLAGS)

    def run_one(name, *arguments):
        spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        flags.FLAGS([name, *arguments])
        with pytest.raises(app.UsageError, match="expected no arguments"):
            module.main([name, "surplus"])
        module.main([name])
        return capsys.readouterr().out

    yield run_one
    for name in set(flags.FLAGS) - defined:  # another example may have a flag of that name
        delattr(flags.FLAGS, name)
    flags.FLAGS.unparse_flags()
