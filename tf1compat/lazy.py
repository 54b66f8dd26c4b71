"""Exports of a folder that are imported when they are first asked for.

A command line imports what it needs of a room: listing a checkpoint waits neither for the reader of
rules files nor for that of graphs, and a refused flag not for Keras.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

__all__ = ["exports"]


def exports(
    package: str, homes: Mapping[str, Iterable[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Returns the ``__getattr__`` and ``__dir__`` of a package, as PEP 562 has them.

    Args:
      package: its dotted name.
      homes: the names that each module gives, a module as a relative import writes it
        (``.rules``, ``..files.staging``).

    A name is stored in the package once it was asked for: from then on it costs nothing.
    """
    home_of = {name: home for home, names in homes.items() for name in names}

    def get(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(home_of[name], package), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *home_of})

    return get, names
