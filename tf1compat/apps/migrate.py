"""``tf1compat migrate``: from a v1 checkpoint to a Keras file, planned, streamed and verified."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from absl import flags

from tf1compat.apps._app import EXIT_FOUND, EXIT_OK, run_app
from tf1compat.apps._flags import SourceFlags, TargetFlags
from tf1compat.apps._quiet import import_tensorflow
from tf1compat.errors import UsageError
from tf1compat.names.sizes import human_bytes

__all__ = ["run"]

_FLAGS = flags.FlagValues()
_SOURCE = SourceFlags(_FLAGS)
_TARGET = TargetFlags(_FLAGS)
_OUTPUT = flags.DEFINE_string(
    "output", None, "The file to write: .weights.h5 or .keras.", flag_values=_FLAGS
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


def run(args: Sequence[str]) -> int:
    """Runs the app on command-line arguments; returns its exit status."""
    return run_app("migrate", _main, flag_values=_FLAGS, args=args)


def _main() -> int:
    output = _OUTPUT.value
    if not output and not _DRY_RUN.value:
        raise UsageError("expected --output=PATH (.weights.h5 or .keras), or --dry_run")
    if output and not output.endswith((".weights.h5", ".keras")):
        raise UsageError(f"--output: expected a .weights.h5 or .keras file, found {output!r}")
    if output and not os.path.isdir(os.path.dirname(os.path.abspath(output))):
        raise UsageError(f"--output: expected an existing directory for {output!r}; create it")
    checkpoint = _SOURCE.open()

    import_tensorflow()

    from tf1compat.apps._planned import make_plan, print_offenders, print_plan

    plan, index = make_plan(checkpoint, _TARGET)
    if _DRY_RUN.value:
        print_plan(plan)
    if not plan.complete:
        print(f"tf1compat migrate: error: {plan.headline()}; nothing was written", file=sys.stderr)
        print_offenders(plan)
        return EXIT_FOUND
    if _DRY_RUN.value:
        return EXIT_OK

    from tf1compat.apps._tables import progress_bar
    from tf1compat.migration import convert, verify_weights

    with progress_bar("writing", len(plan.targets)) as advance:
        convert(plan, index, output=output, checkpoint=checkpoint, progress=advance)
    print(plan.headline())
    print(f"wrote {output} ({human_bytes(os.path.getsize(str(output)))})")
    if not _VERIFY.value:
        return EXIT_OK
    verification = verify_weights(plan, index, output=output, checkpoint=checkpoint)
    verification.require_equal()
    print(verification)
    return EXIT_OK


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
