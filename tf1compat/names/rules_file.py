"""Rules as a TOML file, and a rule as a line ready to paste into one."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from tf1compat.budget import Budget
from tf1compat.errors import BudgetError, Problem, RuleError, UsageError
from tf1compat.names._rule_forms import KEYS, VOCABULARIES
from tf1compat.names._template import escape_template
from tf1compat.names._toml_scan import admit_keys, rule_lines
from tf1compat.names.nearest import nearest_names
from tf1compat.names.patterns import patterns_of
from tf1compat.names.rules import Rule
from tf1compat.names.ruleset import RuleSet
from tf1compat.text_files import read_text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["load_rules", "paste_rule", "rules_from_toml"]

_ESCAPED = re.compile(r'"[^"\\]*\\[^"]*"')  # a backslash in double quotes
_SPECIAL = re.compile(r"[\\^$.|?*+()\[\]{}]")
_ERROR_LINE = re.compile(r"at line (\d+)")
_FORM = "rules = [ {source='regex', target='template'}, ... ]"


def load_rules(path: str | os.PathLike[str]) -> RuleSet:
    r"""Returns the rules of a TOML file, in order.

    The file holds one array of inline tables, a line each; comments are TOML's::

        rules = [
          {source='(.*)/weights', target='\1/kernel'},        # optional: layout='transpose'
          {source='head/.*', drop='the new model has its own head'},
          {target='classifier/.*', keep='trained from scratch'},
        ]

    Raises:
      RuleError: a file that can't be read, isn't TOML, takes far more than its size warrants, or
        holds a bad rule; every bad rule is reported with its line.
    """
    place = os.fspath(path)
    try:
        text = read_text(place)
    except (UsageError, BudgetError) as error:
        found = (
            str(error)
            .removeprefix(f"{place}: ")
            .removeprefix("expected a readable text file, found ")
        )
        problem = Problem(place, "a readable rules file", found)
        raise RuleError.from_problems("The rules can't be read", [problem]) from error
    return _rules(text, os.path.basename(place), folder=os.path.dirname(place))


def rules_from_toml(text: str, *, origin: str = "rules") -> RuleSet:
    r"""Returns the rules that `text`, the content of a rules file, holds.

    Args:
      text: TOML with one array `rules`, as :func:`load_rules` describes it.
      origin: what errors and the rules' own `origin` call the text; the line follows it.

    Raises:
      RuleError: all that is wrong with it.

    >>> rules_from_toml(r"rules = [{source='(.*)/w', target='\1/kernel'}]")[0].origin
    'rules:1'
    """
    return _rules(text, origin, folder="")


def _rules(text: str, origin: str, *, folder: str) -> RuleSet:
    """Returns the rules that `text` holds; files that they name are relative to `folder`."""
    text = text.replace("\r\n", "\n")
    entries = _entries(text, origin)
    lines = list(rule_lines(text))
    rules: list[Rule] = []
    problems: list[Problem] = []
    try:
        with patterns_of(Budget(origin, len(text))):
            for index, entry in enumerate(entries):
                where = (
                    f"{origin}:{lines[index]}"
                    if len(lines) == len(entries)
                    else f"{origin}, rule {index + 1}"
                )
                made = _rule(entry, folder, where=where)
                if isinstance(made, Rule):
                    rules.append(made)
                else:
                    problems += made
    except BudgetError as error:
        raise _too_much(origin, error) from error
    if problems:
        headline = f"{len(problems)} problem(s) in the rules of {origin}"
        raise RuleError.from_problems(headline, problems)
    return RuleSet(rules)


def _rule(entry: Any, folder: str, *, where: str) -> Rule | Iterable[Problem]:
    """Returns the rule that an element is, or what is wrong with it."""
    unknown = _unknown_keys(entry, where)
    if unknown:
        return unknown
    try:
        return Rule(**_located(entry, folder), origin=where)
    except RuleError as error:
        return error.problems


def _located(entry: Mapping[str, Any], folder: str) -> dict[str, Any]:
    files = {key: entry[key] for key in VOCABULARIES if isinstance(entry.get(key), str)}
    return {**entry, **{key: os.path.join(folder, path) for key, path in files.items()}}


def _entries(text: str, origin: str) -> list[Any]:
    """Returns the elements of the array `rules`; raises RuleError if there is no such thing."""
    try:
        admit_keys(text, origin)
    except BudgetError as error:
        raise _too_much(origin, error) from error
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # of numbers and dates, ValueError itself
        remedy = "mend that place"
        line = _ERROR_LINE.search(str(error))
        lines = text.splitlines()[int(line[1]) - 1 :][:1] if line else []
        if any(_ESCAPED.search(one) for one in lines):
            remedy = "write patterns in 'single quotes', where a backslash is a backslash"
        where = f"{origin}:{line[1]}" if line else origin
        found = "brackets too deep" if isinstance(error, RecursionError) else str(error)
        problem = Problem("TOML", "TOML syntax", found, where, remedy)
        raise RuleError.from_problems("The rules file isn't TOML", [problem]) from error
    problems = [
        Problem(key, "the key 'rules' only", repr(key), origin, f"write {_FORM}")
        for key in document
        if key != "rules"
    ]
    entries = document.get("rules", [])
    if "rules" not in document or not isinstance(entries, list):
        found = f"a {type(entries).__name__}" if "rules" in document else "no such key"
        problems.append(Problem("rules", "an array of rules", found, origin, f"write {_FORM}"))
    if problems:
        raise RuleError.from_problems("The rules file isn't in the form of one", problems)
    return list(entries)


def _too_much(origin: str, error: BudgetError) -> RuleError:
    problem = Problem(origin, "rules as people write them", str(error))
    return RuleError.from_problems("The rules can't be read", [problem])


def _unknown_keys(entry: object, where: str) -> list[Problem]:
    """Returns a problem for an element that is no table, or for each key that no rule has."""
    if not isinstance(entry, Mapping):
        remedy = "write {source='...', target='...'}"
        return [Problem("rule", "a table", repr(entry)[:200], where, remedy)]
    if not entry:
        return [Problem("rule", "a table with keys", "{}", where, "remove it, or fill it in")]
    return [
        Problem(
            key,
            f"one of the keys {', '.join(KEYS)}",
            repr(key),
            where,
            f"did you mean {nearest_names(key, KEYS, count=1)[0]!r}?",
        )
        for key in entry
        if key not in KEYS
    ]


def paste_rule(
    source: str | None,
    target: str | None = None,
    *,
    drop: str | None = None,
    keep: str | None = None,
    layout: str | None = None,
) -> str:
    r"""Returns a rule about exactly these names as a line to paste into a rules file.

    Args:
      source: name of the checkpoint's variable; None for a `keep` rule.
      target: path of the model's weight, if the rule maps or keeps.
      drop: why the source is left out.
      keep: why the target keeps its initial value.
      layout: name of a layout.

    Raises:
      RuleError: the combination makes no rule.

    >>> print(paste_rule("a/w", "dense/kernel"))
    {source='a/w', target='dense/kernel'},
    >>> print(paste_rule("a/w.1", drop="not needed"))
    {source='a/w\.1', drop='not needed'},
    """
    fields: dict[str, Any] = {
        "source": _exact_pattern(source) if source is not None else None,
        "target": None
        if target is None
        else (escape_template(target) if keep is None else _exact_pattern(target)),
        "layout": layout,
        "drop": drop,
        "keep": keep,
    }
    Rule(**fields, origin="paste_rule")
    texts = [f"{key}={_toml_text(value)}" for key, value in fields.items() if value is not None]
    return "{" + ", ".join(texts) + "},"


def _exact_pattern(name: str) -> str:
    """Returns a readable pattern for exactly `name`; odd characters become regex escapes."""
    return "".join(_pattern_character(character) for character in name)


def _pattern_character(character: str) -> str:
    if _SPECIAL.match(character):
        return "\\" + character
    if character.isprintable() and character != "'":
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else _unicode_escape(code)


def _unicode_escape(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _toml_text(text: str) -> str:
    """Returns `text` as a TOML string: literal where it can be, so that backslashes stay single."""
    if "'" not in text and text.isprintable():
        return f"'{text}'"
    whole = text.encode("utf-8", "replace").decode("utf-8")  # TOML has no lone surrogates
    escaped = whole.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else _unicode_escape(ord(c)) for c in escaped) + '"'
