"""Small files, small functions, and no assert between a user and a clear error."""

import ast

import pytest
import source_tree as tree

LONGEST_FILE = 400
LONGEST_FUNCTION = 40  # lines of the body, its docstring not counted

FILES = tree.library_files()
IDS = [tree.relative(path) for path in FILES]


def body_lines(function):
    """Returns the lines from a function's first statement to its last, without the docstring."""
    body = function.body
    documented = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    statements = body[1:] if documented else body
    return function.end_lineno - statements[0].lineno + 1 if statements else 0


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_files_are_short(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_FILE, f"{tree.relative(path)} has {lines} lines: split it by concept"


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_functions_are_short(path):
    functions = [
        node
        for node in ast.walk(tree.parse(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    long = {f.name: body_lines(f) for f in functions if body_lines(f) > LONGEST_FUNCTION}
    assert long == {}, f"{tree.relative(path)}: bodies over {LONGEST_FUNCTION} lines"


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_no_assert_in_library_code(path):
    found = [node.lineno for node in ast.walk(tree.parse(path)) if isinstance(node, ast.Assert)]
    assert found == [], f"{tree.relative(path)}: raise a typed error instead"


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_no_global_statement(path):
    found = [node.lineno for node in ast.walk(tree.parse(path)) if isinstance(node, ast.Global)]
    assert found == [], f"{tree.relative(path)}: no module state"
