"""``tf1compat diff``: two checkpoints, or a checkpoint and a migrated Keras file.

Exits with 0 if they are equal, 1 if they differ, 2 if they can't be compared.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from absl import flags

from tf1compat.apps._app import EXIT_FOUND, EXIT_OK, App
from tf1compat.apps._flags import SourceFlags, define_format, opened, require_files, source_help
from tf1compat.apps._printing import json_head, say, say_json
from tf1compat.apps._progress import Advance, progress
from tf1compat.apps._quiet import import_keras
from tf1compat.apps._scope_tree import Line, tree_lines
from tf1compat.apps._tables import on_terminal, print_table
from tf1compat.apps._target_flags import TargetFlags, output_help
from tf1compat.apps.usage_text import Usage
from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.source_formats import suffix_length
from tf1compat.errors import CheckpointError, UsageError
from tf1compat.files.regular import special_kind
from tf1compat.keras3.formats.output_formats import OutputFormat, reading_format
from tf1compat.names.spec_text import spec_text

__all__ = ["APP", "run"]

_USAGE = Usage(
    "CHECKPOINT OTHER",
    about="Compares two checkpoints, or a checkpoint and a migrated file, bit for bit.",
    examples=(
        ("diff model.ckpt-1000 model.ckpt-2000", "which variables changed, and by how much"),
        ("diff model.ckpt-1000 out.weights.h5 --model=my_models:build", "a file of weights alone"),
    ),
    exits={0: "they are equal", 1: "they differ, or a value can't be read"},
)
_FLAGS = flags.FlagValues()
_SOURCE = SourceFlags(_FLAGS)
_TARGET = TargetFlags(_FLAGS, required=False)
_OTHER = flags.DEFINE_string(
    "other",
    None,
    "What to compare with: another checkpoint, or a file of one of the formats below; for one that "
    "holds weights alone --model says whose they are.",
    flag_values=_FLAGS,
    required=True,
)
_FORMAT = define_format(_FLAGS)
_COLUMNS = ("name", "what", "left", "right", "elements", "largest")

Row = dict[str, Any]


def _main() -> int:
    checkpoint = _SOURCE.open()
    written = reading_format(_OTHER.value)
    require_files(_TARGET.files())
    if written is not None and (kind := special_kind(_OTHER.value)):
        raise UsageError(f"--other: expected a regular file, found {kind} at {_OTHER.value!r}")
    if written is not None and _is_written(written, _OTHER.value):
        rows, unlike, count = _against_keras(checkpoint, written)
    else:
        other = opened(_OTHER.value)
        both = [one for name, one in checkpoint.items() if name in other]
        with progress("comparing", sum(one.nbytes for one in both)) as advance:
            rows = list(_between(checkpoint, other, advance))
        unlike, count = len(rows), len({*checkpoint, *other})
    if _FORMAT.value == "json":
        sides = {"checkpoint": checkpoint.prefix, "other": _OTHER.value}
        counts = {"compared": count, "differing": unlike}
        say_json({**json_head("diff", 2), **sides, **counts, "rows": rows})
    else:
        _print(rows, unlike, count)
    return EXIT_FOUND if rows else EXIT_OK


def _is_written(written: OutputFormat, path: str) -> bool:
    """Tells whether a file is a model's rather than a checkpoint: the longer suffix does.

    Formats of both kinds may have the same one; whose weights they are is only asked of models.
    """
    ends = (len(suffix) for suffix in written.reads if path.endswith(suffix))
    own = max(ends, default=len(path))  # a folder that says itself what it is
    other = suffix_length(path)
    is_model = _TARGET.model.value is not None or written.holds == "model"
    return own > other or (own == other and is_model)


def _between(
    left: Mapping[str, Entry], right: Mapping[str, Entry], advance: Advance
) -> Iterator[Row]:
    """Yields a row for each variable that isn't the same in both."""
    for name in sorted({*left, *right}):
        if name not in right:
            yield {"name": name, "what": "missing", "left": _spec(left[name]), "right": ""}
        elif name not in left:
            yield {"name": name, "what": "extra", "left": "", "right": _spec(right[name])}
        elif _spec(left[name]) != _spec(right[name]):
            specs = {"left": _spec(left[name]), "right": _spec(right[name])}
            yield {"name": name, "what": "shape or dtype", **specs}
        else:
            yield from _values(name, left[name], right[name])
        if name in left and name in right:
            advance(name, left[name].nbytes)


def _spec(entry: Entry) -> str:
    return spec_text(entry.dtype_name, entry.shape)


def _values(name: str, left: Entry, right: Entry) -> Iterator[Row]:
    from tf1compat.checkpoint.comparing import unequal_bits, unequal_elements  # needs numpy

    try:
        a, b = left.read(), right.read()
    except CheckpointError as error:
        yield {"name": name, "what": "damage", "left": str(error), "right": ""}
        return
    elements = unequal_bits(a, b)
    if not elements:
        return
    row = {"name": name, "what": "values", "left": _spec(left), "right": _spec(right)}
    if a.dtype.kind == "O":
        yield {**row, "elements": elements, "largest": float("nan")}
        return
    _, gaps = unequal_elements(a, b)
    if gaps.size:
        yield {**row, "elements": gaps.size, "largest": float(gaps.max())}
    else:
        yield {**row, "what": "bits of equal values", "elements": elements, "largest": 0.0}


def _against_keras(checkpoint: Any, written: OutputFormat) -> tuple[list[Row], int, int]:
    """Returns the rows, and how many of how many weights and sources without a weight differ."""
    import_keras()

    from tf1compat.apps._planned import make_plan, read_back

    model = _TARGET.model.value or (_OTHER.value if written.holds == "model" else None)
    if model is None:
        raise UsageError(f"expected --model=module:callable to read a {written.suffix} file by")
    require_files({"other": _OTHER.value})
    plan, index = make_plan(checkpoint, _TARGET, model=model)
    rows: list[Row] = [
        {"name": p.name, "what": "missing", "left": "", "right": p.expected} for p in plan.unfilled
    ]
    rows += [
        {"name": p.name, "what": "extra", "left": p.expected, "right": ""} for p in plan.unexplained
    ]
    rows += [
        {"name": ", ".join(t.targets), "what": "ambiguous", "left": ", ".join(t.sources)}
        for t in plan.ambiguities
    ]
    verification = read_back(plan, index, _OTHER.value, checkpoint=checkpoint)
    rows += [
        {"name": p.name, "what": "values", "left": p.expected, "right": p.found}
        for p in verification.problems
    ]
    unlike = {p.name for p in (*plan.unfilled, *verification.problems)}
    unlike |= {target for tie in plan.ambiguities for target in tie.targets}
    extra = len(plan.unexplained)  # sources, so they aren't among the targets
    return rows, len(unlike) + extra, len(unlike | plan.targets.keys()) + extra


def _print(rows: Sequence[Row], unlike: int, count: int) -> None:
    if rows:
        table = [[_cell(row.get(column, "")) for column in _COLUMNS] for row in rows]
        if on_terminal():
            alike = [(row["what"], row["left"], row.get("right")) for row in rows]
            lines = tree_lines([row["name"] for row in rows], alike=alike)
            table = [_in_tree(line, rows) for line in lines]
        print_table(_COLUMNS, table, right=["elements", "largest"])
    say(f"{unlike} of {count} differ" if rows else f"all {count} are equal")


def _in_tree(line: Line, rows: Sequence[Row]) -> list[str]:
    """Returns the cells of a line: a scope's, or what is to say of all rows that it stands for."""
    text = line.text + (f" x {line.count}" if line.count > 1 else "")
    if line.at is None:
        return [text, *[""] * (len(_COLUMNS) - 1)]
    row = rows[line.at]
    right = "" if row.get("right") == row["left"] else row.get("right", "")
    found = [rows[at] for at in line.every]
    counts = [one["elements"] for one in found if "elements" in one]
    gaps = [one["largest"] for one in found if "largest" in one]
    largest = math.nan if any(map(math.isnan, gaps)) else max(gaps, default="")
    return [text, row["what"], row["left"], right, _cell(sum(counts) or ""), _cell(largest)]


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


APP = App(
    "diff",
    _main,
    flag_values=_FLAGS,
    usage=_USAGE,
    notes=(
        source_help,
        output_help,
    ),
)
run = APP.run


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
