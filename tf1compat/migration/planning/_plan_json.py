"""Plans as JSON: version 2, with kinds, facts and words, and version 1, which had words alone."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tf1compat.errors import LayoutError, PlanError, Problem, UsageError
from tf1compat.files.dtypes import numpy_dtype
from tf1compat.files.json_text import parse_json
from tf1compat.migration.layouts.layout import Spec
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.planning._kinds import (
    DROP_KINDS,
    FILLED_BY_RULE,
    KEEP_KINDS,
    RECORDED,
    TIE_KINDS,
    evidence_kinds,
)
from tf1compat.migration.planning.lines import Ambiguity, Drop, Fill, Keep, Way
from tf1compat.migration.planning.optimizer_lines import DIFFERENCE_KINDS, FRESH_KINDS, Training
from tf1compat.migration.planning.problems import OpenQuestion
from tf1compat.names.first_line import first_line
from tf1compat.names.patterns import Pattern, compile_pattern
from tf1compat.names.reasons import Kind, Reason
from tf1compat.registry import Registry, briefly

__all__ = ["from_json", "to_json"]

_VERSION = 2
_QUESTION = "question"
_LINES = ("fills", "drops", "keeps", "ambiguities", "unexplained", "unfilled")
_TRAINING = "training"
_SETTINGS = "settings"  # which plans of before don't have
_BEYOND = "beyond"  # the same
_SAID = ("optimizer", "policy", "family", "offer")
_OF_TRAINING = ("fills", "keeps", "unfilled", "refused", "differences")
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
    training = content.pop(_TRAINING)
    if training is not None:  # else as a plan without it always was
        content[_TRAINING] = _training_row(training)
    return json.dumps(content, indent=1, sort_keys=True)


def _row(line: Any) -> dict[str, Any]:
    row = {
        key: value for key, value in vars(line).items() if key not in ("because", "common", "ways")
    }
    if isinstance(line, Fill):
        row |= {"kind": line.kind, "text": line.why}
        row["because"] = [_reason_row(reason) for reason in line.because]
    elif isinstance(line, OpenQuestion):
        row["kind"] = _QUESTION
    elif not isinstance(line, Problem):
        row |= _reason_row(line.because)
    if isinstance(line, Ambiguity):
        row["common"] = [_reason_row(reason) for reason in line.common]
        row["text"] = line.evidence
        if line.ways:
            row["ways"] = [_way_row(way) for way in line.ways]
    return row


def _training_row(training: Training) -> dict[str, Any]:
    row: dict[str, Any] = dict(vars(training))
    row["targets"] = {name: vars(spec) for name, spec in training.targets.items()}
    for name in ("differences", _BEYOND):
        row[name] = [_reason_row(one) for one in getattr(training, name)]
    for name in ("fills", "keeps", "unfilled", "refused"):
        row[name] = [_row(line) for line in row[name]]
    return row


def _way_row(way: Way) -> dict[str, Any]:
    return vars(way) | {"because": [_reason_row(reason) for reason in way.because]}


def _reason_row(reason: Reason) -> dict[str, Any]:
    return {"kind": reason.kind.name, "facts": dict(reason.facts), "text": reason.text}


def from_json(text: str) -> dict[str, Any]:
    """Returns the fields of the plan that `text` holds.

    Raises:
      PlanError: it holds none, one of a version that isn't known, or takes far more than its size
        warrants.
    """
    try:
        content: dict[str, Any] = _fields(
            parse_json(text, file="plan"), "JSON written by Plan.to_json"
        )
        version = content.pop("format", None)
        if type(version) is not int or version not in _READERS:
            raise PlanError(
                f"plan: expected format 1 or {_VERSION}, found {version!r}; make it anew with this "
                "version"
            )
        for beside in ("task", "lint"):  # which `tf1compat plan` says beside the plan
            content.pop(beside, None)
        training = content.pop(_TRAINING, None)
        if unlike := sorted(content.keys() ^ set(_FIELDS)):
            found = ", ".join(map(_shown, unlike))
            raise PlanError(f"plan: expected {', '.join(_FIELDS)}; what is more or less: {found}")
        for name in ("checkpoint", "model"):
            _text(content[name], name)
        for side in ("sources", "targets"):
            specs = _fields(content[side], side)
            content[side] = {name: _spec(name, row) for name, row in specs.items()}
        readers = _READERS[version]() | {"unexplained": _problem, "unfilled": _problem}
        content |= {
            name: tuple(readers[name](row) for row in _rows(content[name], name)) for name in _LINES
        }
        return content if training is None else content | {_TRAINING: _training(training, readers)}
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        if isinstance(error, PlanError):
            raise
        found = f"a row without {error}" if isinstance(error, KeyError) else first_line(error)
        raise PlanError(f"plan: expected JSON written by Plan.to_json, found {found}") from error


def _training(row: Any, readers: Mapping[str, Any]) -> Training:
    """Returns the section of the optimizer, whose lines are as those of the weights."""
    given = _fields(row, "what the optimizer goes on with")
    _no_more(given, *_SAID, _SETTINGS, _BEYOND, "targets", "unread", *_OF_TRAINING)
    specs = _fields(given["targets"], "the optimizer's variables")
    lines = {name: _rows(given[name], f"{name} of the optimizer") for name in _OF_TRAINING}
    keeps = []
    for one in lines["keeps"]:
        _no_more(one, *_REASON, "target")
        keeps.append(Keep(_text(one["target"], "what is kept"), _reason(one, FRESH_KINDS)))
    return Training(
        **{name: _text(given[name], name) for name in _SAID},
        settings=_text(given.get(_SETTINGS, ""), _SETTINGS),
        targets={name: _spec(name, one) for name, one in specs.items()},
        unread=_texts(given["unread"], "what isn't compared of the optimizer"),
        fills=tuple(map(readers["fills"], lines["fills"])),
        keeps=tuple(keeps),
        unfilled=tuple(map(_problem, lines["unfilled"])),
        refused=tuple(map(_problem, lines["refused"])),
        differences=tuple(_reason(one, DIFFERENCE_KINDS) for one in lines["differences"]),
        beyond=tuple(
            _reason(one, DIFFERENCE_KINDS)
            for one in _rows(given.get(_BEYOND, []), "what is offered to the optimizer")
        ),
    )


def _fields(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PlanError(f"plan: expected {what}, a JSON object, found {briefly(value)}")
    return value


def _rows(values: Any, what: str) -> list[Row]:
    if not isinstance(values, list):
        raise PlanError(f"plan: expected {what}, a list, found {briefly(values)}")
    return [_fields(value, f"one of {what}") for value in values]


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise PlanError(f"plan: expected {what}, a text, found {value!r}")
    return value


def _texts(values: Any, what: str) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise PlanError(f"plan: expected {what}, a list of texts, found {values!r}")
    return tuple(_text(value, what) for value in values)


def _spec(name: str, row: Row) -> Spec:
    shape = row["shape"]
    if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
        raise PlanError(f"plan: expected the shape of {name}, a list of sizes, found {shape!r}")
    try:
        numpy_dtype(_text(row["dtype"], f"the dtype of {name}"))
    except UsageError as error:
        raise PlanError(f"plan: {name}: {error}") from None
    return Spec(tuple(shape), row["dtype"])


def _fill(row: Row, because: tuple[Reason, ...]) -> Fill:
    """Returns what a row says is filled, by a layout that there is."""
    target = _text(row["target"], "the target of what is filled")
    try:
        parse_layout(_text(row["layout"], f"the layout of {target}"))
    except LayoutError as error:
        raise PlanError(
            f"plan: {target}: {error}; if a program added it, import that before reading the plan"
        ) from None
    sources = _texts(row["sources"], f"the sources of {target}")
    fill = Fill(target, sources, row["layout"], because)
    if row.get("kind", fill.kind) != fill.kind:
        raise PlanError(f"plan: {target}: expected the kind {fill.kind!r}, found {row['kind']!r}")
    return fill


def _problem(row: Row) -> Problem:
    known = [field.name for field in dataclasses.fields(Problem)]
    _no_more(row, *known, "kind")
    row = dict(row)
    # Before questions had a kind, in versions 1 and 2, what they expected told them.
    kind = row.pop("kind", _QUESTION if row.get("expected") == "an answer" else "")
    if kind not in ("", _QUESTION):
        raise PlanError(f"plan: expected a problem of the kind {_QUESTION!r}, found {kind!r}")
    if lacking := sorted({"name", "expected", "found"} - row.keys()):
        raise PlanError(
            f"plan: expected problems of {', '.join(known)}, found one without {lacking[0]}"
        )
    make = OpenQuestion if kind else Problem
    return make(**{field: _text(value, f"a problem's {field}") for field, value in row.items()})


def _second() -> dict[str, Any]:
    """Returns what makes the lines of a plan in this version."""
    evidence = evidence_kinds()

    def reasons(rows: Any) -> tuple[Reason, ...]:
        return tuple(_reason(row, evidence) for row in _rows(rows, "the reasons of a line"))

    def fill(row: Row) -> Fill:
        _no_more(row, "target", "sources", "layout", "kind", "text", "because")
        if not row["because"]:
            raise PlanError(f"plan: expected a reason why {row['target']} is filled, found none")
        return _fill(row, reasons(row["because"]))

    def tie(row: Row) -> Ambiguity:
        _no_more(row, *_REASON, "sources", "targets", "common", "ways")
        found = _tie(row, _reason(row, TIE_KINDS), reasons(row["common"]))
        rows = _rows(row.get("ways", []), "the ways of what is ambiguous")
        return _with_ways(found, [_way(one, reasons(one["because"])) for one in rows])

    def drop(row: Row) -> Drop:
        _no_more(row, *_REASON, "source")
        return Drop(_text(row["source"], "what is dropped"), _reason(row, DROP_KINDS))

    def keep(row: Row) -> Keep:
        _no_more(row, *_REASON, "target")
        return Keep(_text(row["target"], "what is kept"), _reason(row, KEEP_KINDS))

    return {"fills": fill, "drops": drop, "keeps": keep, "ambiguities": tie}


def _tie(row: Row, because: Reason, common: tuple[Reason, ...]) -> Ambiguity:
    sides = [
        _texts(row[side], f"the {side} of what is ambiguous") for side in ("sources", "targets")
    ]
    return Ambiguity(sides[0], sides[1], because, common)


def _with_ways(tie: Ambiguity, ways: Sequence[Way]) -> Ambiguity:
    if ways and {source for way in ways for source in way.sources} != {*tie.sources}:
        raise PlanError(f"plan: expected ways of {', '.join(tie.sources)}, found others")
    return dataclasses.replace(tie, ways=tuple(ways))


def _way(row: Row, because: tuple[Reason, ...]) -> Way:
    _no_more(row, "path", "role", "sources", "layout", "because")
    fields = {"target": row["path"], "sources": row["sources"], "layout": row["layout"]}
    made = _fill(fields, because)
    role = _text(row["role"], f"the role of {made.target}")
    return Way(made.target, role, made.sources, made.layout, because)


def _no_more(row: Row, *known: str) -> None:
    """Raises PlanError for a row with fields that this version doesn't know: it may matter."""
    if unknown := sorted(row.keys() - set(known)):
        found = ", ".join(map(_shown, unknown))
        raise PlanError(f"plan: expected rows of {', '.join(known)}, found one with {found}")


def _shown(key: str) -> str:
    return key or "a key without a name"


def _reason(row: Row, kinds: Registry[Kind]) -> Reason:
    if row["kind"] not in kinds:
        raise PlanError(
            f"plan: expected a {kinds.what} ({', '.join(kinds)}), found {row['kind']!r}; if a "
            "program added it, import that before reading the plan"
        )
    given = _fields(row["facts"], f"the facts of a reason {row['kind']!r}")
    facts = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}
    return kinds[row["kind"]].because(**facts)


def _first() -> dict[str, Any]:
    """Returns what makes the lines of a plan in version 1, whose words are taken apart again."""

    def said(row: Row, name: str, *texts: str) -> str:
        """Returns what a row is about, its fields looked at."""
        _no_more(row, name, *texts)
        whose = _text(row.get(name), f"the {name} of a row")
        for text in texts:
            _text(row.get(text), f"the {text} of {whose}")
        return whose

    def fill(row: Row) -> Fill:
        _no_more(row, "target", "sources", "layout", "why")
        return _fill(row, (_filled_because(_text(row.get("why"), "why a target is filled")),))

    def tie(row: Row) -> Ambiguity:
        _no_more(row, "sources", "targets", "evidence")
        return _tie(row, _recorded(_text(row.get("evidence"), "the evidence of a tie")), ())

    return {
        "fills": fill,
        "drops": lambda r: Drop(said(r, "source", "reason"), _read(r["reason"], DROP_KINDS)),
        "keeps": lambda r: Keep(said(r, "target", "reason"), _read(r["reason"], KEEP_KINDS)),
        "ambiguities": tie,
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
        match = None if kind is RECORDED else _worded(kind.words).fullmatch(text)
        if match:
            return kind.because(**match.groupdict())
    return _recorded(text)


@functools.cache
def _worded(words: str) -> Pattern:
    """Returns what takes the words of a kind apart, in linear time."""
    return compile_pattern("(?s)" + re.escape(words).replace(r"\{", "(?P<").replace(r"\}", ">.*)"))


_READERS = {1: _first, _VERSION: _second}
