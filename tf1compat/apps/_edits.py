"""What the apps of checkpoint surgery share: flags, tables, and how they end."""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from absl import flags

from tf1compat.apps._app import EXIT_OK
from tf1compat.apps._flags import define_format
from tf1compat.apps._printing import json_head, say, say_json
from tf1compat.apps._progress import advance_by, progress
from tf1compat.apps._tables import print_table
from tf1compat.checkpoint.checkpoint_writers import (
    CHECKPOINT_WRITERS,
    checkpoint_writer,
    write_planned,
)
from tf1compat.checkpoint.surgery import Edit, Planned
from tf1compat.checkpoint.surgery.planned_tensors import written_bytes
from tf1compat.errors import UsageError
from tf1compat.files.telling import told_to
from tf1compat.names import in_scope
from tf1compat.names.patterns import PatternError, compile_pattern
from tf1compat.names.spec_text import spec_text

__all__ = ["EXITS", "ChoiceFlags", "SurgeryFlags", "writers_help"]

EXITS = {
    0: "it is written, and read back (with --dry_run: would be written)",
    1: "nothing was written: values, names or parts don't fit, or a file is damaged",
}


def writers_help() -> str:
    """Returns what outputs may be, a line for each format."""
    lines = [f"  {one.suffix or 'PREFIX'}: {one.summary}" for one in CHECKPOINT_WRITERS.values()]
    return "\n".join(["formats of outputs, by their suffixes:", *lines])


class SurgeryFlags:
    """``--output``, ``--dry_run`` and ``--format``."""

    def __init__(self, flag_values: flags.FlagValues, task: str) -> None:
        self._task = task
        self._output = flags.DEFINE_string(
            "output",
            None,
            "What to write, which isn't there yet: a prefix, or a file of one of the formats "
            "below.",
            flag_values=flag_values,
            required=True,
        )
        self._dry_run = flags.DEFINE_bool(
            "dry_run",
            False,
            "Prints what would be written, and writes nothing.",
            flag_values=flag_values,
        )
        self._format = define_format(flag_values)

    def check(self) -> None:
        """Refuses an output that can't be written, before anything is read."""
        output = str(self._output.value)
        checkpoint_writer(output)
        if not os.path.isdir(os.path.dirname(output) or os.curdir):
            raise UsageError(f"--output: expected an existing directory for {output!r}; create it")

    def end(self, edit: Edit) -> int:
        """Writes what an edit says, or prints what it would write; returns the exit status."""
        output = str(self._output.value)
        if not self._dry_run.value:
            # Each is told as it is written, and as it is read back.
            total = 2 * sum(map(written_bytes, edit.tensors))
            with progress("writing", total) as advance, told_to(advance_by(advance)):
                write_planned(output, edit.tensors)
        if self._format.value == "json":
            told = _record(output, edit, written=not self._dry_run.value)
            say_json({**json_head(self._task, 1), **told})
            return EXIT_OK
        if self._dry_run.value:
            rows = [[one.name, _spec(one), one.done] for one in edit.tensors]
            print_table(["variable", "value", "what"], rows)
            say()
        for line in _left_out(edit):
            say(line)
        changed = sum(bool(one.done) for one in edit.tensors)
        verb = "would write" if self._dry_run.value else "wrote"
        counted = f"{len(edit.tensors)} variables, {changed} of them changed"
        say(f"{verb} {output} ({counted}, {len(edit.left_out)} left out)")
        return EXIT_OK


def _spec(one: Planned) -> str:
    return spec_text(one.dtype, one.shape)


def _left_out(edit: Edit) -> list[str]:
    """Returns a line for each reason why variables are left out."""
    counts = Counter(why for _, why in edit.left_out)
    return [f"left out: {count} ({why})" for why, count in counts.items()]


def _record(output: str, edit: Edit, *, written: bool) -> dict[str, Any]:
    tensors = [
        {"name": one.name, "shape": list(one.shape), "dtype": one.dtype, "what": one.done}
        for one in edit.tensors
    ]
    left = [{"name": name, "why": why} for name, why in edit.left_out]
    return {"output": output, "written": written, "variables": tensors, "left_out": left}


class ChoiceFlags:
    """``--variables`` and ``--scope``: of which variables a task speaks."""

    def __init__(self, flag_values: flags.FlagValues, what: str) -> None:
        self._variables = flags.DEFINE_multi_string(
            "variables",
            [],
            f"A regular expression of whole names: {what}; may be given several times.",
            flag_values=flag_values,
        )
        self._scope = flags.DEFINE_multi_string(
            "scope",
            [],
            f"A scope, which ends at its slash: {what}; may be given several times.",
            flag_values=flag_values,
        )

    @property
    def given(self) -> bool:
        """Whether any was said."""
        return bool(self._variables.value or self._scope.value)

    def chooser(self, names: Sequence[str]) -> Callable[[str], bool]:
        """Returns what tells by its name whether a variable is meant; all are where none is said.

        Raises:
          UsageError: a pattern can't be read, or a pattern or a scope means none of `names`.
        """
        try:
            patterns = [compile_pattern(text) for text in self._variables.value]
        except PatternError as error:
            raise UsageError(f"--variables: {error}") from error
        scopes: list[str] = list(self._scope.value)
        tests: list[tuple[str, Callable[[str], object]]] = [
            (f"--variables={text}", one.fullmatch)
            for text, one in zip(self._variables.value, patterns, strict=True)
        ]
        tests += [
            (f"--scope={scope}", functools.partial(in_scope, scope=scope)) for scope in scopes
        ]
        for said, test in tests:
            if not any(test(name) for name in names):
                raise UsageError(f"{said}: expected a variable of the checkpoint, found none")
        return lambda name: not tests or any(test(name) for _, test in tests)
