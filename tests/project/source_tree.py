"""What the project's source tree holds, read with ast: shared by the guards of this folder."""

import ast
import collections
import dataclasses
import functools
import importlib
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = "tf1compat"

# The modules beside the rooms, which every room may import.
_BESIDE = {
    "errors",
    "registry",
    "lazy",
    "budget",
    "regular_files",
    "text_files",
    "printable",
    "stopping",
}

# Who may import whom. A room may always import itself.
ALLOWED = {
    "printable": set(),
    "stopping": set(),
    "errors": {"printable"},
    "lazy": set(),
    "registry": {"errors", "stopping"},
    "budget": {"errors"},
    "regular_files": set(),
    "text_files": {"errors", "budget", "regular_files"},
    "names": _BESIDE,
    "files": _BESIDE,
    "checkpoint": _BESIDE | {"names", "files"},
    "graph": _BESIDE | {"names", "files", "checkpoint"},
    "v1": _BESIDE | {"names", "files", "checkpoint", "graph"},
    "keras3": _BESIDE | {"names", "files", "checkpoint", "graph"},
    "migration": _BESIDE | {"names", "files", "checkpoint", "graph", "keras3"},
    "pipelines": _BESIDE | {"names", "files", "checkpoint", "graph", "keras3", "migration"},
    "apps": _BESIDE
    | {"names", "files", "checkpoint", "graph", "v1", "keras3", "migration", "package"},
    "testing": _BESIDE | {"names", "files", "checkpoint", "graph", "v1", "keras3", "migration"},
    "main": {"apps", "stopping"},
    "package": set(),
}


@dataclasses.dataclass(frozen=True)
class Import:
    """One import as it was written.

    `module` is what is imported from, `names` what (empty for ``import module``); `lazy` tells one
    within a function, `typing_only` one under ``if TYPE_CHECKING``.
    """

    module: str
    names: tuple[str, ...]
    line: int
    lazy: bool = False
    typing_only: bool = False


def files_under(*folders):
    """Returns the .py files under `folders` of the project, sorted, as paths."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path for path in found if "__pycache__" not in path.parts)


def build_files():
    """Returns the BUILD files of the project, as paths."""
    found = [ROOT / "BUILD"]
    found += [
        path for top in (PACKAGE, "tests", "examples") for path in (ROOT / top).rglob("BUILD")
    ]
    return sorted(path for path in found if path.is_file())


def library_files():
    return files_under(PACKAGE)


def relative(path):
    return path.relative_to(ROOT).as_posix()


def module_name(path):
    """Returns the dotted name of the module in `path` of the library."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def modules():
    """Returns the library's modules: dotted name -> path."""
    return {module_name(path): path for path in library_files()}


def room_of(module):
    """Returns the room of a dotted name: its folder, 'errors', 'main' or 'package' (the root)."""
    first = module.split(".")[1] if "." in module else ""
    return {"": "package", "__main__": "main"}.get(first, first)


def is_type_checking(node):
    test = node.test
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


@functools.cache
def imports_of(tree):
    """Returns every import statement of a module's `tree`, wherever it stands.

    Expressions, most of a tree, are passed over: they hold no statement.
    """
    found = []

    def visit(node, lazy, typing_only):
        if isinstance(node, ast.Import):
            found.extend(Import(a.name, (), node.lineno, lazy, typing_only) for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            module = "." * node.level + (node.module or "")
            found.append(Import(module, names, node.lineno, lazy, typing_only))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lazy = True
        if isinstance(node, ast.If) and is_type_checking(node):
            for child in node.body:
                visit(child, lazy, True)
            for child in node.orelse:
                visit(child, lazy, typing_only)
            return
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.expr):
                visit(child, lazy, typing_only)

    visit(tree, False, False)
    return found


def own_modules_imported(found):
    """Returns the library's modules that an import reaches, as dotted names."""
    if found.module.split(".")[0] != PACKAGE:
        return []
    if not found.names:
        return [found.module]
    known = modules()
    return [
        inner if (inner := f"{found.module}.{name}") in known else found.module
        for name in found.names
    ]


def import_edges(*, with_packages=False, found_in=imports_of):
    """Returns (importer, imported) for all of the library's modules, imports for typing included.

    Those of an ``__init__`` count `with_packages` only: it shows what its folder has. `found_in`
    returns the imports of a parsed module.
    """
    return [
        (module, other)
        for module, path in modules().items()
        if with_packages or path.stem != "__init__"
        for found in found_in(parse(path))
        for other in own_modules_imported(found)
    ]


def folder_of(module):
    """Returns the package whose folder a module's file is in; of an ``__init__``, its own."""
    return module if modules()[module].stem == "__init__" else module.rpartition(".")[0]


def missing_of(found):
    """Returns the library's modules and names that an import asks for and that aren't there."""
    if found.module.split(".")[0] != PACKAGE:
        return []
    if found.module not in modules():
        return [found.module]
    return [
        f"{found.module}.{name}"
        for name in found.names
        if f"{found.module}.{name}" not in modules()
        and not hasattr(importlib.import_module(found.module), name)
    ]


def is_task(module):
    """Tells an app, which the dispatcher imports by its name."""
    return module.startswith(f"{PACKAGE}.apps.") and 'if __name__ == "__main__":' in (
        modules()[module].read_text(encoding="utf-8")
    )


@functools.cache
def parse(path):
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@functools.cache
def walked(tree):
    """Returns all nodes of `tree`: each guard looks at them."""
    return tuple(ast.walk(tree))


@functools.cache
def _by_type(tree):
    found = collections.defaultdict(list)
    for node in walked(tree):
        found[type(node)].append(node)
    return found


def nodes(tree, *kinds):
    """Returns the nodes of `tree` that are of these classes of ast, one class after another."""
    found = _by_type(tree)
    return [node for kind in kinds for node in found.get(kind, ())]


def docstrings(tree):
    """Returns the constant nodes of `tree` that are docstrings."""
    holders = nodes(tree, ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    first = [node.body[0] for node in holders if node.body]
    return {one.value for one in first if isinstance(one, ast.Expr)}
