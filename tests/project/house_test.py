"""Small files, small functions, and no assert between a user and a clear error."""

import ast

import source_tree as tree

LONGEST_FILE = 400
LONGEST_FUNCTION = 40  # lines of the body, its docstring not counted


def body_lines(function):
    """Returns the lines from a function's first statement to its last, without the docstring."""
    body = function.body
    documented = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    statements = body[1:] if documented else body
    return function.end_lineno - statements[0].lineno + 1 if statements else 0


def nodes(*kinds):
    """Yields (file, node) for every node of these kinds in the library."""
    for path in tree.library_files():
        for node in ast.walk(tree.parse(path)):
            if isinstance(node, kinds):
                yield tree.relative(path), node


def test_files_are_short():
    lines = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in tree.library_files()}
    long = {tree.relative(path): count for path, count in lines.items() if count > LONGEST_FILE}
    assert long == {}, "split them by concept"


def test_functions_are_short():
    long = {
        f"{name}:{function.name}": body_lines(function)
        for name, function in nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        if body_lines(function) > LONGEST_FUNCTION
    }
    assert long == {}, f"bodies over {LONGEST_FUNCTION} lines"


def test_no_assert_in_library_code():
    found = [f"{name}:{node.lineno}" for name, node in nodes(ast.Assert)]
    assert found == [], "raise a typed error instead"


def test_no_global_statement():
    found = [f"{name}:{node.lineno}" for name, node in nodes(ast.Global)]
    assert found == [], "no module state"
