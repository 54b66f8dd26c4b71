"""Pure strings: what a TensorFlow 1 variable name says, and rename rules.

Nothing here imports TensorFlow or reads a checkpoint: names come in, values come out.
"""

import typing as _typing

from tf1compat import lazy as _lazy

if _typing.TYPE_CHECKING:
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

_HOMES = {
    ".assignment_map": ["rules_from_assignment_map"],
    ".fold": ["fold_names", "unfold_names"],
    ".nameset": ["parse_names"],
    ".nearest": ["nearest_names"],
    ".order": ["natural_key"],
    ".parse": ["VariableName", "in_scope", "parse_name", "strip_output"],
    ".roles": ["ROLES", "role_of"],
    ".rules": ["Dropped", "Rule", "rule"],
    ".rules_file": ["load_rules", "paste_rule", "rules_from_toml"],
    ".ruleset": ["LayoutFacts", "RuleMatch", "RuleOutcome", "RuleSet"],
}

__getattr__, __dir__ = _lazy.exports(__name__, _HOMES)
