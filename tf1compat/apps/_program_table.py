"""What apps print of a program that was written: how far each of its outputs is off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tf1compat.apps._findings import Findings
from tf1compat.apps._printing import complain
from tf1compat.apps._tables import print_table

if TYPE_CHECKING:
    from tf1compat.migration.verification.program_outputs import ProgramOutputs

__all__ = ["tell_program"]

_COLUMNS = ["output", "from model", "relative", "from v1 graph", "relative"]


def tell_program(found: ProgramOutputs, findings: Findings) -> bool:
    """Says how far outputs are off, and what is too far; tells whether nothing is."""
    findings.held["program"] = found.record()
    rows = [
        [
            one.name,
            f"{one.model.max_abs:.3g}",
            f"{one.model.max_rel:.3g}",
            *((f"{one.graph.max_abs:.3g}", f"{one.graph.max_rel:.3g}") if one.graph else ("", "")),
        ]
        for one in found.outputs
    ]
    findings.show(lambda: print_table(_COLUMNS, rows, right=_COLUMNS[1:]))
    if found.why:
        findings.say(f"the v1 graph was not run: {found.why}")
    for problem in found.problems():
        complain(f"! output {problem}")
    return not found.problems()
