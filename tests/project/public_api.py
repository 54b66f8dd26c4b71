"""The public names of the library, as its folders' ``__all__`` give them."""

import enum
import functools
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


def public_lines():
    """Returns each public name, and below a class what it adds to its base, with signatures."""
    found = []
    for dotted in public_names():
        package, _, name = dotted.rpartition(".")
        thing = getattr(importlib.import_module(package), name)
        found.append(dotted + signature_of(thing))
        if inspect.isclass(thing):
            found += [
                f"    .{n}{signature_of(m)}" for n, m in public_members(thing) if _is_own(thing, n)
            ]
    return found


def _is_own(cls, name):
    """Tells a member from what the base of a class has, which is listed there, or another's."""
    base = cls.__mro__[1]
    return name in vars(cls) or not hasattr(base, name) or base.__name__.startswith("_")


def signature_of(thing):
    """Returns what is written behind a name: ``(a: int, *, b: str = 'x') -> bool``.

    Nothing of what is no function, nor of classes that are made as another package makes its own: a
    release of that may change it.
    """
    if isinstance(thing, property | functools.cached_property):
        getter = thing.fget if isinstance(thing, property) else thing.func
        return f": {_annotation(inspect.signature(getter).return_annotation)}"
    if isinstance(thing, classmethod | staticmethod):
        thing = thing.__func__
    if inspect.isclass(thing):
        makers = [cls for cls in thing.__mro__ if {"__init__", "__new__"} & vars(cls).keys()]
        unmade = issubclass(thing, enum.Enum) or getattr(thing, "_is_protocol", False)
        if unmade or not makers[0].__module__.startswith(tree.PACKAGE):
            return ""
    elif not inspect.isroutine(thing):
        return ""
    given = inspect.signature(thing)
    end = _annotation(given.return_annotation)
    return f"({', '.join(_written(given))})" + (f" -> {end}" if end else "")


def _written(signature):
    """Yields the parameters of a signature, and the marks between their kinds."""
    before = None
    for one in signature.parameters.values():
        if before is one.POSITIONAL_ONLY != one.kind:
            yield "/"
        if one.kind is one.KEYWORD_ONLY and before not in (one.KEYWORD_ONLY, one.VAR_POSITIONAL):
            yield "*"
        before = one.kind
        stars = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
        annotation = _annotation(one.annotation)
        text = f"{stars}{one.name}" + (f": {annotation}" if annotation else "")
        yield text if one.default is one.empty else f"{text} = {_default(one.default)}"
    if before is inspect.Parameter.POSITIONAL_ONLY:
        yield "/"


def _annotation(value):
    if value is inspect.Signature.empty:
        return ""
    return value if isinstance(value, str) else inspect.formatannotation(value)


def _default(value):
    """Returns a default as it is written; of what has no literal, that there is one."""
    plain = value is None or isinstance(value, bool | int | float | str | bytes) or value == ()
    return repr(value) if plain and "<" not in repr(value) else "..."


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
