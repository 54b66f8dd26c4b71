"""Finds where a module reaches for what TensorFlow and Keras keep to themselves."""

import ast

from reaching import attribute_chain, called, every_import, joined_text
from source_tree import docstrings, nodes

PRIVATE = (
    "tensorflow.python",
    "tensorflow.core",
    "tensorflow.compiler",
    "tensorflow._api",
    "tensorflow.lite.python",
    "tensorflow_core",
    "tensorflow_estimator",
    "keras.src",
    "keras._tf_keras",
)
_ROOTS = ("tensorflow", "keras")
_HIDDEN = {"python", "core", "compiler", "src", "_api", "_tf_keras"}


def is_private(module):
    return any(module == start or module.startswith(start + ".") for start in PRIVATE)


def is_keras(module):
    parts = module.split(".")
    return parts[0] in ("keras", "tf_keras") or (parts[0] == "tensorflow" and "keras" in parts)


def full_names(found):
    """Returns the dotted names that an import statement may reach."""
    return [found.module, *(f"{found.module}.{name}" for name in found.names)]


def private_uses(tree):
    """Returns (line, text) for every use of something private in `tree`."""
    problems = [
        (found.line, name)
        for found in every_import(tree)
        for name in full_names(found)
        if is_private(name) or name.split(".")[0] == "tf_keras"
    ]
    aliases = framework_aliases(tree)
    for node in nodes(tree, ast.Attribute):
        chain = attribute_chain(node)
        if chain and chain[0] in aliases and hidden(chain[1:]):
            problems.append((node.lineno, ".".join(chain)))
    for node in nodes(tree, ast.Call):
        if called(node) == "getattr" and len(node.args) > 1:
            name = joined_text(node.args[1])
            root = attribute_chain(node.args[0]) or [getattr(node.args[0], "id", "")]
            if root[0] in aliases and (name in _HIDDEN or name.startswith("_")):
                problems.append((node.lineno, f"getattr(..., {name!r})"))
    return problems + private_texts(tree)


def hidden(attributes):
    return any(a in _HIDDEN or (a.startswith("_") and not a.endswith("__")) for a in attributes)


def private_texts(tree):
    """Returns (line, text) for strings that spell a private module, in one piece or several.

    Prose may speak of one: only text without spaces counts.
    """
    ignored = docstrings(tree)
    return [
        (node.lineno, text)
        for node in nodes(tree, ast.Constant, ast.BinOp, ast.JoinedStr)
        if node not in ignored
        for text in [joined_text(node)]
        if " " not in text and any(start in text for start in PRIVATE)
    ]


def framework_aliases(tree):
    """Returns the names under which `tree` knows TensorFlow, Keras or a module of theirs."""
    aliases = set()
    for node in nodes(tree, ast.Import):
        for alias in node.names:
            if alias.name.split(".")[0] in _ROOTS:
                aliases.add(alias.asname or alias.name.split(".")[0])
    for node in nodes(tree, ast.ImportFrom):
        if (node.module or "").split(".")[0] in _ROOTS:
            aliases.update(alias.asname or alias.name for alias in node.names)
    return aliases


def keras_uses(tree):
    """Returns (line, text) for every import of Keras and every ``tf.keras`` in `tree`."""
    problems = [
        (found.line, name)
        for found in every_import(tree)
        for name in full_names(found)
        if is_keras(name)
    ]
    aliases = framework_aliases(tree)
    for node in nodes(tree, ast.Attribute):
        chain = attribute_chain(node)
        if chain and chain[0] in aliases and "keras" in chain[1:]:
            problems.append((node.lineno, ".".join(chain)))
    return problems
