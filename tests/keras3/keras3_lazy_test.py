"""The room's names are looked up when they are asked for; three lists of them must agree."""

import ast
import importlib
import os
import subprocess
import sys

import pytest

from tf1compat import keras3

_CODE = """
import sys
import tf1compat.keras3
import tf1compat.keras3.formats.output_formats as outputs
list(outputs.OUTPUT_FORMATS.values())
print(*sorted({'tensorflow', 'keras', 'h5py', 'numpy'} & set(sys.modules)))
tf1compat.keras3.index_model
print('keras' in sys.modules)
"""


def typed():
    """Returns (module, name) of each import that is there for type checkers."""
    with open(keras3.__file__, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    return {(found.module, alias.name) for found in block.body for alias in found.names}


def test_the_table_the_imports_for_types_and_the_exports_agree():
    table = {
        (f"tf1compat.keras3.{home}", name)
        for home, names in keras3._HOMES.items()
        for name in names
    }
    assert table == typed()
    assert sorted(name for _, name in table) == sorted(keras3.__all__)


def test_each_name_is_what_its_home_has():
    for home, name in typed():
        assert getattr(keras3, name) is getattr(importlib.import_module(home), name)
    assert set(keras3.__all__) <= set(dir(keras3))
    with pytest.raises(AttributeError, match=r"tf1compat\.keras3.*has no attribute 'indx_model'"):
        keras3.indx_model  # noqa: B018 - looking it up is the test


def test_descriptions_of_formats_do_not_import_keras():
    done = subprocess.run(
        [sys.executable, "-c", _CODE],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.splitlines(), done.returncode) == (["", "True"], 0), done.stderr
