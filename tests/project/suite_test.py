"""How the suite itself is written: one way to compare arrays."""

import ast

import pytest
import source_tree as tree
from reaching import attribute_chain

COMPARING = {"allclose", "array_equal", "array_equiv", "isclose"}
# Folders and files that TensorFlow 1.15.5 runs, under a Python that this package doesn't run under,
# and benchmarks, which judge nothing.
APART = ("tests/benchmarks/", "tests/goldens/generators/", "tests/graph/records/")
GENERATORS = ("generate", "write_slim")
FILES = [
    path
    for path in tree.files_under("tests")
    if not tree.relative(path).startswith(APART) and path.stem not in GENERATORS
]


def where(path, node):
    return f"{tree.relative(path)}:{node.lineno}"


def _is_unpacked(node):
    """Tells what makes a list, or bytes, of an array."""
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr in ("tolist", "tobytes")


def comparisons(parsed):
    """Yields what compares arrays other than by tf1compat.testing, which knows NaN and dtypes."""
    for node in tree.nodes(parsed, ast.Attribute):
        chain = attribute_chain(node)
        numeric = chain[:1] in (["np"], ["numpy"], ["tf"]) and node.attr in COMPARING
        if numeric or (chain[:2] in (["np", "testing"], ["numpy", "testing"]) and chain[2:]):
            yield node
        elif node.attr == "all" and isinstance(node.value, ast.Compare):
            yield node  # true of nothing
    for node in tree.nodes(parsed, ast.Compare):
        sides = [node.left, *node.comparators]
        if len(sides) == 2 and all(map(_is_unpacked, sides)):
            yield node
    for node in tree.nodes(parsed, ast.Import, ast.ImportFrom):
        names = {alias.name for alias in node.names}
        home = getattr(node, "module", None)
        of_numpy = home == "numpy" and names & {*COMPARING, "testing"}
        if of_numpy or home == "numpy.testing" or "numpy.testing" in names:
            yield node


def test_arrays_are_compared_in_one_way():
    found = [where(path, node) for path in FILES for node in comparisons(tree.parse(path))]
    assert found == [], "use assert_arrays_equal or assert_arrays_close"


def test_helpers_are_looked_at_and_what_115_runs_is_not():
    looked_at = {tree.relative(path) for path in FILES}
    assert {"tests/campaign/kills.py", "tests/conftest.py"} <= looked_at
    assert "tests/goldens/generators/recording.py" not in looked_at
    assert "tests/checkpoint/testdata/generate.py" not in looked_at


@pytest.mark.parametrize(
    "code",
    [
        "assert np.allclose(a, b)",
        "np.testing.assert_array_equal(a, b)",
        "from numpy.testing import assert_allclose",
        "from numpy import array_equal as same",
        "import numpy.testing as npt",
        "from numpy import testing",
        "assert (a == b).all()",
        "assert a.tolist() == b.tolist()",
        "assert a.tobytes() == b.tobytes()",
    ],
)
def test_the_guard_sees_other_ways(code):
    assert list(comparisons(ast.parse(code)))
