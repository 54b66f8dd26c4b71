"""The reason of what computing told where evidence didn't."""

from tf1compat.names.reasons import Kind

__all__ = ["COMPUTED"]

COMPUTED = Kind(
    "computed",
    "computing told: of {tried} assignments the outputs agree with this one alone ({outputs})",
    "computing told",
)
"""Facts: how many assignments were `tried`; the v1 tensors that the `outputs` agree with."""
