"""Docstring examples run."""

import doctest
import importlib

import pytest
import source_tree as tree

MODULES = [name for name in sorted(tree.modules()) if not name.endswith("__main__")]


def results_of(module):
    """Runs a module's examples: a docstring without one costs a look at every source file too."""
    runner = doctest.DocTestRunner(verbose=False)
    for one in doctest.DocTestFinder().find(module):
        if one.examples:
            runner.run(one)
    return runner.summarize()


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_a_module(name, capsys):
    module = importlib.import_module(name)
    results = results_of(module)
    assert results.failed == 0, capsys.readouterr().out


def test_there_are_examples():
    module = importlib.import_module("tf1compat.names.parse")
    assert results_of(module).attempted > 0
