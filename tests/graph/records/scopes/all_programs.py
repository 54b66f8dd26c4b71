"""All programs about scopes; Python 3.7 must read this file."""

from records.scopes import getters, layers_in_scopes, templates, variable_scopes, variables
from records.scopes.programs import PROGRAMS

__all__ = ["PROGRAMS", "getters", "layers_in_scopes", "templates", "variable_scopes", "variables"]
