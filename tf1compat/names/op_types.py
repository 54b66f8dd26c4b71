"""Types of operations by which a graph of TensorFlow 1 holds variables and reads them."""

from __future__ import annotations

import re

__all__ = [
    "CALLING_OPS",
    "PASSING_OPS",
    "QUANTIZING_OPS",
    "READING_OPS",
    "REFERENCE_VARIABLE_OPS",
    "STATISTICS_OPS",
    "SUBTRACTING_OPS",
    "SWITCHING_OPS",
    "VARIABLE_OPS",
    "applies_gradients",
    "changes_variables",
    "is_aside",
]

# As the Saver of 1.15 has them (`_VARIABLE_OPS` of training/saving/saveable_object_util.py).
REFERENCE_VARIABLE_OPS = frozenset({"AutoReloadVariable", "Variable", "VariableV2"})
"""Ops whose output is the variable itself, a tensor of a ``_ref`` dtype."""

VARIABLE_OPS = REFERENCE_VARIABLE_OPS | {"VarHandleOp"}
"""Ops that hold a variable; ``VarHandleOp`` gives a handle, a tensor of dtype resource."""

READING_OPS = frozenset({"Identity", "ReadVariableOp"})
"""Ops whose output is a variable's value where their first input is the variable."""

PASSING_OPS = READING_OPS | {"Enter", "RefEnter", "RefIdentity"}
"""Ops that pass a variable or its value on, into loops too: what reads them reads the variable."""

CALLING_OPS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
"""Ops that call a function of the graph's library."""

STATISTICS_OPS = frozenset({"L2Loss", "Sum", "Mean", "Max", "Min", "Prod", "All", "Any", "Shape"})
"""What of a variable is no longer the variable but a number about it, such as a weight decay."""

QUANTIZING_OPS = frozenset({"FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel"})
"""Ops that round their first input to what integers of a range hold, from their second to third."""

SUBTRACTING_OPS = frozenset({"AssignSub", "AssignSubVariableOp"})
"""Ops by which 1.x's moving averages are updated."""

SWITCHING_OPS = frozenset({"RefSwitch", "Switch"})
"""Ops that pass their first input on to the branch of a condition that is taken."""

_APPLYING = re.compile(r"(Resource)?(Sparse)?Apply\w*")
# `scatter_nd` makes a tensor, as its gradient's op does, and no variable has another value then.
_CHANGING = re.compile(
    r"(Resource)?(Sparse)?(Assign|Apply|Scatter(?!Nd$|NdNonAliasing)|StridedSliceAssign|CountUpTo)\w*"
)
_ASIDE = re.compile(r"(Save|Restore|VarIs)\w*|NoOp")
_ASIDE_WITHIN = ("VariableInitialized", "Summary", "Print", "Assert")
_WORD = re.compile(r"\w+")


def changes_variables(op: str) -> bool:
    """Tells whether ops of a type give variables other values: assignments, optimizers.

    >>> changes_variables("ResourceApplyAdam"), changes_variables("MatMul")
    (True, False)
    """
    return _CHANGING.fullmatch(op) is not None


def applies_gradients(op: str) -> bool:
    """Tells whether ops of a type are an optimizer's step on a variable.

    >>> applies_gradients("ResourceApplyAdam"), applies_gradients("AssignAdd")
    (True, False)
    """
    return _APPLYING.fullmatch(op) is not None


def is_aside(op: str) -> bool:
    """Tells whether ops of a type stand beside the forward pass: savers, summaries, checks.

    >>> is_aside("SaveV2"), is_aside("MatMul")
    (True, False)
    """
    if any(part in op for part in _ASIDE_WITHIN) and _WORD.fullmatch(op):
        return True
    return _ASIDE.fullmatch(op) is not None
