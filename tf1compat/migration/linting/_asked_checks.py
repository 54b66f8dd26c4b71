"""What checks answer, checked: they may come from outside the package."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from tf1compat.errors import UsageError
from tf1compat.migration.linting.base import Check, Layer
from tf1compat.migration.linting.finding import Effect, Finding
from tf1compat.names.reasons import Reason
from tf1compat.registry import are_texts, asked

__all__ = ["compared_by", "concerns_of", "joined_by", "require_check"]

_WORDS = "findings of its own kinds, with the facts v1 and model, and an Effect,"


def concerns_of(check: Check, layer: Layer) -> bool:
    """Tells whether a check is about a layer."""
    return bool(asked(_called(check), "concerns", call=lambda: check.concerns(layer)))


def compared_by(check: Check, layer: Layer) -> Sequence[Finding] | None:
    """Returns what a check finds in a layer; None where a side can't be read.

    Raises:
      UsageError: it finds what is no finding of its own kinds.
    """
    fits = functools.partial(_are_findings, check)
    call = functools.partial(check.compare, layer)
    found: Sequence[Finding] | None = asked(
        _called(check), "compare", call=call, fits=lambda f: f is None or fits(f), words=_WORDS
    )
    return found


def joined_by(check: Check, findings: Sequence[Finding]) -> Sequence[Finding]:
    """Returns what all findings of a check come to.

    Raises:
      UsageError: as :func:`compared_by`.
    """
    fits = functools.partial(_are_findings, check)
    call = functools.partial(check.joined, findings)
    found: Sequence[Finding] = asked(_called(check), "joined", call=call, fits=fits, words=_WORDS)
    return found


def require_check(check: Check) -> None:
    """Raises UsageError for what lacks something that would be asked for only later."""
    inherited = getattr(type(check), "concerns", None) is Check.concerns
    if inherited and not are_texts(getattr(check, "layers", None)):
        raise UsageError(f"{_called(check)}: expected layers, a tuple of texts, found none")


def _are_findings(check: Check, found: Any) -> bool:
    return isinstance(found, (tuple, list)) and all(_is_finding(check, one) for one in found)


def _is_finding(check: Check, one: Any) -> bool:
    return (
        isinstance(one, Finding)
        and are_texts((one.target, one.scope))
        and isinstance(one.effect, Effect)
        and isinstance(one.because, Reason)
        and one.because.kind in check.kinds
        and {"v1", "model"} <= one.because.facts.keys()
    )


def _called(check: Check) -> str:
    return f"check {check.name!r}"
