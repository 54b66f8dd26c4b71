"""What differs around weights that are equal: settings of both sides, and what they change."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Collection, Mapping
from typing import Any

from tf1compat.names.reasons import Reason
from tf1compat.printable import joined, printable_name

__all__ = ["Effect", "Finding", "Lint"]

_FORMAT = 1
_SHOWN = 3  # layers of a line that are named


class Effect(enum.Enum):
    """What a difference of settings changes."""

    OUTPUTS = "outputs"
    TRAINING = "training"


@dataclasses.dataclass(frozen=True)
class Finding:
    """A setting that is one thing in the v1 graph and another in the model.

    Attributes:
      target: path of the Keras layer.
      scope: scope of the v1 variables that fill its weights.
      because: what differs; its kind is one that a check of `CHECKS` has, its facts are at least
        `v1` and `model`, both sides' values in words.
      effect: what that changes.
    """

    target: str
    scope: str
    because: Reason
    effect: Effect

    @property
    def kind(self) -> str:
        """Name of the kind of setting."""
        return self.because.kind.name

    @property
    def text(self) -> str:
        """Both sides in words."""
        only = " (for further training only)" if self.effect is Effect.TRAINING else ""
        return f"{self.because.text}{only}"

    def __str__(self) -> str:
        return printable_name(f"{self.text}: {self.target} ({self.scope})")

    def record(self) -> dict[str, Any]:
        """Returns what JSON holds of it."""
        facts = self.because.facts
        return {
            "kind": self.kind,
            "target": self.target,
            "scope": self.scope,
            "v1": facts["v1"],
            "model": facts["model"],
            "effect": self.effect.value,
            "text": self.text,
        }


@dataclasses.dataclass(frozen=True)
class Lint:
    """What comparing the settings of a v1 graph with a model's found.

    Attributes:
      findings: what differs, in the order of the model's layers for each kind.
      compared: by kind, for how many layers both sides could be read.
      not_compared: by kind, for how many one couldn't.
      why: why nothing was compared; "" where something was.
    """

    findings: tuple[Finding, ...] = ()
    compared: Mapping[str, int] = dataclasses.field(default_factory=dict)
    not_compared: Mapping[str, int] = dataclasses.field(default_factory=dict)
    why: str = ""

    @property
    def changing_outputs(self) -> tuple[Finding, ...]:
        """The findings that make the outputs differ."""
        return tuple(one for one in self.findings if one.effect is Effect.OUTPUTS)

    def without(self, told: Collection[Finding]) -> Lint:
        """Returns the findings that change outputs, but for some."""
        left = tuple(one for one in self.changing_outputs if one not in told)
        return dataclasses.replace(self, findings=left)

    def lines(self) -> list[str]:
        """Returns the findings in words, those that say the same in one line; [] for none."""
        folded: dict[str, list[str]] = {}
        for one in self.findings:
            folded.setdefault(one.text, []).append(f"{one.target} ({one.scope})")
        return [f"  {text}: {_some(where)}" for text, where in folded.items()]

    def __str__(self) -> str:
        counts = f"{sum(self.compared.values())} settings compared"
        return joined([f"{counts}, {len(self.findings)} differ", *self.lines()])

    def record(self) -> dict[str, Any]:
        """Returns what JSON holds of it; ``docs/lint.md`` has the fields."""
        return {
            "format": _FORMAT,
            "findings": [one.record() for one in self.findings],
            "compared": dict(self.compared),
            "not_compared": dict(self.not_compared),
            "why": self.why,
        }


def _some(where: list[str]) -> str:
    more = f" and {len(where) - _SHOWN} more" if len(where) > _SHOWN else ""
    return f"{', '.join(where[:_SHOWN])}{more}"
