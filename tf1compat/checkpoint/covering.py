"""Whether slices make up a tensor: none lies over another, and nothing is left out."""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Callable, Sequence

from tf1compat.checkpoint.slices import Region

__all__ = ["uncovered"]

_PRIME = (1 << 61) - 1
_TRIES = 1_000_000  # pairs that are looked at to name two that overlap


def uncovered(regions: Sequence[Region], shape: Sequence[int]) -> str:
    """Returns what is wrong with a cover of a tensor by slices: overlap or gap; "" if nothing is.

    The time is that of reading them, whatever their rank: see :func:`_is_cover`.
    """
    if _is_cover(regions, shape):
        return ""
    filled = [region for region in regions if math.prod(region.shape)]
    clash = _overlap(filled)
    if clash:
        return f"slices at {clash[0].start} and {clash[1].start} overlap"
    held, whole = sum(math.prod(region.shape) for region in filled), math.prod(shape)
    return "slices overlap" if held == whole else f"slices hold {held} of {whole} elements"


def _is_cover(regions: Sequence[Region], shape: Sequence[int]) -> bool:
    """Tells whether each element of the tensor is in one region.

    Each place on each axis is given a random weight, a box the product of how much its ends'
    weights differ, modulo a prime. Of a cover these sums are that of the whole, as those of any
    measure. Of anything else the difference is a polynomial in the weights that isn't zero, of the
    rank's degree; it comes out as zero once in 2^53 times, which no file can bring about, as the
    weights are drawn anew. (Schwartz and Zippel.)
    """
    if len(regions) == 1 and regions[0].shape == tuple(shape):
        return True
    draw = random.SystemRandom()
    seeded = random.Random(draw.getrandbits(128))

    @functools.cache
    def weight(axis: int, place: int) -> int:
        return seeded.randrange(_PRIME)

    total = sum(_measure(region, weight) for region in regions) % _PRIME
    return total == _measure(Region((0,) * len(shape), tuple(shape)), weight)


def _measure(region: Region, weight: Callable[[int, int], int]) -> int:
    measure = 1
    for axis, (start, size) in enumerate(zip(region.start, region.shape, strict=True)):
        measure = measure * (weight(axis, start + size) - weight(axis, start)) % _PRIME
    return measure


def _overlap(regions: Sequence[Region]) -> tuple[Region, Region] | None:
    """Returns two boxes that overlap, if they are soon found, sweeping along the best axis."""
    if len(regions) < 2:
        return None
    rank = len(regions[0].start)
    if not rank:
        return regions[0], regions[1]
    import numpy as np

    starts = np.array([region.start for region in regions], np.int64)
    axis = max(range(rank), key=lambda axis: len(np.unique(starts[:, axis])))
    order = np.argsort(starts[:, axis], kind="stable")
    starts = starts[order]
    ends = starts + np.array([region.shape for region in regions], np.int64)[order]
    reach = np.searchsorted(starts[:, axis], ends[:, axis])  # later ones that begin in time to meet
    left = _TRIES
    for one in np.flatnonzero(reach > np.arange(len(regions)) + 1).tolist():
        others = slice(one + 1, min(int(reach[one]), one + 1 + left))
        meet = (starts[others] < ends[one]) & (starts[one] < ends[others])
        found = np.flatnonzero(meet.all(axis=1))
        if found.size:
            return regions[order[one]], regions[order[one + 1 + found[0]]]
        left -= others.stop - others.start
        if left <= 0:
            break
    return None
