"""``tf1compat migrate``: from a v1 checkpoint to a Keras file, planned, streamed and verified."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from absl import flags

from tf1compat.apps._app import EXIT_FOUND, EXIT_OK, run_app
from tf1compat.apps._flags import SourceFlags, TargetFlags, output_help, source_help
from tf1compat.apps._proving import ProofFlags
from tf1compat.apps._quiet import import_tensorflow
from tf1compat.errors import UsageError
from tf1compat.keras3.formats.output_formats import OUTPUT_FORMATS, suffixes
from tf1compat.names.sizes import human_bytes

__all__ = ["run"]

_FLAGS = flags.FlagValues()
_SOURCE = SourceFlags(_FLAGS)
_TARGET = TargetFlags(_FLAGS)
_OUTPUT = flags.DEFINE_string(
    "output", None, "The file to write; its suffix tells the format, see below.", flag_values=_FLAGS
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


def run(args: Sequence[str]) -> int:
    """Runs the app on command-line arguments; returns its exit status."""
    return run_app(
        "migrate", _main, flag_values=_FLAGS, args=args, notes=[source_help, output_help]
    )


def _main() -> int:
    output = _OUTPUT.value
    if not output and not _DRY_RUN.value:
        raise UsageError(f"expected --output=PATH ({suffixes()}), or --dry_run")
    if output:
        _require_writable(output)
    checkpoint = _SOURCE.open()

    import_tensorflow()

    from tf1compat.apps._planned import make_plan, print_offenders, print_plan
    from tf1compat.migration.reports.averages_taken import averages_lines

    plan, index = make_plan(checkpoint, _TARGET)
    if _DRY_RUN.value:
        print_plan(plan)
    if not plan.complete:
        print(f"tf1compat migrate: error: {plan.headline()}; nothing was written", file=sys.stderr)
        print_offenders(plan, checkpoint, index, _TARGET)
        return EXIT_FOUND
    if _DRY_RUN.value:
        return EXIT_OK
    print("\n".join([plan.headline(), *averages_lines(plan)]))
    if not _PROOF.proved(plan, index, checkpoint):
        print("tf1compat migrate: error: not proved; nothing was written", file=sys.stderr)
        return EXIT_FOUND

    from tf1compat.apps._tables import progress_bar
    from tf1compat.migration import convert, verify_weights

    with progress_bar("writing", len(plan.targets)) as advance:
        convert(plan, index, output=output, checkpoint=checkpoint, progress=advance)
    print(f"wrote {output} ({human_bytes(_size(str(output)))})")
    if not _VERIFY.value:
        return EXIT_OK
    verification = verify_weights(plan, index, output=output, checkpoint=checkpoint)
    verification.require_equal()
    print(verification)
    return EXIT_OK


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
    if not any(output.endswith(one.suffix) for one in OUTPUT_FORMATS.values()):
        raise UsageError(f"--output: expected a {suffixes()} file, found {output!r}")
    if not os.path.isdir(os.path.dirname(os.path.abspath(output))):
        raise UsageError(f"--output: expected an existing directory for {output!r}; create it")


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
