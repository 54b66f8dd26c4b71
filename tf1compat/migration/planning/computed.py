"""The reasons of what computing told where evidence didn't."""

from tf1compat.names.reasons import Kind

__all__ = ["ALIKE", "COMPUTED", "COMPUTED_KINDS", "ONE_BY_ONE"]

COMPUTED = Kind(
    "computed",
    "computing told: of {tried} assignments the outputs agree with this one alone ({outputs})",
    "computing told",
)
"""Facts: how many assignments were `tried`; the v1 tensors that the `outputs` agree with."""
ALIKE = Kind(
    "computed_alike",
    "computing told: of {tried} assignments that are alike in numbered layers, the outputs agree "
    "with this one alone ({outputs})",
    "computing told",
)
"""The same, where all assignments would have been too many."""
ONE_BY_ONE = Kind(
    "computed_one_by_one",
    "computing told: of {tried} scopes and as many layers, each changed by itself, these alone "
    "change the outputs alike ({outputs})",
    "computing told",
)
"""Where there are too many assignments to try them."""
COMPUTED_KINDS = (COMPUTED, ALIKE, ONE_BY_ONE)
