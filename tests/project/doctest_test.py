"""Docstring examples run."""

import doctest
import importlib

import pytest
import source_tree as tree

MODULES = [name for name in sorted(tree.modules()) if not name.endswith("__main__")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_a_module(name, capsys):
    module = importlib.import_module(name)
    results = doctest.testmod(module)
    assert results.failed == 0, capsys.readouterr().out


def test_there_are_examples():
    module = importlib.import_module("tf1compat.names.parse")
    assert doctest.testmod(module).attempted > 0
