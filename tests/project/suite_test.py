"""How the suite itself is written: one way to compare arrays, and errors tested by their words."""

import ast

import source_tree as tree

FILES = [p for p in tree.files_under("tests") if p.stem.endswith("_test") or p.stem == "conftest"]
COMPARING = {"allclose", "array_equal", "array_equiv", "isclose"}


def where(path, node):
    return f"{tree.relative(path)}:{node.lineno}"


def comparisons(parsed):
    """Yields what compares arrays other than by tf1compat.testing, which knows NaN and dtypes."""
    for node in ast.walk(parsed):
        if isinstance(node, ast.Attribute):
            chain = ast.unparse(node)
            numeric = chain.startswith(("np.", "numpy.", "tf.")) and node.attr in COMPARING
            if numeric or chain.startswith(("np.testing.", "numpy.testing.")):
                yield node


def silent_raises(parsed):
    """Yields ``pytest.raises`` without a `match` whose error nobody looks at afterwards."""
    for function in ast.walk(parsed):
        if not isinstance(function, ast.FunctionDef):
            continue
        names = [node.id for node in ast.walk(function) if isinstance(node, ast.Name)]
        for node in ast.walk(function):
            if isinstance(node, ast.With):
                yield from (item.context_expr for item in node.items if is_silent(item, names))


def is_silent(item, names):
    call = item.context_expr
    if not isinstance(call, ast.Call) or ast.unparse(call.func) != "pytest.raises":
        return False
    if any(keyword.arg == "match" for keyword in call.keywords):
        return False
    kept = getattr(item.optional_vars, "id", None)
    return kept is None or names.count(kept) < 2


def offenders(problems_of):
    return [where(path, node) for path in FILES for node in problems_of(tree.parse(path))]


def test_arrays_are_compared_in_one_way():
    assert offenders(comparisons) == [], "use assert_arrays_equal or assert_arrays_close"


def test_errors_are_tested_by_their_words():
    assert offenders(silent_raises) == [], "give match=, or look at the error"


def test_the_guards_see_what_they_should():
    assert list(comparisons(ast.parse("assert np.allclose(a, b)")))
    assert list(comparisons(ast.parse("np.testing.assert_array_equal(a, b)")))
    bare = "def f():\n    with pytest.raises(ValueError):\n        g()\n"
    kept = (
        "def f():\n    with pytest.raises(ValueError) as e:\n        g()\n    assert str(e.value)\n"
    )
    assert list(silent_raises(ast.parse(bare)))
    assert not list(silent_raises(ast.parse(kept)))
