"""The public names of the library, as its folders' ``__all__`` give them."""

import importlib
import inspect

import source_tree as tree

LIST = tree.ROOT / "tests" / "project" / "api.txt"
COMMAND = "python tests/project/update_api.py"


def packages():
    """Returns the dotted names of the library's folders, sorted."""
    return sorted(m for m, path in tree.modules().items() if path.name == "__init__.py")


def public_names():
    """Returns the sorted dotted names of all that the folders export."""
    return sorted(
        f"{package}.{name}"
        for package in packages()
        for name in importlib.import_module(package).__all__
    )


def public_members(cls):
    """Yields (name, member) for the methods and properties that the library gives `cls`."""
    for name in dir(cls):
        if name.startswith("_"):
            continue
        owner = next(base for base in cls.__mro__ if name in vars(base))
        member = vars(owner)[name]
        is_code = inspect.isroutine(member) or isinstance(
            member, property | classmethod | staticmethod
        )
        if owner.__module__.startswith(tree.PACKAGE) and is_code:
            yield name, member
