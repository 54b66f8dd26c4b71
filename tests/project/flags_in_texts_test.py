"""Flags stand in texts as they are typed: with their dashes."""

import ast
import importlib
import re

import pytest
import source_tree as tree

from tf1compat.apps import TASKS


def flag_names():
    """Returns the names of all flags of all tasks."""
    apps = [importlib.import_module(task.module).APP for task in TASKS.values()]
    for app in apps:
        app.help()  # which defines those of formats as well
    return {name for app in apps for name in app.flag_values}


def without_dashes():
    """Returns what finds a flag with a plain value, as `strategy=div`, that has no dashes.

    A value in quotes, or of a call, is Python's.
    """
    names = "|".join(sorted(flag_names(), key=len, reverse=True))
    return re.compile(rf"(?<![-\w])(?<!\w\()({names})=[a-z]")


def texts(code):
    """Yields the texts of a module that aren't docstrings."""
    described = {id(node.value) for node in tree.nodes(code, ast.Expr)}
    for node in tree.nodes(code, ast.Constant):
        if isinstance(node.value, str) and id(node) not in described:
            yield node.lineno, node.value


def test_flags_have_their_dashes():
    pattern = without_dashes()
    found = [
        f"{tree.relative(path)}:{line}: {text}"
        for path in tree.library_files()
        for line, text in texts(tree.parse(path))
        if pattern.search(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("say how: strategy=div or mod", True),
        ("say whose (others=first)", True),
        ("say how: --strategy=div or mod", False),
        ("plan with optimizer='ignore'", False),
        ("a Session(graph=graph)", False),
    ],
)
def test_the_guard_sees_a_flag_without_dashes(text, found):
    assert bool(without_dashes().search(text)) is found
