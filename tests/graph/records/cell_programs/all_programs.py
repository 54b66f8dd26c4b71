"""All programs about cells (Python 3.7 too)."""

from records.cell_programs import arguments, graphs, scopes, states
from records.cell_programs.programs import PROGRAMS

__all__ = ["PROGRAMS", "arguments", "graphs", "scopes", "states"]
