"""``tf1compat inspect``: what a checkpoint holds, and whether it is sound.

Reads the index alone, unless ``--health`` asks for the values or ``--graph`` for the graph beside
it; TensorFlow isn't needed for any of it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from absl import flags

from tf1compat.apps._app import EXIT_FOUND, EXIT_OK, App
from tf1compat.apps._flags import SourceFlags, define_format, source_help
from tf1compat.apps._printing import complain, json_head, say_json
from tf1compat.apps._progress import progress
from tf1compat.apps._variables_table import Listing, print_listing
from tf1compat.apps.usage_text import Usage
from tf1compat.checkpoint import Checkpoint, Entry
from tf1compat.errors import UsageError
from tf1compat.names import VariableName, in_scope
from tf1compat.names.training_state import training_reason

__all__ = ["APP", "run"]

_USAGE = Usage(
    "CHECKPOINT",
    about="Lists the variables of a checkpoint: shapes, dtypes, roles, slots and sizes. Its index "
    "alone is read, unless --health asks for values or --graph for a graph; all without "
    "TensorFlow.",
    examples=(
        ("inspect model.ckpt-1000", "what it holds"),
        ("inspect model.ckpt-1000 --health --scope=encoder", "ranges, NaN and damage of a scope"),
        ("inspect logs/run1 --step=1000 --format=json", "of a directory's step, for a program"),
    ),
    exits={0: "listed, and nothing is damaged as far as was looked", 1: "damage was found"},
)
_FLAGS = flags.FlagValues()
_SOURCE = SourceFlags(_FLAGS)
_SCOPE = flags.DEFINE_multi_string(
    "scope", [], "Only this scope (exact: conv1 is not conv10). Repeatable.", flag_values=_FLAGS
)
_REGEX = flags.DEFINE_string(
    "regex", None, "Only names in which this regular expression occurs.", flag_values=_FLAGS
)
_HEALTH = flags.DEFINE_bool(
    "health",
    False,
    "Reads every value: min, max, mean, std, and counts of NaN, Inf and zeros; says what is "
    "damaged, and what isn't as the manifest beside it says it was written.",
    flag_values=_FLAGS,
)
_GRAPH = flags.DEFINE_bool(
    "graph",
    False,
    "Lists instead what the .meta's graph takes and gives: placeholders, likely outputs, "
    "signatures. Nothing of it is run.",
    flag_values=_FLAGS,
)
_SLOTS = flags.DEFINE_bool(
    "slots",
    False,
    "Lists each slot and each moving average by itself, not in a word beside its variable.",
    flag_values=_FLAGS,
)
_LAYERS = flags.DEFINE_bool(
    "layers",
    False,
    "On a terminal, lists each of several scopes that hold the same, such as layer_0 to layer_11, "
    "not one for all.",
    flag_values=_FLAGS,
)
_FORMAT = define_format(_FLAGS)


def _main() -> int:
    checkpoint = _SOURCE.open()
    if _GRAPH.value:
        from tf1compat.apps._graph_tables import print_graph  # needs numpy

        print_graph(checkpoint, about=_about(checkpoint), how=_FORMAT.value)
        return EXIT_OK
    entries = _selected(checkpoint)
    rows = [_row(entry) | _saved(entry, checkpoint) for entry in entries.values()]
    damage: list[str] = []
    if _HEALTH.value:
        from tf1compat.apps._health import health_of  # statistics need all of numpy

        audit = checkpoint.audit()
        with progress("reading", sum(entry.nbytes for entry in entries.values())) as advance:
            for row, (name, entry) in zip(rows, entries.items(), strict=True):
                row |= health_of(name, entry, audit)
                advance(name, entry.nbytes)
        damage = [row["damage"] for row in rows if "damage" in row]
        damage = list(dict.fromkeys([*map(str, audit.found), *damage]))
    if _FORMAT.value == "json":
        about = _about(checkpoint) | ({"damage": damage} if _HEALTH.value else {})
        say_json({**json_head("inspect", 1), "checkpoint": about, "variables": rows})
    else:
        shown = {"slots": _SLOTS.value, "layers": _LAYERS.value, "health": _HEALTH.value}
        print_listing(Listing(checkpoint, rows, **shown))
        for reason in damage:
            complain(f"damaged: {reason}")
    return EXIT_FOUND if damage else EXIT_OK


def _selected(checkpoint: Checkpoint) -> dict[str, Entry]:
    occurs = _occurs(_REGEX.value)
    scopes = [scope.rstrip("/") for scope in _SCOPE.value]
    names = [
        name
        for name in checkpoint
        if occurs(name) and (not scopes or any(in_scope(name, s) for s in scopes))
    ]
    if not names and len(checkpoint):
        asked = [f"--scope={s}" for s in scopes] + [f"--regex={_REGEX.value}"] * bool(_REGEX.value)
        from tf1compat.names.nearest import nearest_scopes

        hint = f"; nearest scopes: {nearest_scopes(scopes[0], checkpoint)}" if scopes else ""
        raise UsageError(f"expected variables for {' '.join(asked)}, found none{hint}")
    return {name: checkpoint[name] for name in names}


def _occurs(pattern: str | None) -> Callable[[str], object]:
    """Returns what tells whether a pattern occurs in a name; none occurs in all."""
    if not pattern:
        return lambda name: True
    from tf1compat.names.patterns import PatternError, compile_pattern

    try:
        return compile_pattern(pattern).search
    except PatternError as error:
        raise UsageError(f"--regex: {error}") from error


def _row(entry: Entry) -> dict:
    name = entry.name
    return {
        "name": entry.key,
        "shape": list(entry.shape),
        "dtype": entry.dtype_name,
        "kind": name.kind,
        "role": _role(name),
        "bytes": entry.nbytes,
        "slices": len(entry.slices),
        "of": name.slot_of or name.shadow_of,
        "slot": name.slot,
    }


def _saved(entry: Entry, checkpoint: Checkpoint) -> dict:
    """Returns, of an object-based checkpoint, what a variable was called when it was saved."""
    found = checkpoint.saved_names.get(entry.key, "")
    return {"saved_name": found} if checkpoint.is_object_based else {}


def _role(name: VariableName) -> str:
    reason = training_reason(name)
    return name.role if reason is None else reason.text


def _about(checkpoint: Checkpoint) -> dict:
    return {
        "prefix": checkpoint.prefix,
        "format": checkpoint.format,
        "object_based": checkpoint.is_object_based,
    }


APP = App("inspect", _main, flag_values=_FLAGS, usage=_USAGE, notes=(source_help,))
run = APP.run


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
