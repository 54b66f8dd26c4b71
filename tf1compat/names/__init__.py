"""Pure strings: what a TensorFlow 1 variable name says, and rename rules.

Nothing here imports TensorFlow or reads a checkpoint: names come in, values come out.
"""

from tf1compat.names.fold import fold_names, unfold_names
from tf1compat.names.nameset import parse_names
from tf1compat.names.nearest import nearest_names
from tf1compat.names.order import natural_key
from tf1compat.names.parse import VariableName, in_scope, parse_name, strip_output
from tf1compat.names.roles import ROLES, role_of

__all__ = [
    "ROLES",
    "VariableName",
    "fold_names",
    "in_scope",
    "natural_key",
    "nearest_names",
    "parse_name",
    "parse_names",
    "role_of",
    "strip_output",
    "unfold_names",
]
