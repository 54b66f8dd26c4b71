"""What can be added in one place: things of one kind by their names, in order."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, Protocol, TypeVar

from tf1compat.errors import UnknownNameError, UsageError

__all__ = ["Named", "Registry"]


class Named(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str:
        """What it goes by; unique among its kind."""


_T = TypeVar("_T", bound=Named)


class Registry(Mapping[str, _T], Generic[_T]):
    """Things of one kind by name, in the order in which they were added.

    The package's own stand in a tuple where the registry is made; a program adds its own by
    :meth:`add`, once, before they are used.

    >>> import dataclasses
    >>> Unit = dataclasses.make_dataclass("Unit", ["name"])
    >>> units = Registry("unit", [Unit("kB"), Unit("MB")])
    >>> units.add(Unit("GB")).name, list(units)
    ('GB', ['kB', 'MB', 'GB'])
    >>> units["KB"]
    Traceback (most recent call last):
    tf1compat.errors.UnknownNameError: expected a unit (kB, MB, GB), found 'KB'; nearest: kB
    """

    def __init__(self, what: str, things: Iterable[_T] = ()) -> None:
        """Makes a registry of `things`; `what` is what errors call one of them."""
        self.what = what
        self._things: dict[str, _T] = {}
        for thing in things:
            self.add(thing)

    def __getitem__(self, name: str) -> _T:
        try:
            return self._things[name]
        except KeyError:
            known = ", ".join(self._things)
            near = ", ".join(difflib.get_close_matches(name, self._things, n=1, cutoff=0.3))
            hint = f"; nearest: {near}" if near else ""
            raise UnknownNameError(
                f"expected a {self.what} ({known}), found {name!r}{hint}"
            ) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._things)

    def __len__(self) -> int:
        return len(self._things)

    def add(self, thing: _T) -> _T:
        """Adds one more and returns it.

        Raises:
          UsageError: another has its name.
        """
        if thing.name in self._things:
            raise UsageError(
                f"{self.what} {thing.name!r}: expected a name of its own, found that of "
                f"{self._things[thing.name]!r}; choose another"
            )
        self._things[thing.name] = thing
        return thing

    @contextlib.contextmanager
    def with_(self, *things: _T) -> Iterator[None]:
        """Adds `things` for as long as the block runs: for tests."""
        before = dict(self._things)
        try:
            for thing in things:
                self.add(thing)
            yield
        finally:
            self._things = before
