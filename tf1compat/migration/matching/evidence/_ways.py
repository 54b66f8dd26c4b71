"""Words for the way back up of a network that goes down before: its numbers often count levels."""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["is_upwards", "leads_upwards"]

_UP = ("up", "deconv", "unpool")
_BEGIN = ("decod", "ascend", "recon", "synth", "uconv", "transpos")
_WORDS = frozenset(
    (
        *("u", "us", "td", "topdown", "dec", "fpn", "pyramid", "p", "lateral"),
        *("lod", "inverse", "inv", "merge", "refine", "tconv", "d"),
        *("expand", "expansive", "expanding"),  # `expanded_conv` is a block of MobileNet's
        *("level", "levels", "lvl", "scale", "scales", "octave", "resolution", "right"),
    )
)
"""Among them those of feature pyramids (``P5`` before ``P4``) and levels of detail.

A `level` or `scale` may be counted from the largest or from the smallest, and the right side of a
U is its way up.
"""

_NOT_UP = ("upper", "updat", "upload", "upto", "upstream")


def leads_upwards(words: Collection[str]) -> bool:
    """Tells whether words of a name may speak of the way up.

    >>> leads_upwards(["upscore"]), leads_upwards(["top", "down"]), leads_upwards(["upper", "fc"])
    (True, True, False)
    """
    weak = {"top", "down"} <= {*words} or not _WORDS.isdisjoint(words)
    return weak or is_upwards(words) or any(word.startswith(_BEGIN) for word in words)


def is_upwards(words: Collection[str]) -> bool:
    """Tells whether words of a name speak of nothing but the way up: ``up_conv``, ``deconv``."""
    return any(word.startswith(_UP) and not word.startswith(_NOT_UP) for word in words)
