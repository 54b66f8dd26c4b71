"""What LSTM cells of 1.x add to their forget gate: told by the graph, or asked."""

from __future__ import annotations

from tf1compat.checkpoint.meta.using import FORGET
from tf1compat.migration.meaning.base import Source

__all__ = ["ASKS", "told_by_kernel"]

ASKS = (
    "an LSTM cell of 1.x adds forget_bias to its forget gate, and no file says how much without "
    "the graph; BasicLSTMCell and LSTMCell add 1.0 unless they are told otherwise: say "
    "forget_bias=1.0 (--forget_bias=1.0)"
)


def told_by_kernel(source: Source, kernel: str) -> float | None:
    """Returns what the graph adds to the forget gate of a kernel; None where it doesn't tell."""
    uses = source.uses.by_variable.get(kernel, ()) if source.uses is not None else ()
    found = {use.facts.get("forget_bias", 0.0) for use in uses if FORGET in use.gates}
    added = found.pop() if len(found) == 1 else None
    return float(added) if isinstance(added, (int, float)) else None
