"""Regular expressions of the package end in linear time, whatever text a file gives them.

What users write is RE2's (`names/patterns.py`). The package's own are Python's, and each is shown
here to lead through a text in one way, or is listed with the reason why it ends all the same.
"""

import ast
import collections
import importlib
import re

import ambiguity
import pytest
import source_tree as tree

WITHIN = {"search", "sub", "subn", "split", "findall", "finditer"}

# By module and name, or the beginning of the text: why it takes linear time, or of short texts.
ALLOWED = {
    "checkpoint.foreign._archives: _INSIDE": "of 1,024 characters at most",
    "checkpoint.foreign._pages: _STATE": "begins at a line's start alone",
    "checkpoint.foreign._pages: (?:<\\?xml": "the look-ahead ends a comment at its first end",
    "names.choosing: \\*\\*/|": "globs that programs write",
    "graph.session._explaining: \\[\\[\\{\\{node": "names of nodes have no brackets",
    "keras3.index.flattened: _NO_IMAGE": "names of the classes of layers, which programs write",
    "migration.matching.places: _CAMEL": "one capital is given back at most",
    "migration.verification.reference.input_pairing: [A-Z]+": "one capital is given back at most",
    "names._toml_scan: _TOML_TOKEN": "what isn't closed is looked for once of each kind of quotes",
    "names.graph_names: _GRADIENTS": "begins at a level's start alone, and ends within it",
    "names.roles: _COUNTER": "of 100 characters at most",
}

# Where the text of a pattern is made as the program runs: what it is.
MADE = {
    "checkpoint.foreign._pages: match": "constants beside it",
    "names._companions: compile": "words of optimizers, one after another",
    "migration.meaning.of_opaque: compile": "a name's beginning, literally",
    "names.patterns: compile": "a user's, looked at for its groups and never matched",
}


def pattern_calls():
    """Yields module, function of `re` and the call, for all but compile and escape."""
    for module, path in tree.modules().items():
        for node in tree.walked(tree.parse(path)):
            function = node.func if isinstance(node, ast.Call) else None
            if isinstance(function, ast.Attribute) and ast.unparse(function.value) == "re":
                yield module, function.attr, node


def compiled():
    """Yields module, name and pattern of all that modules hold."""
    for module in sorted({module for module, function, _ in pattern_calls()}):
        for name, value in vars(importlib.import_module(module)).items():
            every = value.values() if isinstance(value, dict) else value
            several = every if isinstance(every, tuple | list | type({}.values())) else [value]
            for one in several:
                found = one[0] if isinstance(one, tuple) and one else one
                if isinstance(found, re.Pattern):
                    yield module, name, found


def methods_used():
    """Returns what is asked of names: module, or "" of public ones, and name -> methods."""
    found = collections.defaultdict(set)
    for module, path in tree.modules().items():
        for node in tree.walked(tree.parse(path)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                name = node.value.id
                found[module if name.startswith("_") else "", name].add(node.attr)
    return found


def doubtful():
    """Returns the patterns that may take more than linear time: what -> why."""
    found, used = {}, methods_used()
    for module, name, pattern in compiled():
        methods = used[module if name.startswith("_") else "", name]
        for within in {method in WITHIN for method in methods} or {False}:
            whole = not within and "match" not in methods
            why = ambiguity.ways(
                pattern.pattern, ambiguity.flags_of(pattern), within=within, whole=whole
            )
            if why:
                found[f"{module.removeprefix('tf1compat.')}: {name}"] = why
    for module, function, call in pattern_calls():
        text = call.args[0] if call.args else None
        if function in ("compile", "escape") or not isinstance(text, ast.Constant):
            continue
        why = ambiguity.ways(text.value, within=function in WITHIN, whole=function == "fullmatch")
        if why:
            found[f"{module.removeprefix('tf1compat.')}: {text.value}"] = why
    return found


def test_every_pattern_leads_through_a_text_in_one_way():
    found = doubtful()
    extra = {what: why for what, why in found.items() if not any(map(what.startswith, ALLOWED))}
    assert extra == {}, "write it so that it can't, use string methods, or names/patterns.py"
    gone = {one for one in ALLOWED if not any(what.startswith(one) for what in found)}
    assert gone == set(), "no longer there"


def test_patterns_that_are_made_as_the_program_runs_are_known():
    found = set()
    for module, function, call in pattern_calls():
        in_function = any(
            isinstance(node, ast.FunctionDef) and call in tree.walked(node)
            for node in tree.walked(tree.parse(tree.modules()[module]))
        )
        if function != "escape" and in_function and not isinstance(call.args[0], ast.Constant):
            found.add(f"{module.removeprefix('tf1compat.')}: {function}")
    assert found == set(MADE)


@pytest.mark.parametrize(
    ("pattern", "within"),
    [
        (r"(a+)+b", False),
        (r"(?:\w+/?)+/kernel", False),
        (r"a*a*b", False),
        (r"(?:a|ab|b)*c", False),
        (r"(.*?)_?(\d+)", False),
        (r".*x.*", False),
        (r"\d+$", True),
        (r"\w+Grad", True),
        (r"a{2,}b", True),
        (r'"[^"]*\\[^"]*"', True),
        (r"\s*\w+\s*(\(\))?\s*", False),
        (r"(?:(?:a?){2}b?)*c", False),
    ],
)
def test_the_guard_sees_what_python_can_take_long_for(pattern, within):
    assert ambiguity.ways(pattern, within=within, whole=not within)


@pytest.mark.parametrize(
    ("pattern", "within"),
    [
        (r"(.+)_(\d+)", False),
        (r"[a-z]+(?:/[a-z]+)*", False),
        (r"(?s)(.+)/\.ATTRIBUTES/(.+)", False),
        (r"-\d+$", True),
        (r"(?<!\d)\d+$", True),
        (r"\A\s*\w+$", True),
        (r"\w+", True),
        (r"(?i)(?:good|bad)_steps(?:_[0-9]+)?", True),
    ],
)
def test_the_guard_lets_pass_what_leads_one_way(pattern, within):
    assert ambiguity.ways(pattern, within=within, whole=not within) == ""
