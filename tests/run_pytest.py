"""Runs pytest on the arguments: the entry point of every py_test in BUILD."""

import sys

import pytest

if __name__ == "__main__":
    raise SystemExit(pytest.main(sys.argv[1:]))
