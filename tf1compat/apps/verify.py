"""``tf1compat verify``: proves a migrated file equal to its checkpoint, and outputs alike."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from absl import flags

from tf1compat.apps._app import EXIT_FOUND, EXIT_OK, App
from tf1compat.apps._findings import Findings, FormatFlag
from tf1compat.apps._flags import SourceFlags, require_files, source_help
from tf1compat.apps._lint_flag import LintFlag, tell_causes
from tf1compat.apps._printing import complain, error_line
from tf1compat.apps._proving import ProofFlags, tell
from tf1compat.apps._quiet import import_keras, import_tensorflow
from tf1compat.apps._target_flags import TargetFlags, output_help
from tf1compat.apps.usage_text import Usage
from tf1compat.errors import PlanError, UsageError, VerificationError
from tf1compat.keras3.formats.output_formats import computing_format

if TYPE_CHECKING:
    from tf1compat.checkpoint import Checkpoint
    from tf1compat.keras3 import ModelIndex
    from tf1compat.migration import Lint, Plan, Recording

__all__ = ["APP", "run"]

_USAGE = Usage(
    "CHECKPOINT MODEL OUTPUT",
    about="Holds a migrated file against its checkpoint: every weight bit for bit, then outputs, "
    "by computing both sides or against recorded ones.",
    examples=(
        ("verify model.ckpt-1000 my_models:build out.keras", "weights, and outputs by the .meta"),
        (
            "verify model.ckpt-1000 my_models:build out.keras --recording=io.npz",
            "outputs against those that were recorded",
        ),
    ),
    exits={0: "all is equal", 1: "something differs, or isn't proved where that is required"},
)
_FLAGS = flags.FlagValues()
_SOURCE = SourceFlags(_FLAGS)
_TARGET = TargetFlags(_FLAGS)
_OUTPUT = flags.DEFINE_string(
    "output",
    None,
    "The migrated file, of one of the formats below.",
    flag_values=_FLAGS,
    required=True,
)
_RECORDING = flags.DEFINE_string(
    "recording",
    None,
    "An .npz of inputs (in/NAME) and expected outputs (out/NAME) to compare the model's with. "
    "With --v1_outputs, of inputs alone, named by v1 tensors.",
    flag_values=_FLAGS,
)
_V1_OUTPUTS = flags.DEFINE_list(
    "v1_outputs",
    [],
    "Tensors of the v1 graph to compute from the checkpoint and its .meta on the recorded inputs, "
    "in the order of the model's outputs.",
    flag_values=_FLAGS,
)
_TOLERANCE = flags.DEFINE_float(
    "tolerance",
    1e-5,
    "Largest difference of outputs, relative to the largest expected value.",
    lower_bound=0.0,
    flag_values=_FLAGS,
)
_PROOF = ProofFlags(_FLAGS)
_LINT = LintFlag(_FLAGS)
_FORMAT = FormatFlag(_FLAGS)


def _checked_source() -> Checkpoint:
    """Returns the checkpoint, opened, once all that the flags name is known to be there."""
    if _V1_OUTPUTS.value and not _RECORDING.value:
        raise UsageError("--v1_outputs: expected --recording=FILE.npz with the inputs as well")
    if _RECORDING.value and _PROOF.required:
        raise UsageError(
            "--require=proved: expected no --recording, which compares outputs and proves no line"
        )
    checkpoint = _SOURCE.open()
    files = {"output": _OUTPUT.value, "recording": _RECORDING.value}
    require_files({**_TARGET.files(), **files})
    return checkpoint


def _main() -> int:
    checkpoint = _checked_source()

    import_keras()

    from tf1compat.apps._planned import make_plan, print_offenders, read_back

    findings = _FORMAT.findings("verify", checkpoint.prefix)
    findings.held["output"] = _OUTPUT.value
    plan, index = make_plan(checkpoint, _TARGET)
    plan = _PROOF.settled(plan, index, checkpoint, tolerance=_TOLERANCE.value)
    findings.plan(plan)
    if not plan.complete:
        complain(error_line("verify", plan.headline(), code=PlanError.code))
        print_offenders(plan, checkpoint, index, _TARGET)
        return findings.end(EXIT_FOUND)
    used = dict.fromkeys(source for fill in plan.all_fills for source in fill.sources)
    if unlike := checkpoint.unlike_manifest(used):
        findings.held["damage"] = [str(one) for one in unlike]
        for one in unlike:
            complain(error_line("verify", str(one), code=one.code))
        return findings.end(EXIT_FOUND)
    verification = read_back(plan, index, str(_OUTPUT.value), checkpoint=checkpoint)
    findings.verification(verification)
    findings.say(verification)
    if not verification.equal:
        return findings.end(EXIT_FOUND)
    lint = _LINT.found(plan, index, checkpoint)
    _LINT.tell(lint, findings)
    if why := _LINT.refusal(lint):
        complain(error_line("verify", why, code=VerificationError.code))
        return findings.end(EXIT_FOUND)
    if compare := _comparison():
        return compare(plan, index, checkpoint, findings, lint=lint)
    proof = _PROOF.proof(plan, index, checkpoint, tolerance=_TOLERANCE.value)
    tell(proof, findings)
    tell_causes(lint, proof, findings)
    return findings.end(EXIT_OK if _PROOF.enough(proof) else EXIT_FOUND)


def _comparison() -> Callable[..., int] | None:
    """Returns what compares outputs of what was written; None where the proof does."""
    if computing_format(_OUTPUT.value) is not None:
        return _program
    return _outputs if _RECORDING.value else None


def _program(
    plan: Plan, index: ModelIndex, checkpoint: Checkpoint, findings: Findings, *, lint: Lint
) -> int:
    """Runs a program beside the model and the v1 graph, on recorded inputs where there are any."""
    from tf1compat.apps._program_table import tell_program
    from tf1compat.migration.verification.program_outputs import compare_program

    found = compare_program(
        plan,
        index,
        str(_OUTPUT.value),
        checkpoint=checkpoint,
        options=_PROOF.options(),
        representative=str(_RECORDING.value or ""),
    )
    near = tell_program(found, findings)
    return findings.end(EXIT_OK if near else EXIT_FOUND)


def _outputs(
    plan: Plan, index: ModelIndex, checkpoint: Checkpoint, findings: Findings, *, lint: Lint
) -> int:
    """Compares outputs, now that the file is known to hold what it should.

    The weights are looked at once more, as Keras loaded them: outputs prove nothing of weights
    that the inputs don't reach.
    """
    from tf1compat.apps._planned import weights_bytes
    from tf1compat.apps._progress import progress
    from tf1compat.keras3 import load_model
    from tf1compat.migration import verify

    graph = _graph_to_run(checkpoint)
    with progress("comparing outputs", weights_bytes(plan)) as advance:
        verification = verify(
            plan,
            load_model(str(_TARGET.model.value), weights=str(_OUTPUT.value)),
            checkpoint=checkpoint,
            recording=_recording(checkpoint),
            v1_graph=graph,
            tolerance=_TOLERANCE.value,
            progress=advance,
        )
    findings.verification(verification)
    for difference in verification.outputs:
        findings.say(f"output {difference}")
    if graph and not verification.equal:
        unpaired = verification.unpaired or "none of those that could be paired"
        for line in verification.layer_lines() or [f"first layer that differs: {unpaired}"]:
            findings.say(line)
    tell_causes(lint, verification, findings)
    status = findings.end(EXIT_OK if verification.equal else EXIT_FOUND)
    verification.require_equal()
    return status


def _graph_to_run(checkpoint: Checkpoint) -> str | None:
    """Returns what the first layer that differs is told by; None where nothing runs a graph."""
    if checkpoint.graph_path is None:
        return None
    try:
        import_tensorflow()
    except UsageError:
        return None
    return checkpoint.prefix


def _recording(checkpoint: Checkpoint) -> Recording:
    from tf1compat.migration import load_inputs, load_recording, record_graph

    if not _V1_OUTPUTS.value:
        return load_recording(str(_RECORDING.value))
    inputs = load_inputs(str(_RECORDING.value))
    return record_graph(
        checkpoint.prefix, inputs=inputs, outputs=_V1_OUTPUTS.value, meta=checkpoint.graph_path
    )


APP = App(
    "verify",
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
