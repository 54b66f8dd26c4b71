"""Flags of the proof by computing, and what several apps print of it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from absl import flags

from tf1compat.apps._findings import Findings
from tf1compat.apps._printing import complain
from tf1compat.apps._progress import progress
from tf1compat.apps._quiet import import_tensorflow
from tf1compat.errors import UsageError
from tf1compat.files.dtypes import numpy_dtype
from tf1compat.names.sizes import human_bytes

if TYPE_CHECKING:
    from tf1compat.checkpoint import Checkpoint
    from tf1compat.keras3 import ModelIndex
    from tf1compat.migration import GraphOptions, Plan, Proof, Status

__all__ = ["ProofFlags", "tell"]

_LARGE = 1_000_000_000  # bytes of weights; proof holds some copies of them
_SHOWN = 20  # lines of a kind that are named


class ProofFlags:
    """``--prove``, ``--require`` and what the v1 graph doesn't show."""

    def __init__(self, flag_values: flags.FlagValues) -> None:
        self._prove = flags.DEFINE_bool(
            "prove",
            None,
            "Runs what the outputs need of the .meta's graph beside the model, and compares. "
            "Only ops that compute and do nothing else are run. By default where there is a .meta, "
            f"and up to {human_bytes(_LARGE)} of weights; where it is asked for, what is in its "
            "way is an error.",
            flag_values=flag_values,
        )
        self._require = flags.DEFINE_enum(
            "require",
            "copied",
            ["copied", "proved"],
            "What each weight must be: copied as planned, or proved by computing as well.",
            flag_values=flag_values,
        )
        self._define_graph(flag_values)

    def _define_graph(self, flag_values: flags.FlagValues) -> None:
        self._inputs = flags.DEFINE_list(
            "inputs",
            [],
            "Tensors of the v1 graph that are the model's inputs, in its order, or what the "
            "signature calls them; or for each of the model's inputs NAME=TENSOR, or NAME=VALUE "
            "where the graph has no such input. Found by default.",
            flag_values=flag_values,
        )
        self._outputs = flags.DEFINE_list(
            "outputs",
            [],
            "Tensors of the v1 graph that are the model's outputs, in its order, or what the "
            "signature calls them; found by default.",
            flag_values=flag_values,
        )
        self._signature = flags.DEFINE_string(
            "signature",
            "",
            "Key of the graph's signature that says inputs and outputs; by default "
            "serving_default, or the only one, as far as it fits the model.",
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
            inputs=_named_inputs(self._inputs.value),
            outputs=self._outputs.value,
            feeds=dict(map(_fed, self._feed.value)),
            allowed=self._allow.value,
            signature=self._signature.value,
        )

    def settled(
        self, plan: Plan, index: ModelIndex, checkpoint: Checkpoint, *, tolerance: float = 1e-5
    ) -> Plan:
        """Returns the plan, its ambiguities settled where they are all that is open.

        Where they can't be, standard error says why, before everything that is open is listed.
        """
        from tf1compat.migration.verification.settling import settle

        if not plan.ambiguities or plan.unfilled or plan.unexplained:
            return plan
        why = self._unasked(plan, checkpoint)
        if not why:
            try:
                import_tensorflow()
                with progress("settling what is ambiguous, by computing"):
                    found = settle(
                        plan, index, checkpoint, options=self.options(), tolerance=tolerance
                    )
                plan, why = found.plan, found.why
            except UsageError as error:
                if self._named:
                    raise
                why = str(error)
        if why:
            complain(f"computing didn't settle what is ambiguous: {why}")
        return plan

    def proof(
        self,
        plan: Plan,
        index: ModelIndex,
        checkpoint: Checkpoint,
        *,
        tolerance: float = 1e-5,
        outputs: Sequence[str] = (),
    ) -> Proof:
        """Returns the proof of a plan, or what kept it from being proved.

        `outputs` are tensors of the graph to compare where the user names none.
        """
        from tf1compat.migration import Proof, prove

        options = self.options()
        if outputs and not options.outputs:
            options = dataclasses.replace(options, outputs=outputs)

        why = self._unasked(plan, checkpoint)
        if why and self._prove.value:
            raise UsageError(f"--prove: {why}")
        if not why:
            try:
                import_tensorflow()
                with progress("proving by computing"):
                    return prove(
                        plan,
                        index,
                        checkpoint=checkpoint,
                        options=options,
                        tolerance=tolerance,
                    )
            except UsageError as error:
                if self._named:
                    raise
                why = str(error)
        return Proof.missing(plan, why, tolerance=tolerance)

    def served(self, proof: Proof) -> GraphOptions:
        """Returns what the flags say of the graph, and where they don't, what a proof compared."""
        options = self.options()
        if options.outputs or options.signature or proof.why or proof.layers or not proof.agrees:
            return options
        outputs = list(dict.fromkeys(one.name for one in proof.outputs))
        return dataclasses.replace(
            options, outputs=outputs, inputs=options.inputs or list(proof.inputs)
        )

    def enough(self, proof: Proof) -> bool:
        """Tells whether the outputs agree and, where that is required, every weight is proved."""
        from tf1compat.migration import Status

        return proof.agrees and not (
            self.required and proof.count(Status.PROVED) < len(proof.lines)
        )

    @property
    def _named(self) -> bool:
        """Whether the user asked for a proof by name: then what is in its way is an error."""
        named = (self._prove, self._inputs, self._outputs, self._feed, self._signature)
        return any(flag.value for flag in named)

    def _unasked(self, plan: Plan, checkpoint: Checkpoint) -> str:
        """Returns why nothing is computed; "" where it is."""
        specs = plan.targets.values()
        size = sum(math.prod(one.shape) * numpy_dtype(one.dtype).itemsize for one in specs)
        if self._prove.value is False:
            return "--noprove"
        if self._prove.value is None and size > _LARGE:
            return f"proof holds several copies of {human_bytes(size)}; --prove does so"
        if checkpoint.graph_path is None:
            return "the checkpoint has no .meta; verify --recording compares recorded outputs"
        return ""


def _named_inputs(texts: Sequence[str]) -> Sequence[str] | dict[str, str | float]:
    if not any("=" in text for text in texts):
        return texts
    found: dict[str, str | float] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if not (name and value) or name in found:
            raise UsageError(
                "--inputs: expected NAME=TENSOR or NAME=VALUE once for each input of the model, "
                f"found {text!r}"
            )
        try:
            found[name] = _value(value)
        except ValueError:  # a tensor's name
            found[name] = value
    return found


def _fed(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--feed: expected NAME=VALUE, found {text!r}")
    try:
        return name, _value(value)
    except ValueError as error:
        raise UsageError(f"--feed={text}: expected a number, true or false") from error


def _value(text: str) -> float:
    """Returns the number that a text is, or the truth; raises ValueError for any other."""
    words = {"true": True, "false": False}
    if text.lower() in words:
        return words[text.lower()]
    return float(text) if "." in text or "e" in text.lower() else int(text)


def tell(proof: Proof, findings: Findings) -> None:
    """Says what a proof showed; what differs, on standard error too."""
    from tf1compat.migration import Status

    findings.held["proof"] = proof.record()
    findings.say(proof)
    for note in proof.notes:
        findings.say(f"  {note}")
    for line in _named(proof, Status.NOT_REACHED):
        findings.say(line)
    if proof.agrees:
        return
    for difference in (*proof.outputs, *proof.changed):
        if not difference.within(proof.tolerance):
            complain(f"! output {difference}")
    for line in _named(proof, Status.DIFFERS):
        complain(line)
    if proof.divergence is not None:
        complain(f"! first layer that differs: {proof.divergence}")
    complain(
        "the v1 graph and the model compute different things. Where the tensors above aren't what "
        "the model computes, name them with --inputs and --outputs; where it is meant to compute "
        "something else, leave the proof out with --noprove"
    )


def _named(proof: Proof, status: Status) -> Iterator[str]:
    names = [target for target, one in proof.lines.items() if one is status]
    for name in names[:_SHOWN]:
        reason = proof.reasons.get(name)
        yield f"  {status.value}: {name}" + (f" ({reason})" if reason else "")
    if len(names) > _SHOWN:
        yield f"  ... and {len(names) - _SHOWN} more"
