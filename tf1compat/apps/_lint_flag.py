"""``--lint``, and what apps print of settings that differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from absl import flags

from tf1compat.apps._findings import Findings
from tf1compat.apps._printing import complain
from tf1compat.apps._progress import progress

if TYPE_CHECKING:
    from tf1compat.checkpoint import Checkpoint
    from tf1compat.keras3 import ModelIndex
    from tf1compat.migration import Lint, Plan, Proof, Verification

__all__ = ["LintFlag", "tell_causes"]


class LintFlag:
    """``--lint``."""

    def __init__(self, flag_values: flags.FlagValues) -> None:
        self._lint = flags.DEFINE_enum(
            "lint",
            "say",
            ["say", "refuse"],
            "Settings that the .meta's graph and the model have otherwise (activations, strides, "
            "epsilon, ...): said, or an error where they change outputs.",
            flag_values=flag_values,
        )

    def found(self, plan: Plan, index: ModelIndex, checkpoint: Checkpoint) -> Lint:
        """Returns the settings that differ."""
        from tf1compat.migration import lint

        with progress("comparing settings"):
            return lint(plan, index, checkpoint=checkpoint)

    def tell(self, lint: Lint, findings: Findings) -> None:
        """Says what differs."""
        findings.held["lint"] = {**lint.record(), "measured": None}
        if lint.findings:
            findings.say(lint)

    def refusal(self, lint: Lint) -> str:
        """Returns why no more is done; "" where the settings are enough alike."""
        count = len(lint.changing_outputs)
        if self._lint.value != "refuse" or not count:
            return ""
        return f"{count} settings that change outputs differ (--lint=refuse)"


def tell_causes(lint: Lint, found: Proof | Verification, findings: Findings) -> None:
    """Says, of settings that change outputs, what was measured of the outputs."""
    if not lint.changing_outputs or not found.outputs:
        return
    agree = not any(_differing(found))
    worst = max(found.outputs, key=lambda one: one.max_rel).record()
    findings.held["lint"]["measured"] = {"agree": agree, **worst}
    if agree:
        layers = getattr(found, "layers", ())
        findings.say(
            f"not measured: of the outputs those of {', '.join(layers)} alone were compared"
            if layers
            else "the outputs agree all the same, within the tolerance"
        )
        return
    complain("! settings that differ, and may be why:")
    first = found.divergence.layer if found.divergence else ""
    near = [one for one in lint.changing_outputs if one.target == first]
    for one in near:
        complain(f"!   {one}, where the outputs part first")
    for line in lint.without(near).lines():
        complain(f"! {line}")


def _differing(found: Proof | Verification) -> Iterator[object]:
    """Yields what differs of outputs, when the checkpoint's values or changed ones are run."""
    from tf1compat.migration import Proof

    if isinstance(found, Proof):
        every = (*found.outputs, *found.changed)
        yield from (one for one in every if not one.within(found.tolerance))
    else:
        yield from found.problems
