"""Kinds of arithmetic that names say, where no graph does: a ``deconv`` is no convolution."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tf1compat.migration.matching.places import words_of

__all__ = ["named_kinds"]

_CONVOLUTION = re.compile(r"(?:conv[123]d|Conv[123]?d?)(?:_[0-9]+)?")
"""What tf.layers and tf-slim call a convolution without a name."""


def named_kinds(scope: str, shape: Sequence[int]) -> frozenset[str]:
    """Returns what a kernel in a scope can be exchanged with, by its name; none if that is open.

    In the words of :func:`~tf1compat.migration.uses.agreement.families`.

    >>> sorted(named_kinds("g/conv2d_transpose_1", (3, 3, 4, 4)))
    ['transposed_convolution']
    >>> sorted(named_kinds("conv2d_3", (3, 3, 4, 4))), sorted(named_kinds("up1", (3, 3, 4, 4)))
    (['convolution'], [])
    """
    if len(shape) < 3:
        return frozenset()
    last = scope.rpartition("/")[2][:100]
    words = words_of(last)
    if {"conv", "transpose"} <= {*words} or any(word.startswith("deconv") for word in words):
        return frozenset({"transposed_convolution"})
    places = all(size == 1 for size in shape[:-2])
    own = _CONVOLUTION.fullmatch(last) is not None and not places  # of one place it is a product
    return frozenset({"convolution"}) if own else frozenset()
