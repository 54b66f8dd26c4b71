"""Plans as JSON: version 2, with kinds, facts and words, and version 1, which had words alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tf1compat.errors import PlanError, Problem, Tf1CompatError
from tf1compat.migration.layouts.layout import Spec
from tf1compat.migration.planning._kinds import (
    DROP_KINDS,
    KEEP_KINDS,
    RECORDED,
    TIE_KINDS,
    evidence_kinds,
)
from tf1compat.migration.planning.lines import Ambiguity, Drop, Fill, Keep
from tf1compat.names.reasons import Kind, Reason

__all__ = ["from_json", "to_json"]

_VERSION = 2
_LINES = ("fills", "drops", "keeps", "ambiguities", "unexplained", "unfilled")
Row = Mapping[str, Any]


def to_json(fields: Mapping[str, Any]) -> str:
    """Returns the fields of a plan as JSON."""
    content: dict[str, Any] = {"format": _VERSION, **fields}
    for side in ("sources", "targets"):
        content[side] = {name: vars(spec) for name, spec in fields[side].items()}
    for name in _LINES:
        content[name] = [_row(line) for line in fields[name]]
    return json.dumps(content, indent=1, sort_keys=True)


def _row(line: Any) -> dict[str, Any]:
    row = {key: value for key, value in vars(line).items() if key not in ("because", "common")}
    if isinstance(line, Fill):
        row |= {"kind": line.kind, "text": line.why}
        row["because"] = [_reason_row(reason) for reason in line.because]
    elif not isinstance(line, Problem):
        row |= _reason_row(line.because)
    if isinstance(line, Ambiguity):
        row["common"] = [_reason_row(reason) for reason in line.common]
        row["text"] = line.evidence
    return row


def _reason_row(reason: Reason) -> dict[str, Any]:
    return {"kind": reason.kind.name, "facts": dict(reason.facts), "text": reason.text}


def from_json(text: str) -> dict[str, Any]:
    """Returns the fields of the plan that `text` holds.

    Raises:
      PlanError: it holds none, or one of a version that isn't known.
    """
    try:
        content: dict[str, Any] = json.loads(text)
        version = content.pop("format")
        if version not in _READERS:
            raise PlanError(
                f"plan: expected format 1 or {_VERSION}, found {version!r}; make it anew with this "
                "version"
            )
        for side in ("sources", "targets"):
            rows = content[side].items()
            content[side] = {n: Spec(tuple(row["shape"]), row["dtype"]) for n, row in rows}
        readers = _READERS[version]() | {"unexplained": _problem, "unfilled": _problem}
        return content | {
            name: tuple(readers[name](row) for row in content[name]) for name in _LINES
        }
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, Tf1CompatError) and not isinstance(error, KeyError):
            raise
        raise PlanError(f"plan: expected JSON written by Plan.to_json, found {error}") from error


def _problem(row: Row) -> Problem:
    return Problem(**row)


def _second() -> dict[str, Any]:
    """Returns what makes the lines of a plan in this version."""
    evidence = evidence_kinds()

    def reasons(rows: Iterable[Row]) -> tuple[Reason, ...]:
        return tuple(_reason(row, evidence) for row in rows)

    return {
        "fills": lambda r: Fill(
            r["target"], tuple(r["sources"]), r["layout"], reasons(r["because"])
        ),
        "drops": lambda r: Drop(r["source"], _reason(r, DROP_KINDS)),
        "keeps": lambda r: Keep(r["target"], _reason(r, KEEP_KINDS)),
        "ambiguities": lambda r: Ambiguity(
            tuple(r["sources"]), tuple(r["targets"]), _reason(r, TIE_KINDS), reasons(r["common"])
        ),
    }


def _reason(row: Row, kinds: Mapping[str, Kind]) -> Reason:
    facts = {k: tuple(v) if isinstance(v, list) else v for k, v in row["facts"].items()}
    reason = kinds[row["kind"]].because(**facts)
    if not isinstance(reason.text, str):
        raise TypeError("a reason without words")
    return reason


def _first() -> dict[str, Any]:
    """Returns what makes the lines of a plan in version 1, whose words are taken apart again."""
    return {
        "fills": lambda r: Fill(
            r["target"], tuple(r["sources"]), r["layout"], (_recorded(r["why"]),)
        ),
        "drops": lambda r: Drop(r["source"], _read(r["reason"], DROP_KINDS)),
        "keeps": lambda r: Keep(r["target"], _read(r["reason"], KEEP_KINDS)),
        "ambiguities": lambda r: Ambiguity(
            tuple(r["sources"]), tuple(r["targets"]), _recorded(r["evidence"])
        ),
    }


def _recorded(text: str) -> Reason:
    return RECORDED.because(text=text)


def _read(text: str, kinds: Mapping[str, Kind]) -> Reason:
    """Returns the reason of the one kind whose words `text` can be, a user's own first.

    A user's reason ended in its origin, which no other did.
    """
    for kind in kinds.values():
        pattern = re.escape(kind.words).replace(r"\{", "(?P<").replace(r"\}", ">.*)")
        match = re.fullmatch(pattern, text, re.DOTALL)
        if match and kind is not RECORDED:
            return kind.because(**match.groupdict())
    return _recorded(text)


_READERS = {1: _first, _VERSION: _second}
