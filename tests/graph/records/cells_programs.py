"""All programs about cells (Python 3.7 too)."""

import cells_programs_arguments
import cells_programs_graphs
import cells_programs_scopes
import cells_programs_states
from cells_answers import PROGRAMS

__all__ = [
    "PROGRAMS",
    "cells_programs_arguments",
    "cells_programs_graphs",
    "cells_programs_scopes",
    "cells_programs_states",
]
