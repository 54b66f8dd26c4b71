"""How the suite itself is written: one way to compare arrays."""

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


def test_arrays_are_compared_in_one_way():
    found = [where(path, node) for path in FILES for node in comparisons(tree.parse(path))]
    assert found == [], "use assert_arrays_equal or assert_arrays_close"


def test_the_guard_sees_other_ways():
    assert list(comparisons(ast.parse("assert np.allclose(a, b)")))
    assert list(comparisons(ast.parse("np.testing.assert_array_equal(a, b)")))
