"""Small files, small functions, and no assert between a user and a clear error."""

import ast

import module_state
import pytest
import source_tree as tree

LONGEST_FILE = 400
LONGEST_LINE = 110  # of prose
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
        for node in tree.nodes(tree.parse(path), *kinds):
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


def prose(path):
    """Yields the lines of a page that could be broken: outside of tables and blocks of code."""
    code = False
    for line in path.read_text(encoding="utf-8").splitlines():
        code ^= line.startswith("```")
        if not code and not line.startswith("|"):
            yield line


def test_lines_of_pages_are_broken():
    pages = [*tree.ROOT.glob("docs/*.md"), *map(tree.ROOT.joinpath, ("README.md", "SECURITY.md"))]
    lines = [(page.name, line) for page in pages for line in prose(page)]
    long = [f"{name}: {line}" for name, line in lines if len(line) > LONGEST_LINE]
    assert len(pages) > 10
    assert long == []


def test_no_assert_in_library_code():
    found = [f"{name}:{node.lineno}" for name, node in nodes(ast.Assert)]
    assert found == [], "raise a typed error instead"


def test_no_global_statement():
    found = [f"{name}:{node.lineno}" for name, node in nodes(ast.Global)]
    assert found == [], "no module state"


def test_no_function_writes_to_its_module():
    found = [
        f"{tree.relative(path)}:{line}: {text}"
        for path in tree.library_files()
        # The one sets what an import statement would, the other the process' hook, and undoes it.
        if tree.module_name(path) not in ("tf1compat.lazy", "tf1compat.stopping")
        for line, text in module_state.state_writes(tree.parse(path))
    ]
    assert found == [], "no module state"


@pytest.mark.parametrize(
    "code",
    [
        "_SEEN = {}\ndef f(key):\n    _SEEN[key] = 1",
        "_SEEN: dict[str, int] = {}\ndef f(key):\n    _SEEN.setdefault(key, 1)",
        "_SEEN = []\nclass A:\n    def f(self):\n        _SEEN.append(self)",
        "_SEEN = {1: {}}\ndef f():\n    def g():\n        del _SEEN[1][2]\n    return g",
        "_COUNT = itertools.count()\ndef f():\n    return next(_COUNT)",
        "_SEEN = [0]\nf = lambda: _SEEN.pop()",
        "class A:\n    made = 0\ndef f():\n    A.made += 1",
        "def f():\n    f.calls = 1",
        "def f():\n    globals()['_seen'] = 1",
        "import tensorflow as tf\ndef f():\n    tf.float32 = tf.float64",
        "from tf1compat.names.roles import _LEAVES\ndef f():\n    _LEAVES.update(a='b')",
        "if True:\n    _SEEN = set()\ndef f():\n    _SEEN.add(1)",
    ],
)
def test_the_guard_sees_module_state(code):
    assert module_state.state_writes(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        "_SEEN = {}\ndef f():\n    _SEEN = {}\n    _SEEN[1] = 2",
        "_SEEN = {}\ndef f(_SEEN):\n    _SEEN[1] = 2",
        "_ROLES = {}\n_ROLES['a'] = 'b'\ndef f(key):\n    return _ROLES[key]",
        "THINGS = Registry('thing')\ndef f(thing):\n    return THINGS.add(thing)",
        "import tensorflow as tf\ndef f(x):\n    return tf.add(x, 1)",
        "@functools.cache\ndef f(x):\n    return x",
        "class A:\n    def f(self):\n        self.seen[1] = 2",
    ],
)
def test_the_guard_lets_what_is_local_pass(code):
    assert module_state.state_writes(ast.parse(code)) == []
