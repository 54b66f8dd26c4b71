"""``tf1compat back``: from a Keras model's weights to a checkpoint of the v1 graph."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from absl import flags

from tf1compat.apps._app import EXIT_FOUND, EXIT_OK, App
from tf1compat.apps._findings import Findings, FormatFlag
from tf1compat.apps._flags import SourceFlags, require_files, source_help
from tf1compat.apps._printing import complain, error_line
from tf1compat.apps._proving import ProofFlags, tell
from tf1compat.apps._quiet import import_keras, import_tensorflow
from tf1compat.apps._target_flags import TargetFlags, output_help
from tf1compat.apps.usage_text import Usage
from tf1compat.checkpoint import open_checkpoint
from tf1compat.errors import PlanError, UsageError, VerificationError
from tf1compat.keras3.formats.output_formats import model_format, suffixes

if TYPE_CHECKING:
    from tf1compat.checkpoint import Checkpoint
    from tf1compat.keras3 import ModelIndex
    from tf1compat.migration import GraphOptions, Plan

__all__ = ["APP", "run"]

_USAGE = Usage(
    "CHECKPOINT MODEL [OUTPUT]",
    about="Writes the weights of a Keras model, tuned or not, into the variables that they came "
    "from: a checkpoint that a v1 Saver restores, or a SavedModel with new values. CHECKPOINT is "
    "the one that was migrated.",
    examples=(
        (
            "back model.ckpt-1000 my_models:build tuned/model.ckpt-1000 --weights=tuned.weights.h5",
            "a checkpoint, with the .meta of the old one beside it",
        ),
        (
            "back export/1600000000 tuned.keras --saved_model=export/1700000000",
            "a SavedModel of the same v1 graph",
        ),
        (
            "back model.ckpt-1000 tuned.keras --saved_model=export/1 --outputs=scores",
            "a SavedModel of the .meta's graph that serves this tensor",
        ),
        ("back model.ckpt-1000 tuned.keras --dry_run", "what each variable would get"),
    ),
    exits={
        0: "it is written, and the v1 graph computes what the model does, as far as that was run",
        1: "nothing was written, for something is open or can't go back; or the graph and the "
        "model differ",
    },
)
_FLAGS = flags.FlagValues()
_SOURCE = SourceFlags(_FLAGS)
_TARGET = TargetFlags(_FLAGS)
_WEIGHTS = flags.DEFINE_string(
    "weights",
    None,
    "The file that has the weights to bring back; by default --model, if that is a file.",
    flag_values=_FLAGS,
)
_OUTPUT = flags.DEFINE_string(
    "output",
    None,
    "Prefix of the checkpoint to write, which isn't there yet. The source's .meta is copied beside "
    "it.",
    flag_values=_FLAGS,
)
_SAVED_MODEL = flags.DEFINE_string(
    "saved_model",
    None,
    "Directory of the SavedModel to write instead, which isn't there yet: the one that "
    "--checkpoint is in, with other values, or one of its .meta's graph. That serves what --inputs "
    "and --outputs say, or else what was compared, or the likely ones of inspect --graph.",
    flag_values=_FLAGS,
)
_ASSETS = flags.DEFINE_string(
    "assets",
    None,
    "Folder of the files that the .meta's graph reads, such as vocabularies, which go into the "
    "SavedModel; by default that of --checkpoint.",
    flag_values=_FLAGS,
)
_SLOTS = flags.DEFINE_enum(
    "slots",
    None,
    ["follow", "keep", "drop"],
    "Optimizer slots: get what the model's optimizer has now, as powers and steps do; are copied "
    "as they are, beside weights that they don't belong to any more; or are left out, and then a "
    "training graph can't be restored whole. By default they follow where the model is compiled "
    "and the file of weights holds its optimizer, else they are copied.",
    flag_values=_FLAGS,
)
_SHADOWS = flags.DEFINE_enum(
    "shadows",
    "follow",
    ["follow", "keep", "drop"],
    "Moving averages of variables that changed (and of averages that were taken, their variables): "
    "they get the new value; are copied as they are; or are left out.",
    flag_values=_FLAGS,
)
_DRY_RUN = flags.DEFINE_bool(
    "dry_run", False, "Prints what would be written of what; writes nothing.", flag_values=_FLAGS
)
_PROOF = ProofFlags(_FLAGS)
_FORMAT = FormatFlag(_FLAGS)


def _main() -> int:
    weights, (output, container) = _weights(), _output()
    _require_assets()
    checkpoint = _SOURCE.open()
    require_files({**_TARGET.files(), "weights": weights})

    _import(container)

    from tf1compat.apps._planned import make_plan, print_offenders

    findings = _FORMAT.findings("back", checkpoint.prefix)
    plan, index = make_plan(checkpoint, _TARGET)
    plan = _PROOF.settled(plan, index, checkpoint)
    findings.plan(plan)
    findings.say(plan.headline())
    if not plan.complete:
        told = "the plan isn't complete; nothing was written"
        complain(error_line("back", told, code=PlanError.code))
        print_offenders(plan, checkpoint, index, _TARGET)
        return findings.end(EXIT_FOUND)
    if _DRY_RUN.value:
        findings.show(lambda: _print_dry_run(plan, index, checkpoint, weights))
        return findings.end(EXIT_OK)
    proof = _PROOF.proof(plan, index, checkpoint)
    if not _PROOF.enough(proof):
        tell(proof, findings)
        told = "the plan isn't proved; nothing was written"
        complain(error_line("back", told, code=VerificationError.code))
        return findings.end(EXIT_FOUND)
    served = _PROOF.served(proof)
    _write(plan, index, checkpoint, findings, to=(weights, output, container), served=served)
    # By the same tensors: averages that follow make more of them agree than the plan's.
    kept = any(index[keep.target].kind == "weight" for keep in plan.keeps)
    outputs = [] if kept else [one.name for one in proof.outputs]
    proof = _PROOF.proof(plan, index, open_checkpoint(output), outputs=outputs)
    tell(proof, findings)
    return findings.end(EXIT_OK if _PROOF.enough(proof) else EXIT_FOUND)


def _import(container: str) -> None:
    """Imports what is needed: a SavedModel is loaded by TensorFlow before it takes its place."""
    if container == "saved_model":
        import_tensorflow()
    else:
        import_keras()


def _weights() -> str:
    """Returns the file that has the weights."""
    model = str(_TARGET.model.value)
    path = _WEIGHTS.value or (model if model_format(model) is not None else None)
    if path is None:
        raise UsageError(f"expected --weights=PATH ({suffixes()}), or --model of a file of a model")
    return str(path)


def _output() -> tuple[str, str]:
    """Returns what to write, and which kind of container that is."""
    given = [(_OUTPUT.value, "checkpoint"), (_SAVED_MODEL.value, "saved_model")]
    named = [(str(path), kind) for path, kind in given if path]
    if len(named) == 1:
        path, kind = named[0]
        if not os.path.isdir(os.path.dirname(path.rstrip(os.sep)) or os.curdir):
            raise UsageError(f"expected an existing directory for {path!r}; create it")
        return path, kind
    if not named and _DRY_RUN.value:
        return "", "checkpoint"
    raise UsageError(
        "expected --output=PREFIX or --saved_model=DIRECTORY, or --dry_run, found "
        f"{'both' if named else 'none of them'}"
    )


def _require_assets() -> None:
    folder = _ASSETS.value
    if folder is not None and not os.path.isdir(folder):
        raise UsageError(f"--assets: expected a folder, found none at {folder!r}")


def _print_dry_run(plan: Plan, index: ModelIndex, checkpoint: Checkpoint, weights: str) -> None:
    from tf1compat.apps._tables import print_table
    from tf1compat.keras3 import read_exported
    from tf1compat.migration.backward.foreseen import origins

    held = read_exported(weights, index)
    found = origins(plan, checkpoint, slots=_SLOTS.value, shadows=_SHADOWS.value, held=held)
    rows = [[one.name, str(plan.sources[one.name]), one.what, one.of] for one in found]
    print_table(["variable", "value", "what", "from"], rows)


def _write(
    plan: Plan,
    index: ModelIndex,
    checkpoint: Checkpoint,
    findings: Findings,
    *,
    to: tuple[str, str, str],
    served: GraphOptions,
) -> None:
    from tf1compat.apps._planned import weights_bytes
    from tf1compat.apps._progress import advance_by, progress
    from tf1compat.files.telling import told_to
    from tf1compat.migration import convert_back

    weights, output, container = to
    # The file of weights is read and held against its manifest; then each variable is told twice.
    total = weights_bytes(plan) + 2 * sum(entry.nbytes for entry in checkpoint.values())
    with progress("writing", total) as advance, told_to(advance_by(advance)):
        done = convert_back(
            plan,
            index,
            output=output,
            weights=weights,
            checkpoint=checkpoint,
            container=container,
            slots=_SLOTS.value,
            shadows=_SHADOWS.value,
            options=served,
            assets=_ASSETS.value,
        )
    findings.held["output"] = output
    findings.held["back"] = done.record()
    findings.say(f"wrote {output} ({len(done.manifest.tensors)} tensors)")
    findings.say(done)


APP = App("back", _main, flag_values=_FLAGS, usage=_USAGE, notes=(source_help, output_help))
run = APP.run


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
