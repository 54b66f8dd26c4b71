"""Every test of an error says what its user reads."""

import ast

import pytest
import source_tree

FILES = [path for path in source_tree.files_under("tests") if path.stem.endswith("_test")]
SHORTEST = 8  # characters of a message written in place: less is hardly a message
EXITS = ("SystemExit", "KeyboardInterrupt")  # what they say, the app's output has


def raises_of(tree):
    """Returns the calls of ``pytest.raises``."""
    return [
        call
        for call in source_tree.nodes(tree, ast.Call)
        if getattr(call.func, "attr", "") == "raises" and ast.unparse(call.func) == "pytest.raises"
    ]


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
    calls = raises_of(tree)
    named = {
        item.context_expr: item.optional_vars.id if item.optional_vars else None
        for node in source_tree.nodes(tree, ast.With)
        for item in node.items
        if item.context_expr in calls
    }
    inside = {}
    for function in source_tree.nodes(tree, ast.FunctionDef):  # the innermost comes last
        own = [one for one in calls if function.lineno <= one.lineno <= function.end_lineno]
        inside.update(dict.fromkeys(own, function))
    said = {call: weakness(call, named.get(call), inside.get(call, tree)) for call in calls}
    return [(call.lineno, words) for call, words in said.items() if words]


def test_every_error_test_checks_the_message():
    found = [
        f"{source_tree.relative(path)}:{line}: {said}"
        for path in FILES
        for line, said in weak_raises(source_tree.parse(path))
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
