"""Finds where functions write to what belongs to their module, and so to every caller's."""

import ast

import source_tree as tree

_MUTATORS = {
    *("append", "appendleft", "extend", "insert", "add", "update", "setdefault"),
    *("pop", "popitem", "popleft", "remove", "discard", "clear", "sort", "reverse"),
}
_REGISTRIES = {"Registry", "_Registry"}  # made to be added to, by programs as well
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def state_writes(parsed):
    """Returns (line, text) for every write within a function to a name of the module.

    A cache of functools is a decorator, and a context variable is its context's: neither is seen.
    """
    names, modules = module_names(parsed) | {"globals()"}, imported_modules(parsed)
    found = set()
    for function in tree.nodes(parsed, *_FUNCTIONS):
        written = [
            (root, node)
            for node in ast.walk(function)
            for root in written_roots(node, modules)
            if root in names
        ]
        local = local_names(function) if written else set()
        found |= {(node.lineno, ast.unparse(node)) for root, node in written if root not in local}
    return sorted(found)


def module_names(parsed):
    """Returns the names that a module's own statements bind, without its registries."""
    found = set()
    for node in own_statements(parsed):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif not is_registry(getattr(node, "value", None)):
            found |= stored(node)
    return found


def imported_modules(parsed):
    """Returns the imported names that stand for modules, or for what isn't the library's.

    ``tf.add`` and ``sys.path.insert`` change nothing of ours.
    """
    return {
        (alias.asname or alias.name).split(".")[0]
        for node in own_statements(parsed)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        for module in [getattr(node, "module", None) or ""]
        if module.split(".")[0] != tree.PACKAGE or f"{module}.{alias.name}" in tree.modules()
    }


def own_statements(parsed):
    """Yields a module's nodes but for what is within functions and classes."""
    waiting = list(parsed.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(node))


def is_registry(value):
    return isinstance(value, ast.Call) and getattr(value.func, "id", "") in _REGISTRIES


def stored(node):
    """Returns the names that a statement assigns to."""
    targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
    every = [inner for target in targets if target is not None for inner in ast.walk(target)]
    return {n.id for n in every if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def local_names(function):
    """Returns a function's arguments and the names that it binds, those of inner ones included."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
    return found


def written_roots(node, modules):
    """Yields the names at the root of what a node changes: an element, an attribute, the whole.

    What functions of `modules` are called may sound like a change and isn't one.
    """
    if isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
        yield root_of(node)
    elif isinstance(node, ast.Call):
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if method in _MUTATORS and root_of(node.func) not in modules:
            yield root_of(node.func)
        elif getattr(node.func, "id", "") in ("next", "setattr") and node.args:
            yield root_of(node.args[0])


def root_of(node):
    """Returns the name before all attributes and elements; 'globals()' for that call."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "globals":
        return "globals()"
    return getattr(node, "id", "")
