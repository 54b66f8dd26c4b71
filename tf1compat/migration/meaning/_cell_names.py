"""What 1.x's cells called their variables, from the first releases on."""

from __future__ import annotations

from collections.abc import Mapping

from tf1compat.checkpoint import Entry

__all__ = ["BIASES", "KERNELS", "first_of"]

KERNELS = ("kernel", "weights", "Matrix", "W", "W_0")
BIASES = ("bias", "biases", "Bias", "b", "B")


def first_of(held: Mapping[str, Entry], leaves: tuple[str, ...]) -> Entry | None:
    """Returns the variable of a scope that has one of some names."""
    for leaf in leaves:  # a generator takes twice as long, and every scope is asked
        if leaf in held:
            return held[leaf]
    return None
