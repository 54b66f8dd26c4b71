"""``tf1compat migrate``: from a v1 checkpoint to a Keras file, planned, streamed and verified."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from absl import flags

from tf1compat.apps._app import EXIT_FOUND, EXIT_OK, App
from tf1compat.apps._findings import Findings, FormatFlag
from tf1compat.apps._flags import SourceFlags, require_files, source_help
from tf1compat.apps._format_flags import FormatFlags
from tf1compat.apps._lint_flag import LintFlag, tell_causes
from tf1compat.apps._printing import complain, error_line
from tf1compat.apps._proving import ProofFlags, tell
from tf1compat.apps._quiet import import_keras
from tf1compat.apps._target_flags import TargetFlags, output_help
from tf1compat.apps.usage_text import Usage
from tf1compat.checkpoint.read_files import files_of
from tf1compat.errors import PlanError, UsageError, VerificationError
from tf1compat.files.distinct import require_distinct
from tf1compat.files.folders import require_replaceable
from tf1compat.files.standing import exists, what_stands
from tf1compat.files.telling import told_to
from tf1compat.keras3.formats.output_formats import (
    computing_format,
    holds_optimizer,
    model_format,
    require_backend,
    require_library,
    suffixes,
)
from tf1compat.names.sizes import human_bytes

if TYPE_CHECKING:
    from tf1compat.checkpoint import Checkpoint
    from tf1compat.keras3 import ModelIndex
    from tf1compat.keras3.formats import OutputFormat
    from tf1compat.migration import Plan

__all__ = ["APP", "run"]

_USAGE = Usage(
    "CHECKPOINT MODEL [OUTPUT]",
    about="Writes a file that Keras loads from a checkpoint: planned first, proved by computing "
    "where there is a graph, complete or not written at all.",
    examples=(
        ("migrate model.ckpt-1000 my_models:build out.keras", "a file of the whole model"),
        (
            "migrate model.ckpt-1000 my_models:build out.weights.h5 --rules=rules.toml --verify",
            "weights alone, by rules of your own, read back and compared",
        ),
        ("migrate model.ckpt-1000 my_models:build --dry-run", "the plan alone"),
    ),
    exits={
        0: "the file is written (with --dry_run: would be)",
        1: "nothing was written, for something is open or differs; or what was written isn't equal",
    },
)
_FLAGS = flags.FlagValues()
_SOURCE = SourceFlags(_FLAGS)
_TARGET = TargetFlags(_FLAGS)
_OUTPUT = flags.DEFINE_string(
    "output",
    None,
    "The file or folder to write; its suffix tells the format, see below.",
    flag_values=_FLAGS,
)
_KIND = FormatFlags(_FLAGS)
_OVERWRITE = flags.DEFINE_bool(
    "overwrite", False, "Replaces what stands at the output.", flag_values=_FLAGS
)
_DRY_RUN = flags.DEFINE_bool(
    "dry_run", False, "Prints the plan and writes nothing.", flag_values=_FLAGS
)
_VERIFY = flags.DEFINE_bool(
    "verify",
    False,
    "Reads every written weight back and compares it with its source bit for bit.",
    flag_values=_FLAGS,
)
_PROOF = ProofFlags(_FLAGS)
_LINT = LintFlag(_FLAGS)
_FORMAT = FormatFlag(_FLAGS)


def _main() -> int:
    checkpoint = _checked_source(_OUTPUT.value)

    import_keras()

    from tf1compat.apps._planned import make_plan, print_offenders, print_plan
    from tf1compat.migration.reports.averages_taken import averages_lines
    from tf1compat.migration.reports.optimizer_taken import training_lines

    findings = _FORMAT.findings("migrate", checkpoint.prefix)
    kind = _kind()
    plan, index = make_plan(checkpoint, _TARGET, output=kind)
    if _OUTPUT.value:
        require_distinct([_OUTPUT.value], _TARGET.module_files())
    plan = _PROOF.settled(plan, index, checkpoint)
    findings.plan(plan)
    if _DRY_RUN.value:
        findings.show(lambda: print_plan(plan))
    if not plan.complete:
        told = f"{plan.headline()}; nothing was written"
        complain(error_line("migrate", told, code=PlanError.code))
        print_offenders(plan, checkpoint, index, _TARGET)
        return findings.end(EXIT_FOUND)
    if not _DRY_RUN.value:
        for line in (plan.headline(), *averages_lines(plan), *training_lines(plan)):
            findings.say(line)
    if kind is not None and _leaves_optimizer(kind, plan, index):
        findings.say(f"note: {kind.name} holds no optimizer; that of the model starts anew")
    lint = _LINT.found(plan, index, checkpoint)
    _LINT.tell(lint, findings)
    if why := _LINT.refusal(lint):
        return _refused(why, findings)
    if _DRY_RUN.value:
        return findings.end(EXIT_OK)
    proof = _PROOF.proof(plan, index, checkpoint)
    tell(proof, findings)
    tell_causes(lint, proof, findings)
    if not _PROOF.enough(proof):
        return _refused("not proved", findings)
    _write(plan, index, checkpoint, findings=findings, notes={"proof": proof.record()})
    return findings.end(EXIT_OK)


def _kind() -> OutputFormat | None:
    """Returns the output's format, if there is one, which Keras can write on its backend."""
    if not _OUTPUT.value:
        return None
    kind = _KIND.format_of(_OUTPUT.value)
    require_backend(kind)  # which Keras tells, once it is imported
    return kind


def _leaves_optimizer(kind: OutputFormat, plan: Plan, index: ModelIndex) -> bool:
    """Tells whether a format has no place for what an optimizer would go on with."""
    compiled = getattr(index.model, "optimizer", None) is not None
    return compiled and plan.training is None and not holds_optimizer(kind)


def _checked_source(output: str | None) -> Checkpoint:
    """Returns the checkpoint, opened, once all is known to be there and the output to be free."""
    if not output and not _DRY_RUN.value:
        raise UsageError(f"expected --output=PATH ({suffixes()}), or --dry_run")
    if output:
        _require_writable(output)
    checkpoint = _SOURCE.open()
    require_files(_TARGET.files())
    if output:
        _require_own_file(output, checkpoint)
    return checkpoint


def _refused(why: str, findings: Findings) -> int:
    told = f"{why}; nothing was written"
    complain(error_line("migrate", told, code=VerificationError.code))
    return findings.end(EXIT_FOUND)


def _write(
    plan: Plan,
    index: ModelIndex,
    checkpoint: Checkpoint,
    *,
    findings: Findings,
    notes: Mapping[str, Any],
) -> None:
    """Writes the file and, where that is asked for, reads it back."""
    from tf1compat.apps._planned import read_back, weights_bytes
    from tf1compat.apps._progress import advance_by, progress
    from tf1compat.migration import convert

    output = str(_OUTPUT.value)
    # Each is told as it is written, and as it is read back.
    with progress("writing", 2 * weights_bytes(plan)) as advance, told_to(advance_by(advance)):
        convert(
            plan,
            index,
            output=output,
            output_format=_KIND.format_of(output),
            checkpoint=checkpoint,
            progress=advance,
            notes=notes,
        )
    findings.held["output"] = output
    findings.say(f"wrote {output} ({human_bytes(_size(output))})")
    _tell_own_classes(output, index, findings)
    if computing_format(output) is not None:
        _tell_errors(plan, index, checkpoint, findings=findings)
    if _VERIFY.value:
        verification = read_back(plan, index, output, checkpoint=checkpoint)
        findings.verification(verification)
        if not verification.equal:
            findings.end(EXIT_FOUND)
            verification.require_equal()
        findings.say(verification)


def _tell_errors(
    plan: Plan, index: ModelIndex, checkpoint: Checkpoint, *, findings: Findings
) -> None:
    """Says how far the outputs of a program are from the model's and the v1 graph's."""
    from tf1compat.apps._program_table import tell_program
    from tf1compat.migration.verification.program_outputs import compare_program

    output = str(_OUTPUT.value)
    representative = getattr(_KIND.format_of(output), "representative", "")
    found = compare_program(
        plan,
        index,
        output,
        checkpoint=checkpoint,
        options=_PROOF.options(),
        representative=representative,
    )
    tell_program(found, findings)


def _tell_own_classes(output: str, index: ModelIndex, findings: Findings) -> None:
    """Says which classes a file of a whole model needs that Keras doesn't know by itself."""
    from tf1compat.keras3.models.own_classes import unregistered_classes

    if model_format(output) is None:
        return
    names = unregistered_classes(index.model)
    findings.held["custom_objects"] = list(names)
    if names:
        findings.say(
            f"note: Keras loads {output} only with custom_objects for {', '.join(names)}, which "
            "are neither its own nor registered"
        )


def _size(path: str) -> int:
    """Returns the bytes of a file, or of all files of a directory."""
    if not os.path.isdir(path):
        return os.path.getsize(path)
    return sum(
        os.path.getsize(os.path.join(folder, name))
        for folder, _, names in os.walk(path)
        for name in names
    )


def _require_writable(output: str) -> None:
    """Refuses what can't be written before seconds are spent on planning for it."""
    require_library(_KIND.format_of(output))
    _require_free(output)
    if os.path.isdir(output):
        require_replaceable(output)
    if not os.path.isdir(os.path.dirname(output) or os.curdir):
        raise UsageError(f"--output: expected an existing directory for {output!r}; create it")


def _require_free(output: str) -> None:
    """Refuses an output in whose place something stands, unless it is to be replaced."""
    if exists(output) and not _OVERWRITE.value:
        raise UsageError(
            f"--output: expected a path where nothing stands, found {what_stands(output)} at "
            f"{output!r}; --overwrite replaces it, {_free_beside(output)!r} is free"
        )


def _free_beside(output: str) -> str:
    """Returns the nearest path of the same suffix at which nothing stands."""
    suffix = _KIND.format_of(output).suffix
    stem, suffix = (output[: -len(suffix)], suffix) if output.endswith(suffix) else (output, "")
    return next(path for n in itertools.count(2) if not exists(path := f"{stem}-{n}{suffix}"))


def _require_own_file(output: str, checkpoint: Checkpoint) -> None:
    """Refuses an output that is one of the files that are read."""
    given = [path for path in _TARGET.files().values() if path]
    require_distinct([output], [*files_of(checkpoint), *given])


APP = App(
    "migrate",
    _main,
    flag_values=_FLAGS,
    usage=_USAGE,
    notes=(
        source_help,
        output_help,
    ),
    define=_KIND.define,
)
run = APP.run


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
