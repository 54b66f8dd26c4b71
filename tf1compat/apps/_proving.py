"""Flags of the proof by computing, and what several apps print of it."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, TextIO

from absl import flags

from tf1compat.errors import UsageError
from tf1compat.files.dtypes import numpy_dtype
from tf1compat.names.sizes import human_bytes

if TYPE_CHECKING:
    from tf1compat.checkpoint import Checkpoint
    from tf1compat.keras3 import ModelIndex
    from tf1compat.migration import GraphOptions, Plan, Proof, Status

__all__ = ["ProofFlags"]

_LARGE = 1_000_000_000  # bytes of weights; proof holds about six copies of them
_SHOWN = 20  # lines of a kind that are named


class ProofFlags:
    """``--prove``, ``--require`` and what the v1 graph doesn't show."""

    def __init__(self, flag_values: flags.FlagValues) -> None:
        self._prove = flags.DEFINE_bool(
            "prove",
            None,
            "Runs what the outputs need of the .meta's graph beside the model, and compares. "
            "Only ops that compute and do nothing else are run. By default where there is a .meta, "
            f"and up to {human_bytes(_LARGE)} of weights.",
            flag_values=flag_values,
        )
        self._require = flags.DEFINE_enum(
            "require",
            "copied",
            ["copied", "proved"],
            "What each weight must be: copied as planned, or proved by computing as well.",
            flag_values=flag_values,
        )
        self._inputs = flags.DEFINE_list(
            "inputs",
            [],
            "Tensors of the v1 graph that are the model's inputs, in its order; found by default.",
            flag_values=flag_values,
        )
        self._outputs = flags.DEFINE_list(
            "outputs",
            [],
            "Tensors of the v1 graph that are the model's outputs, in its order; found by default.",
            flag_values=flag_values,
        )
        self._feed = flags.DEFINE_multi_string(
            "feed",
            [],
            "NAME=VALUE for another input of the v1 graph, such as is_training=false.",
            flag_values=flag_values,
        )
        self._allow = flags.DEFINE_list(
            "allow_ops",
            [],
            "Types of further ops to run, if you trust the file.",
            flag_values=flag_values,
        )

    @property
    def required(self) -> bool:
        """Whether every weight has to be proved."""
        return bool(self._require.value == "proved")

    def options(self) -> GraphOptions:
        """Returns what the flags say of the graph."""
        from tf1compat.migration import GraphOptions

        return GraphOptions(
            inputs=self._inputs.value,
            outputs=self._outputs.value,
            feeds=dict(map(_fed, self._feed.value)),
            allowed=self._allow.value,
        )

    def proved(
        self, plan: Plan, index: ModelIndex, checkpoint: Checkpoint, *, tolerance: float = 1e-5
    ) -> bool:
        """Proves a plan, prints what that showed, and returns whether it is enough."""
        from tf1compat.migration import prove

        why = "the checkpoint has no .meta; verify --recording compares recorded outputs"
        specs = plan.targets.values()
        size = sum(math.prod(one.shape) * numpy_dtype(one.dtype).itemsize for one in specs)
        if self._prove.value is False:
            why = "--noprove"
        elif self._prove.value is None and size > _LARGE:
            why = f"proof holds several copies of {human_bytes(size)}; --prove does so"
        elif checkpoint.graph_path is not None:
            try:
                proof = prove(
                    plan,
                    index,
                    checkpoint=checkpoint,
                    options=self.options(),
                    tolerance=tolerance,
                )
            except UsageError as error:
                if self._inputs.value or self._outputs.value or self._feed.value:
                    raise
                why = str(error)
            else:
                return _tell(proof) and not (self.required and _lacking(proof))
        print(f"{len(plan.fills)} weights: copied, not proved: {why}")
        return not self.required


def _fed(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--feed: expected NAME=VALUE, found {text!r}")
    words = {"true": True, "false": False}
    if value.lower() in words:
        return name, words[value.lower()]
    try:
        return name, float(value) if "." in value or "e" in value.lower() else int(value)
    except ValueError as error:
        raise UsageError(f"--feed={text}: expected a number, true or false") from error


def _tell(proof: Proof) -> bool:
    """Prints a proof; returns whether the outputs agree."""
    from tf1compat.migration import Status

    print(proof)
    for note in proof.notes:
        print(f"  {note}")
    _name(proof, Status.NOT_REACHED, sys.stdout)
    if proof.agrees:
        return True
    for difference in (*proof.outputs, *proof.changed):
        if not difference.within(proof.tolerance):
            print(f"! output {difference}", file=sys.stderr)
    _name(proof, Status.DIFFERS, sys.stderr)
    print(
        "the v1 graph and the model compute different things. Where the tensors above aren't what "
        "the model computes, name them with --inputs and --outputs; where it is meant to compute "
        "something else, leave the proof out with --noprove",
        file=sys.stderr,
    )
    return False


def _name(proof: Proof, status: Status, file: TextIO) -> None:
    names = [target for target, one in proof.lines.items() if one is status]
    for name in names[:_SHOWN]:
        print(f"  {status.value}: {name}", file=file)
    if len(names) > _SHOWN:
        print(f"  ... and {len(names) - _SHOWN} more", file=file)


def _lacking(proof: Proof) -> bool:
    """Tells whether a weight isn't proved; the lines above name them."""
    from tf1compat.migration import Status

    return proof.count(Status.PROVED) < len(proof.lines)
