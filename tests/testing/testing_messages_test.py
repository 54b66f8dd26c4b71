"""Every test of an error says what its user reads."""

import ast
import pathlib

import pytest

TESTS = pathlib.Path(__file__).parents[1]
FILES = sorted(TESTS.rglob("*_test.py"))
SHORTEST = 8  # characters of a message written in place: less is hardly a message
EXITS = ("SystemExit", "KeyboardInterrupt")  # what they say, the app's output has


def is_raises(node):
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.raises"


def weakness(call, caught, function):
    """Returns what is wrong with a ``pytest.raises`` of `function`, or ``''``."""
    match = next((k.value for k in call.keywords if k.arg == "match"), None)
    if isinstance(match, ast.Constant):
        return "" if len(match.value) >= SHORTEST else f"{match.value!r} is hardly a message"
    if match is not None or ast.unparse(call.args[0]) in EXITS:
        return ""
    if caught is None:
        return "no match, and the error isn't looked at"
    later = [n for n in ast.walk(function) if isinstance(n, ast.Assert | ast.Return | ast.Assign)]
    said = [n for n in later if n.lineno > call.lineno and reads(n, f"{caught}.value")]
    return "" if said else f"nothing is asserted of {caught}.value"


def reads(statement, text):
    """Tells whether a statement reads an error's text or its problems."""
    shown = ast.unparse(statement)
    return f"str({text})" in shown or f"{text}." in shown


def weak_raises(tree):
    """Returns (line, what is wrong) for every ``pytest.raises`` that checks no message."""
    found = []
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    inside = {}
    for function in functions:  # the innermost comes last
        for node in ast.walk(function):
            inside[node] = function
    named = {
        item.context_expr: item.optional_vars.id if item.optional_vars else None
        for node in ast.walk(tree)
        if isinstance(node, ast.With)
        for item in node.items
    }
    for call in filter(is_raises, ast.walk(tree)):
        said = weakness(call, named.get(call), inside.get(call, tree))
        found += [(call.lineno, said)] if said else []
    return found


def test_every_error_test_checks_the_message():
    found = [
        f"{path.relative_to(TESTS)}:{line}: {said}"
        for path in FILES
        for line, said in weak_raises(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize(
    "body",
    [
        "with pytest.raises(KeyError): f()",
        "with pytest.raises(UsageError, match=''): f()",
        "with pytest.raises(UsageError, match='w'): f()",
        "with pytest.raises(UsageError) as caught: f()",
        "with pytest.raises(UsageError) as caught: f()\n    assert caught.value",
        "pytest.raises(UsageError, f)",
    ],
)
def test_the_guard_sees_weak_ones(body):
    assert len(weak_raises(ast.parse(f"def test():\n    {body}"))) == 1


@pytest.mark.parametrize(
    "body",
    [
        "with pytest.raises(KeyError, match='expected a name'): f()",
        "with pytest.raises(KeyError, match=words): f()",
        "with pytest.raises(E) as caught: f()\n    assert 'w' in str(caught.value)",
        "with pytest.raises(E) as caught: f()\n    return str(caught.value)",
        "with pytest.raises(E) as caught: f()\n    assert caught.value.problems == []",
        "with pytest.raises(SystemExit) as caught: f()",
    ],
)
def test_the_guard_lets_good_ones_pass(body):
    assert weak_raises(ast.parse(f"def test():\n    {body}")) == []
