"""Helpers for graph-mode tests; those for arrays and goldens do without TensorFlow."""

import typing as _typing

from tf1compat import lazy as _lazy

if _typing.TYPE_CHECKING:
    from tf1compat.testing.arrays import assert_arrays_close, assert_arrays_equal
    from tf1compat.testing.case import GraphTestCase
    from tf1compat.testing.golden import assert_matches_golden, read_golden, write_golden
    from tf1compat.testing.variables import (
        ExpectedVariable,
        assert_no_new_nodes,
        assert_variables,
    )

__all__ = [
    "ExpectedVariable",
    "GraphTestCase",
    "assert_arrays_close",
    "assert_arrays_equal",
    "assert_matches_golden",
    "assert_no_new_nodes",
    "assert_variables",
    "read_golden",
    "write_golden",
]

_HOMES = {
    ".arrays": ["assert_arrays_close", "assert_arrays_equal"],
    ".case": ["GraphTestCase"],
    ".golden": ["assert_matches_golden", "read_golden", "write_golden"],
    ".variables": ["ExpectedVariable", "assert_no_new_nodes", "assert_variables"],
}

__getattr__, __dir__ = _lazy.exports(__name__, _HOMES)
