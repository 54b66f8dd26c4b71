"""The lines of a plan: what happens to a source or a target, and why."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from tf1compat.migration.layouts.layout import IDENTITY
from tf1compat.names.reasons import Fact, Reason

__all__ = ["Ambiguity", "Drop", "Fill", "Keep", "Way"]


@dataclasses.dataclass(frozen=True)
class Fill:
    """A target weight and the source, or sources, that fill it.

    Attributes:
      target: path of the weight.
      sources: names of the variables, in the order the layout takes them.
      layout: text of the layout; see :mod:`tf1compat.migration.layouts`.
      because: the rule that decided, or each piece of evidence.
    """

    target: str
    sources: tuple[str, ...]
    layout: str
    because: tuple[Reason, ...]

    @property
    def kind(self) -> str:
        """What decided: ``"rule"`` or ``"evidence"`` (or of an old plan, ``"recorded"``)."""
        first = self.because[0].kind.name
        return first if first in ("rule", "recorded") else "evidence"

    @property
    def moved(self) -> str:
        """The text of a layout that does something; ``""`` where the value stays as it stands."""
        return "" if self.layout == str(IDENTITY) else self.layout

    @property
    def why(self) -> str:
        """The rule or the evidence in words."""
        return "; ".join(reason.text for reason in self.because)


class _Reasoned:
    """What lines with one reason have in common."""

    because: Reason

    @property
    def kind(self) -> str:
        """Name of the reason's kind."""
        return self.because.kind.name

    @property
    def facts(self) -> Mapping[str, Fact]:
        """The facts of the reason, by name."""
        return self.because.facts


@dataclasses.dataclass(frozen=True)
class Drop(_Reasoned):
    """A source, or a part of one, that is left behind on purpose.

    Attributes:
      source: name of the variable.
      because: why. Its kind is one of ``rule``, ``copy``, ``part`` (the rest is used),
        ``equal``, ``slot``, ``average``, ``global_step``, ``optimizer_state``, ``loss_scale``,
        ``loss_average``, ``training_scalar``, ``renorm``, ``averaged``, ``outside`` (of the part
        that is migrated) and ``recorded``.
    """

    source: str
    because: Reason

    @property
    def whole(self) -> bool:
        """Whether all of the source is left behind."""
        return self.kind != "part"

    @property
    def reason(self) -> str:
        """The reason in words; a user's own is there whole."""
        return self.because.text


@dataclasses.dataclass(frozen=True)
class Keep(_Reasoned):
    """A target that keeps its initial value on purpose.

    Attributes:
      target: path of the weight.
      because: why. Its kind is one of ``rule``, ``random_state``, ``outside`` and ``recorded``.
    """

    target: str
    because: Reason

    @property
    def reason(self) -> str:
        """The reason in words; a user's own is there whole."""
        return self.because.text


@dataclasses.dataclass(frozen=True)
class Way:
    """What one of several targets could be filled with: a variable, or what one is read as.

    Attributes:
      path: a name by which it was matched; a variable's own, or that of what it is read as.
      role: its role in Keras.
      sources: names of the variables, in the order that the layout takes them.
      layout: text of the layout that makes it.
      because: from what it is known that the variables are that.
    """

    path: str
    role: str
    sources: tuple[str, ...]
    layout: str = str(IDENTITY)
    because: tuple[Reason, ...] = ()


@dataclasses.dataclass(frozen=True)
class Ambiguity(_Reasoned):
    """Sources and targets that evidence supports equally.

    Attributes:
      sources: names of the variables.
      targets: paths of the weights.
      because: how many there are and what is missing; its kind is ``equals`` or ``recorded``.
      common: what told all of them apart from the rest.
      ways: what could fill any target of its role and shape, where that isn't each source as it
        stands: some variables are read otherwise, such as a row for each layer.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    because: Reason
    common: tuple[Reason, ...] = ()
    ways: tuple[Way, ...] = ()

    @property
    def evidence(self) -> str:
        """What they have in common and what is missing to tell them apart, in words."""
        common = "; ".join(reason.text for reason in self.common)
        return f"{common} {self.because.text}" if common else self.because.text
