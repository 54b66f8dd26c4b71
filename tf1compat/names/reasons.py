"""Why something is as it is: a kind of a closed set, and the facts that its words are made of.

Nothing decides by words. They are made where they are printed, from the kind's template.
"""

from __future__ import annotations

import dataclasses
import functools
import string
from collections.abc import Mapping
from typing import Any, TypeAlias

from tf1compat.errors import UsageError
from tf1compat.printable import printable_name

__all__ = ["Fact", "Kind", "Reason", "kind_names", "require_kinds"]

Fact: TypeAlias = "str | int | tuple[str, ...]"


@functools.cache
def _facts_of(words: str) -> frozenset[str]:
    """Returns the facts in a template, ``{fact}`` each; ValueError for any other braces."""
    found = set()
    for _, fact, form, conversion in string.Formatter().parse(words):
        if fact is not None:
            if not fact.isidentifier() or form or conversion not in (None, "r"):
                raise ValueError(f"expected facts in braces by name, found {words!r}")
            found.add(fact)
    return frozenset(found)


def _is_fact(value: object) -> bool:
    """Tells what JSON gives back as it was; a bool or a numpy integer wouldn't be."""
    if isinstance(value, tuple):
        return all(type(one) is str for one in value)
    return type(value) in (str, int)


@dataclasses.dataclass(frozen=True)
class Kind:
    """One kind of reason.

    Attributes:
      name: what it is called in JSON and compared by.
      words: template of its text; ``{fact}`` stands for a fact, several are joined by commas.
      folded: template of the text for many of this kind together; by default as `words`.

    >>> Kind("slot", "slot {slot} of {of}", "slot {slot}").because(slot="Adam", of="w").text
    'slot Adam of w'
    """

    name: str
    words: str
    folded: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise UsageError(f"a kind of reason: expected a word for its name, found {self.name!r}")
        try:
            facts, folded = _facts_of(self.words), _facts_of(self.folded)
        except (ValueError, TypeError) as error:
            raise UsageError(f"reason {self.name!r}: no template ({error})") from None
        if not folded <= facts:  # what the words don't need may not be there
            raise UsageError(
                f"reason {self.name!r}: expected facts of {self.words!r}, found {self.folded!r}"
            )

    def because(self, /, **facts: Fact) -> Reason:
        """Returns a reason of this kind.

        Raises:
          UsageError: the words need other facts, or one is none that JSON gives back.
        """
        needed = _facts_of(self.words)
        if not needed <= facts.keys():
            raise UsageError(
                f"reason {self.name!r}: expected the facts {', '.join(sorted(needed))}; found "
                f"{', '.join(sorted(facts)) or 'none'}"
            )
        for name, value in facts.items():
            if not _is_fact(value):
                raise UsageError(
                    f"reason {self.name!r}: expected facts that are texts, numbers or tuples of "
                    f"texts, found {name} = {value!r}"
                )
        return Reason(self, facts)


def kind_names(giver: Any) -> list[str]:
    """Returns the names of the kinds of reasons that something gives."""
    return [kind.name for kind in giver.kinds]


def require_kinds(what: str, giver: Any, kinds: type[Kind] = Kind) -> None:
    """Does nothing for what says which kinds of reasons it gives, in a tuple.

    Args:
      what: what errors call it, besides its name.
      giver: it.
      kinds: the class of its kinds.

    Raises:
      UsageError: it says none, or two of one name.
    """
    for kind in giver.kinds or ("none",):
        if not isinstance(kind, kinds):
            raise UsageError(
                f"{what} {giver.name!r}: expected kinds, a tuple of {kinds.__name__}, found {kind}"
            )
    names = kind_names(giver)
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(
            f"{what} {giver.name!r}: expected kinds of different names, found two called "
            f"{', '.join(twice)}"
        )


@dataclasses.dataclass(frozen=True)
class Reason:
    """A kind with its facts.

    Attributes:
      kind: the kind.
      facts: by name; texts, numbers or several texts.
    """

    kind: Kind
    facts: Mapping[str, Fact] = dataclasses.field(default_factory=dict, hash=False)

    @property
    def text(self) -> str:
        """The reason in words."""
        return self._said(self.kind.words)

    @property
    def folded(self) -> str:
        """The words that all reasons like this one share."""
        return self._said(self.kind.folded or self.kind.words)

    def __str__(self) -> str:
        return printable_name(self.text)

    def __repr__(self) -> str:
        return f"Reason({self})"

    def _said(self, words: str) -> str:
        facts = {k: ", ".join(v) if isinstance(v, tuple) else v for k, v in self.facts.items()}
        return words.format(**facts)
