"""What can be added in one place: things of one kind by their names, in order.

They may come from outside the package, and what they answer is looked at: :func:`asked`.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar

from tf1compat.errors import Tf1CompatError, UnknownNameError, UsageError
from tf1compat.stopping import contained

__all__ = ["PASSED", "Named", "Registry", "Words", "are_texts", "asked", "briefly", "is_a"]

_LONGEST = 200  # characters of an answer, or of an error's text

PASSED: tuple[type[Exception], ...] = (Tf1CompatError, OSError, MemoryError)
"""Errors that say themselves what is wrong, whoever raises them."""


def asked(
    whose: str,
    method: str,
    *,
    call: Callable[[], Any],
    fits: Callable[[Any], bool] = lambda answer: True,
    words: str = "an answer",
    error: Callable[[str], Exception] = UsageError,
    passed: tuple[type[Exception], ...] = PASSED,
    given: Sequence[Exception] = (),
) -> Any:
    """Returns what a thing that may come from outside the package answers, if it can be one.

    Args:
      whose: the thing, as errors call it: ``"layout 'toy'"``.
      method: which of its methods is called.
      call: calls it.
      fits: tells whether an answer is one that is expected.
      words: what is expected.
      error: makes the error of its message.
      passed: what it may raise.
      given: errors of what the method was given to call, which aren't its own; looked at when it
        has raised one.

    Raises:
      error: it raised anything else, or the answer doesn't fit.

    >>> asked("unit 'kB'", "factor", call=lambda: {}["kB"], words="a number")
    Traceback (most recent call last):
    tf1compat.errors.UsageError: unit 'kB': expected a number of its method factor or an error \
of this package, found KeyError: 'kB'
    >>> asked("unit 'kB'", "factor", call=lambda: "k", fits=is_a(int), words="a number")
    Traceback (most recent call last):
    tf1compat.errors.UsageError: unit 'kB': expected a number of its method factor, found 'k'
    """
    try:
        with contained():
            answer = call()
    except passed:
        raise
    except Exception as wrong:
        if any(wrong is one for one in given):
            raise
        found = f"{type(wrong).__name__}: {_shortened(str(wrong))}"
        raise error(
            f"{whose}: expected {words} of its method {method} or an error of this package, found "
            f"{found}"
        ) from wrong
    if not fits(answer):
        raise error(f"{whose}: expected {words} of its method {method}, found {briefly(answer)}")
    return answer


def is_a(*kinds: type) -> Callable[[Any], bool]:
    """Returns what tells whether an answer is of one of these types, for :func:`asked`."""
    return lambda answer: isinstance(answer, kinds)


def are_texts(answer: Any) -> bool:
    """Tells whether an answer is a tuple (a list, a set) of texts."""
    return isinstance(answer, (tuple, list, set, frozenset)) and all(
        isinstance(one, str) for one in answer
    )


def briefly(found: object) -> str:
    """Returns what was found as an error shows it, cut off where it is long."""
    return _shortened(repr(found))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


class Named(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str:
        """What it goes by; unique among its kind."""


_T = TypeVar("_T", bound=Named)


class Words:
    """Words that no two things have, of whichever of several registries they are.

    >>> import dataclasses
    >>> Unit = dataclasses.make_dataclass("Unit", ["name"])
    >>> words = Words({"inch": "a unit of old"})
    >>> lengths = Registry("length", [Unit("m")], words=words)
    >>> weights = Registry("weight", [Unit("kg")], claims=lambda one: [one.name], words=words)
    >>> weights.add(Unit("inch"))
    Traceback (most recent call last):
    tf1compat.errors.UsageError: weight 'inch': expected words of its own, found 'inch', which is \
a unit of old; choose another
    """

    def __init__(self, taken: Mapping[str, str] = MappingProxyType({})) -> None:
        """Begins with those `taken`, with what each is."""
        self._taken = dict(taken)
        self._registries: list[Registry[Any]] = []

    def hold(self, registry: Registry[Any]) -> None:
        """Has the claims of what is in a registry, and will be, among the words."""
        self._registries.append(registry)

    def owner(self, word: str) -> str:
        """Returns what has a word, as an error says it; ``""`` if nothing has."""
        for registry in self._registries:
            for thing in registry.values():
                if word in registry.claims(thing):
                    return f"{thing.name!r} has"
        return f"is {self._taken[word]}" if word in self._taken else ""


class Registry(Mapping[str, _T], Generic[_T]):
    """Things of one kind by name, in the order in which they were added.

    The package's own stand in a tuple where the registry is made; a program adds its own by
    :meth:`add`, once, before they are used.

    Attributes:
      what: what errors call one of them.
      claims: returns the words by which one is known besides its name.
      version: a number that changes with what is in it, for caches.

    >>> import dataclasses
    >>> Unit = dataclasses.make_dataclass("Unit", ["name"])
    >>> units = Registry("unit", [Unit("kB"), Unit("MB")])
    >>> units.add(Unit("GB")).name, list(units)
    ('GB', ['kB', 'MB', 'GB'])
    >>> units["kBs"]
    Traceback (most recent call last):
    tf1compat.errors.UnknownNameError: expected a unit (kB, MB, GB), found 'kBs'; nearest: kB
    """

    def __init__(
        self,
        what: str,
        things: Iterable[_T] = (),
        *,
        has: Mapping[str, type] = MappingProxyType({}),
        methods: Iterable[str] = (),
        claims: Callable[[_T], Iterable[str]] = lambda thing: (),
        check: Callable[[_T], None] = lambda thing: None,
        words: Words | None = None,
    ) -> None:
        """Makes a registry of `things`.

        Args:
          what: what errors call one of them.
          things: the first ones.
          has: the attributes that each has, and their types.
          methods: the methods that each has. Where neither is given, things may be classes.
          claims: returns the words by which a thing is known besides its name; no other may have
            them.
          check: raises UsageError for what can't be one of them.
          words: what other registries have of such words, where they share them.
        """
        self.what = what
        self.version = 0
        self._has = dict(has)
        self._methods = tuple(methods)
        self.claims = claims
        self._check = check
        self._things: dict[str, _T] = {}
        self._words = words or Words()
        self._words.hold(self)
        for thing in things:
            self.add(thing)

    def __getitem__(self, name: str) -> _T:
        if isinstance(name, str) and name in self._things:
            return self._things[name]
        known = ", ".join(self._things)
        near = ", ".join(difflib.get_close_matches(str(name), self._things, n=1))
        hint = f"; nearest: {near}" if near else ""
        raise UnknownNameError(f"expected a {self.what} ({known}), found {briefly(name)}{hint}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._things)

    def __len__(self) -> int:
        return len(self._things)

    def add(self, thing: _T) -> _T:
        """Adds one more and returns it.

        Raises:
          UsageError: it has no name, or another has its name or one of its words; or it can't be
            one of them.
        """
        name = getattr(thing, "name", None)
        if not isinstance(name, str) or not name:
            raise UsageError(f"{self.what} {thing!r}: expected a name, found {name!r}")
        if name in self._things:
            raise UsageError(
                f"{self.what} {name!r}: expected a name of its own, found that of "
                f"{self._things[name]!r}; choose another"
            )
        self._require_attributes(name, thing)
        self._check(thing)
        for word in sorted(set(self.claims(thing))):
            if owner := self._words.owner(word):
                raise UsageError(
                    f"{self.what} {name!r}: expected words of its own, found {word!r}, which "
                    f"{owner}; choose another"
                )
        self._things[name] = thing
        self.version += 1
        return thing

    def _require_attributes(self, name: str, thing: _T) -> None:
        """Raises UsageError for what lacks something that would be asked for only later."""
        if (self._has or self._methods) and isinstance(thing, type):
            raise UsageError(f"{self.what} {name!r}: expected an instance, found {thing!r} itself")
        for attribute, kind in self._has.items():
            value = getattr(thing, attribute, None)
            if not isinstance(value, kind):
                expected = f"{attribute}, a {kind.__name__}"
                raise UsageError(f"{self.what} {name!r}: expected {expected}, found {value!r}")
        for method in self._methods:
            if not callable(getattr(thing, method, None)):
                raise UsageError(f"{self.what} {name!r}: expected a method {method}, found none")

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
            self.version += 1
