"""Checkpoint to Keras 3: layouts, matching, the plan, conversion, verification."""

import typing as _typing

from tf1compat import lazy as _lazy

if _typing.TYPE_CHECKING:
    from tf1compat.migration.backward.convert_back import ConversionBack, convert_back
    from tf1compat.migration.conversion import Conversion, convert
    from tf1compat.migration.layouts import parse_layout, register_layout
    from tf1compat.migration.layouts.layout import Layout, Spec
    from tf1compat.migration.linting import Effect, Finding, Lint, lint
    from tf1compat.migration.meaning import Assumptions
    from tf1compat.migration.planning.lines import Ambiguity, Drop, Fill, Keep
    from tf1compat.migration.planning.optimizer_lines import Training
    from tf1compat.migration.planning.part_scope import PartScope
    from tf1compat.migration.planning.plan import Plan
    from tf1compat.migration.planning.planner import plan_migration
    from tf1compat.migration.reports.dropped import dropped_lines
    from tf1compat.migration.reports.offenders import offender_lines
    from tf1compat.migration.transferring import transfer
    from tf1compat.migration.verification.divergence import first_difference
    from tf1compat.migration.verification.given import GraphOptions
    from tf1compat.migration.verification.graph_proof import prove
    from tf1compat.migration.verification.outputs import (
        OutputDifference,
        Recording,
        compare_outputs,
        load_inputs,
        load_recording,
    )
    from tf1compat.migration.verification.proof import Proof, Status
    from tf1compat.migration.verification.v1_graph import record_graph
    from tf1compat.migration.verification.verify import (
        Verification,
        verify,
        verify_outputs,
        verify_weights,
    )
    from tf1compat.names.reasons import Reason

__all__ = [
    "Ambiguity",
    "Assumptions",
    "Conversion",
    "ConversionBack",
    "Drop",
    "Effect",
    "Fill",
    "Finding",
    "GraphOptions",
    "Keep",
    "Layout",
    "Lint",
    "OutputDifference",
    "PartScope",
    "Plan",
    "Proof",
    "Reason",
    "Recording",
    "Spec",
    "Status",
    "Training",
    "Verification",
    "compare_outputs",
    "convert",
    "convert_back",
    "dropped_lines",
    "first_difference",
    "lint",
    "load_inputs",
    "load_recording",
    "offender_lines",
    "parse_layout",
    "plan_migration",
    "prove",
    "record_graph",
    "register_layout",
    "transfer",
    "verify",
    "verify_outputs",
    "verify_weights",
]

_HOMES = {
    ".backward.convert_back": ["ConversionBack", "convert_back"],
    ".conversion": ["Conversion", "convert"],
    ".layouts": ["parse_layout", "register_layout"],
    ".layouts.layout": ["Layout", "Spec"],
    ".linting": ["Effect", "Finding", "Lint", "lint"],
    ".meaning": ["Assumptions"],
    ".planning.lines": ["Ambiguity", "Drop", "Fill", "Keep"],
    ".planning.optimizer_lines": ["Training"],
    ".planning.part_scope": ["PartScope"],
    ".planning.plan": ["Plan"],
    ".planning.planner": ["plan_migration"],
    ".reports.dropped": ["dropped_lines"],
    ".reports.offenders": ["offender_lines"],
    ".transferring": ["transfer"],
    ".verification.divergence": ["first_difference"],
    ".verification.given": ["GraphOptions"],
    ".verification.graph_proof": ["prove"],
    ".verification.outputs": [
        "OutputDifference",
        "Recording",
        "compare_outputs",
        "load_inputs",
        "load_recording",
    ],
    ".verification.proof": ["Proof", "Status"],
    ".verification.v1_graph": ["record_graph"],
    ".verification.verify": ["Verification", "verify", "verify_outputs", "verify_weights"],
    "..names.reasons": ["Reason"],
}

__getattr__, __dir__ = _lazy.exports(__name__, _HOMES)
