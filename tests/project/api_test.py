"""The public API is a reviewed list, documented name by name."""

import importlib
import inspect
import re

import public_api
import pytest
import source_tree as tree

PACKAGES = public_api.packages()


def test_the_list_is_what_was_reviewed():
    found = public_api.public_lines()
    listed = public_api.LIST.read_text(encoding="utf-8").splitlines()
    more, less = sorted(set(found) - set(listed)), sorted(set(listed) - set(found))
    assert (more, less) == ([], []), f"if what comes and goes is meant, run: {public_api.COMMAND}"
    assert found == listed, f"another order; run: {public_api.COMMAND}"


def _example(a, b="x", /, *args: int, c: str = "y", d=len, **rest) -> bool:
    """What a function's signature may have."""


def _named_only(a: "list[str]", *, b=None):
    """Marks between kinds."""


class _Made:
    @property
    def size(self) -> int:
        """Three."""


@pytest.mark.parametrize(
    ("thing", "written"),
    [
        (_example, "(a, b = 'x', /, *args: int, c: str = 'y', d = ..., **rest) -> bool"),
        (_named_only, "(a: list[str], *, b = None)"),
        (staticmethod(_named_only), "(a: list[str], *, b = None)"),
        (_Made.size, ": int"),
        (3, ""),
    ],
)
def test_signatures_are_written_as_they_are(thing, written):
    assert public_api.signature_of(thing) == written


def export_order(name):
    """Constants, classes, the rest; numbers as numbers: the order that the linter keeps."""
    group = 0 if name.isupper() else 1 if name[:1].isupper() else 2
    parts = re.split(r"([0-9]+)", name)
    return group, [int(p) if i % 2 else p for i, p in enumerate(parts)]


@pytest.mark.parametrize("package", PACKAGES)
def test_exports_are_sorted_and_resolve(package):
    module = importlib.import_module(package)
    assert list(module.__all__) == sorted(set(module.__all__), key=export_order)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_private_leaks(package):
    """A folder shows its exports and its own modules, and no bystander."""
    module = importlib.import_module(package)
    private = [n for n in module.__all__ if n.startswith("_") and n != "__version__"]
    assert private == []
    shown = {name for name in vars(module) if not name.startswith("_")}
    own = {m.removeprefix(package + ".").split(".")[0] for m in tree.modules() if m != package}
    assert sorted(shown - set(module.__all__) - own - {"annotations"}) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_has_a_docstring(package):
    module = importlib.import_module(package)
    assert inspect.getdoc(module)
    bare = []
    for name in module.__all__:
        thing = getattr(module, name)
        if not (inspect.isclass(thing) or inspect.isroutine(thing) or inspect.ismodule(thing)):
            continue
        if not (thing.__doc__ or "").strip() or is_generated(thing):
            bare.append(name)
        if inspect.isclass(thing):
            bare += [
                f"{name}.{member}"
                for member, _ in public_api.public_members(thing)
                if not (inspect.getdoc(getattr(thing, member)) or "").strip()
            ]
    assert bare == []


def is_generated(thing):
    """Tells a docstring that dataclasses or namedtuple wrote from one that a person did."""
    return inspect.isclass(thing) and thing.__doc__.startswith(f"{thing.__name__}(")
