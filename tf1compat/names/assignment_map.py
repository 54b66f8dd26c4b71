"""Assignment maps of ``tf.train.init_from_checkpoint``, as rules."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tf1compat.errors import Problem, RuleError
from tf1compat.names._template import escape_template
from tf1compat.names.rules import Rule
from tf1compat.names.ruleset import RuleSet

__all__ = ["rules_from_assignment_map"]


def rules_from_assignment_map(assignment_map: Mapping[str, str]) -> RuleSet:
    r"""Returns the rules that an assignment map stands for.

    A key that ends in a slash is a scope of the checkpoint, and ``'/'`` its root; its value is the
    scope (with its slash, or ``'/'`` for the root) that takes all that is inside. Any other key is
    one variable, and its value one target. Exact names come before scopes and inner scopes before
    outer ones. Mirrors the `assignment_map` of ``tf.compat.v1.train.init_from_checkpoint``, except
    that a variable goes to one place only and a scope must be written with its slash (1.15 takes a
    scope ``'new'`` for the root and drops a letter of every name).

    Raises:
      RuleError: an entry that is no pair of names, or that pairs a scope with a variable.

    >>> rules = rules_from_assignment_map({"old/": "new/", "old/w": "head/kernel"})
    >>> [found.target for found in rules.apply(["old/w", "old/a/b"]).sources.values()]
    ['head/kernel', 'new/a/b']
    """
    problems = [
        problem
        for source, target in assignment_map.items()
        for problem in _entry_problems(source, target)
    ]
    if problems:
        raise RuleError.from_problems("An assignment map pairs names or scopes", problems)
    by_precision = sorted(
        assignment_map.items(), key=lambda item: (_is_scope(item[0]), -len(item[0]), item[0])
    )
    return RuleSet(_rule(source, target) for source, target in by_precision)


def _is_scope(name: str) -> bool:
    return name.endswith("/")


def _entry_problems(source: object, target: object) -> list[Problem]:
    """Returns what is wrong with one entry of an assignment map, if anything."""
    origin = f"assignment_map[{source!r}]"
    if not isinstance(source, str) or not isinstance(target, str):
        found = f"{type(source).__name__} and {type(target).__name__}"
        remedy = "give the variable's name, without ':0'"
        return [Problem(str(source)[:200], "two names (strings)", found, origin, remedy)]
    if not source or not target:
        remedy = "write '/' for the root"
        return [Problem(repr(source), "two names", repr((source, target)), origin, remedy)]
    if _is_scope(source) == _is_scope(target):
        return []
    if _is_scope(source):
        remedy = f"write {target + '/'!r}"
        return [Problem(source, "a scope that ends in '/'", repr(target), origin, remedy)]
    remedy = f"write {source + '/'!r} if it is a scope, or name one variable in {target!r}"
    return [Problem(source, "one variable's name", f"the scope {target!r}", origin, remedy)]


def _rule(source: str, target: str) -> Rule:
    origin = f"assignment_map[{source!r}]"
    if not _is_scope(source):
        return Rule(re.escape(source), escape_template(target), origin=origin)
    pattern = re.escape(source) if source != "/" else ""
    return Rule(
        rf"{pattern}((?s:.+))", escape_template(target.removeprefix("/")) + r"\1", origin=origin
    )
