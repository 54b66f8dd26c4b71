"""Types of operations by which a graph of TensorFlow 1 holds variables and reads them."""

from __future__ import annotations

__all__ = ["PASSING_OPS", "READING_OPS", "REFERENCE_VARIABLE_OPS", "VARIABLE_OPS"]

# As the Saver of 1.15 has them (`_VARIABLE_OPS` of training/saving/saveable_object_util.py).
REFERENCE_VARIABLE_OPS = frozenset({"AutoReloadVariable", "Variable", "VariableV2"})
"""Ops whose output is the variable itself, a tensor of a ``_ref`` dtype."""

VARIABLE_OPS = REFERENCE_VARIABLE_OPS | {"VarHandleOp"}
"""Ops that hold a variable; ``VarHandleOp`` gives a handle, a tensor of dtype resource."""

READING_OPS = frozenset({"Identity", "ReadVariableOp"})
"""Ops whose output is a variable's value where their first input is the variable."""

PASSING_OPS = READING_OPS | {"Enter", "RefEnter", "RefIdentity"}
"""Ops that pass a variable or its value on, into loops too: what reads them reads the variable."""
