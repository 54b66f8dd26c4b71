"""Plans as JSON: version 2, with kinds, facts and words, and version 1, which had words alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tf1compat.errors import PlanError, Problem
from tf1compat.migration.layouts.layout import Spec
from tf1compat.migration.planning._kinds import (
    DROP_KINDS,
    FILLED_BY_RULE,
    KEEP_KINDS,
    RECORDED,
    TIE_KINDS,
    evidence_kinds,
)
from tf1compat.migration.planning.lines import Ambiguity, Drop, Fill, Keep
from tf1compat.names.reasons import Kind, Reason
from tf1compat.registry import Registry

__all__ = ["from_json", "to_json"]

_VERSION = 2
_LINES = ("fills", "drops", "keeps", "ambiguities", "unexplained", "unfilled")
_FIELDS = ("checkpoint", "model", "sources", "targets", *_LINES)
_REASON = ("kind", "facts", "text")
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
        if type(version) is not int or version not in _READERS:
            raise PlanError(
                f"plan: expected format 1 or {_VERSION}, found {version!r}; make it anew with this "
                "version"
            )
        content.pop("lint", None)  # which `tf1compat plan` says beside the plan
        if unknown := ", ".join(sorted(content.keys() - set(_FIELDS))):
            raise PlanError(f"plan: expected {', '.join(_FIELDS)}, found {unknown} as well")
        for side in ("sources", "targets"):
            rows = content[side].items()
            content[side] = {n: Spec(tuple(row["shape"]), row["dtype"]) for n, row in rows}
        readers = _READERS[version]() | {"unexplained": _problem, "unfilled": _problem}
        return content | {
            name: tuple(readers[name](row) for row in content[name]) for name in _LINES
        }
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, PlanError):
            raise
        raise PlanError(f"plan: expected JSON written by Plan.to_json, found {error}") from error


def _problem(row: Row) -> Problem:
    return Problem(**row)


def _second() -> dict[str, Any]:
    """Returns what makes the lines of a plan in this version."""
    evidence = evidence_kinds()

    def reasons(rows: Iterable[Row]) -> tuple[Reason, ...]:
        return tuple(_reason(row, evidence) for row in rows)

    def fill(row: Row) -> Fill:
        _no_more(row, "target", "sources", "layout", "kind", "text", "because")
        if not row["because"]:
            raise PlanError(f"plan: expected a reason why {row['target']} is filled, found none")
        return Fill(row["target"], tuple(row["sources"]), row["layout"], reasons(row["because"]))

    def tie(row: Row) -> Ambiguity:
        _no_more(row, *_REASON, "sources", "targets", "common")
        why = _reason(row, TIE_KINDS)
        return Ambiguity(tuple(row["sources"]), tuple(row["targets"]), why, reasons(row["common"]))

    def drop(row: Row) -> Drop:
        _no_more(row, *_REASON, "source")
        return Drop(row["source"], _reason(row, DROP_KINDS))

    def keep(row: Row) -> Keep:
        _no_more(row, *_REASON, "target")
        return Keep(row["target"], _reason(row, KEEP_KINDS))

    return {"fills": fill, "drops": drop, "keeps": keep, "ambiguities": tie}


def _no_more(row: Row, *known: str) -> None:
    """Raises PlanError for a row with fields that this version doesn't know: it may matter."""
    unknown = ", ".join(sorted(row.keys() - set(known)))
    if unknown:
        raise PlanError(f"plan: expected rows of {', '.join(known)}, found one with {unknown}")


def _reason(row: Row, kinds: Registry[Kind]) -> Reason:
    if row["kind"] not in kinds:
        raise PlanError(
            f"plan: expected a {kinds.what} ({', '.join(kinds)}), found {row['kind']!r}; if a "
            "program added it, import that before reading the plan"
        )
    facts = {k: tuple(v) if isinstance(v, list) else v for k, v in row["facts"].items()}
    return kinds[row["kind"]].because(**facts)


def _first() -> dict[str, Any]:
    """Returns what makes the lines of a plan in version 1, whose words are taken apart again."""
    return {
        "fills": lambda r: Fill(
            r["target"], tuple(r["sources"]), r["layout"], (_filled_because(r["why"]),)
        ),
        "drops": lambda r: Drop(r["source"], _read(r["reason"], DROP_KINDS)),
        "keeps": lambda r: Keep(r["target"], _read(r["reason"], KEEP_KINDS)),
        "ambiguities": lambda r: Ambiguity(
            tuple(r["sources"]), tuple(r["targets"]), _recorded(r["evidence"])
        ),
    }


def _filled_because(why: str) -> Reason:
    origins = why.removeprefix("rule ")
    if origins == why:
        return _recorded(why)
    return FILLED_BY_RULE.because(origins=tuple(origins.split(", ")), numbers=())


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
