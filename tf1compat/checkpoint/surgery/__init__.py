"""Checkpoint surgery: pure functions from tensors that are to be written to others; NumPy alone."""

from tf1compat.checkpoint.surgery.averaging import average
from tf1compat.checkpoint.surgery.casting import cast
from tf1compat.checkpoint.surgery.leaving_out import drop_slots, extract
from tf1compat.checkpoint.surgery.partitions import merge, split
from tf1compat.checkpoint.surgery.planned_tensors import Edit, Planned, planned
from tf1compat.checkpoint.surgery.renaming import rename

__all__ = [
    "Edit",
    "Planned",
    "average",
    "cast",
    "drop_slots",
    "extract",
    "merge",
    "planned",
    "rename",
    "split",
]
