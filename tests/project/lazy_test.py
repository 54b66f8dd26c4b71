"""The names of lazy folders are looked up when asked for; three lists of them must agree."""

import ast
import importlib
import importlib.util
import os
import subprocess
import sys

import pytest

LAZY = [
    *("tf1compat.names", "tf1compat.checkpoint", "tf1compat.keras3", "tf1compat.keras3.formats"),
    "tf1compat.migration",
]


def typed(package):
    """Returns (module, name) of each import that is there for type checkers."""
    with open(package.__file__, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    return {(found.module, alias.name) for found in block.body for alias in found.names}


@pytest.mark.parametrize("name", LAZY)
def test_the_table_the_imports_for_types_and_the_exports_agree(name):
    package = importlib.import_module(name)
    table = {
        (importlib.util.resolve_name(home, name), export)
        for home, exports in package._HOMES.items()
        for export in exports
    }
    assert table == typed(package)
    assert sorted(export for _, export in table) == sorted(package.__all__)


@pytest.mark.parametrize("name", LAZY)
def test_each_name_is_what_its_home_has(name):
    package = importlib.import_module(name)
    for home, export in typed(package):
        assert getattr(package, export) is getattr(importlib.import_module(home), export)
    assert set(package.__all__) <= set(dir(package))


def test_a_name_that_is_nowhere_is_refused():
    from tf1compat import keras3

    with pytest.raises(AttributeError, match=r"'tf1compat\.keras3' has no attribute 'indx_model'"):
        keras3.indx_model  # noqa: B018 - looking it up is the test


def imported(code):
    """Returns the modules, of those that cost, which a new process has after `code`."""
    heavy = "{'tensorflow', 'keras', 'h5py', 'numpy', 'tomllib', 'tf1compat.checkpoint.opening'}"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sorted({heavy} & set(sys.modules)))"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("name", LAZY)
def test_a_folder_alone_imports_nothing_that_costs(name):
    assert imported(f"import {name}") == []


def test_descriptions_of_formats_do_not_import_keras():
    described = """
from tf1compat.keras3.formats import OUTPUT_FORMATS
list(OUTPUT_FORMATS.values())
"""
    assert imported(described) == []
    asked = "import tf1compat.checkpoint\ntf1compat.checkpoint.open_checkpoint"
    assert "tf1compat.checkpoint.opening" in imported(asked)
