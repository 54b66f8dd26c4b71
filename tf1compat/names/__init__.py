"""Pure strings: what a TensorFlow 1 variable name says, and rename rules.

Nothing here imports TensorFlow or reads a checkpoint: names come in, values come out.
"""

from tf1compat.names.assignment_map import rules_from_assignment_map
from tf1compat.names.fold import fold_names, unfold_names
from tf1compat.names.nameset import parse_names
from tf1compat.names.nearest import nearest_names
from tf1compat.names.order import natural_key
from tf1compat.names.parse import VariableName, in_scope, parse_name, strip_output
from tf1compat.names.roles import ROLES, role_of
from tf1compat.names.rules import Dropped, Rule, rule
from tf1compat.names.rules_file import load_rules, paste_rule, rules_from_toml
from tf1compat.names.ruleset import LayoutFacts, RuleMatch, RuleOutcome, RuleSet

__all__ = [
    "ROLES",
    "Dropped",
    "LayoutFacts",
    "Rule",
    "RuleMatch",
    "RuleOutcome",
    "RuleSet",
    "VariableName",
    "fold_names",
    "in_scope",
    "load_rules",
    "natural_key",
    "nearest_names",
    "parse_name",
    "parse_names",
    "paste_rule",
    "role_of",
    "rule",
    "rules_from_assignment_map",
    "rules_from_toml",
    "strip_output",
    "unfold_names",
]
