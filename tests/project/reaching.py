"""What a module reaches: by import statements, by calls that import by name, and by attributes."""

import ast
import functools

import source_tree as tree

IMPORTERS = {"import_module", "__import__", "resolve_name", "run_module"}  # functions that import


def joined_text(node):
    """Returns the text that a string expression's constants make, put together."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.BinOp):
        return joined_text(node.left) + joined_text(node.right)
    if isinstance(node, ast.JoinedStr):
        return "".join(joined_text(value) for value in node.values)
    return ""


def starts_with_text(node):
    """Tells whether a string expression begins with a constant, so that its text is a beginning."""
    if isinstance(node, ast.BinOp):
        return starts_with_text(node.left)
    if isinstance(node, ast.JoinedStr):
        return bool(node.values) and starts_with_text(node.values[0])
    return isinstance(node, ast.Constant)


def attribute_chain(node):
    """Returns ['tf', 'compat', 'v1'] for the expression ``tf.compat.v1``, [] for others."""
    attributes = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    if attributes and isinstance(node, ast.Name):
        return [node.id, *reversed(attributes)]
    return []


def called(node):
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


@functools.cache
def every_import(parsed):
    """Returns everything that a module imports, however: as imports of `source_tree`."""
    return [*tree.imports_of(parsed), *imports_by_name(parsed), *attribute_imports(parsed)]


def imports_by_name(parsed):
    """Returns the calls that import what a text names, or begins to name, as imports."""
    names = IMPORTERS | {
        alias.asname
        for node in tree.nodes(parsed, ast.ImportFrom)
        for alias in node.names
        if alias.asname and alias.name in IMPORTERS
    }
    return [
        tree.Import(text, (), node.lineno)
        for node in tree.nodes(parsed, ast.Call)
        if called(node) in names
        for argument in [*node.args[:1], *(word.value for word in node.keywords)]
        if starts_with_text(argument)
        for text in [joined_text(argument).rstrip(".")]
        if text
    ]


def mentions_importers(parsed):
    """Returns the lines that name a function that imports, whatever for: to call or to rename."""
    texts = [
        (node, getattr(node, field))
        for kind, field in ((ast.Name, "id"), (ast.Attribute, "attr"), (ast.Constant, "value"))
        for node in tree.nodes(parsed, kind)
    ]
    texts += [
        (node, alias.name)
        for node in tree.nodes(parsed, ast.Import, ast.ImportFrom)
        for alias in node.names
    ]
    return [node.lineno for node, text in texts if isinstance(text, str) and text in IMPORTERS]


def attribute_imports(parsed):
    """Returns what attributes reach of the library's modules as imports: ``names._slots.f``."""
    known = own_aliases(parsed)
    found = []
    for node in tree.nodes(parsed, ast.Attribute, ast.Call) if known else ():
        chain = attribute_chain(node)
        if isinstance(node, ast.Call) and called(node) == "getattr" and len(node.args) > 1:
            first = attribute_chain(node.args[0]) or [getattr(node.args[0], "id", "")]
            chain = [*first, joined_text(node.args[1])]
        if len(chain) > 1 and chain[0] in known:
            module, rest = known[chain[0]], chain[1:]
            while rest and f"{module}.{rest[0]}" in tree.modules():
                module = f"{module}.{rest.pop(0)}"
            found.append(tree.Import(module, tuple(rest[:1]), node.lineno))
    return found


def own_aliases(parsed):
    """Returns the library's modules by the names under which a module knows them."""
    found = {}
    for node in tree.nodes(parsed, ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == tree.PACKAGE:
                    found[alias.asname or tree.PACKAGE] = (
                        alias.name if alias.asname else tree.PACKAGE
                    )
        elif node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if inner in tree.modules():
                    found[alias.asname or alias.name] = inner
    return found
