"""Names that 1.15 cuts of slots of partitioned variables below a scope: ``X/art_0/Adam``."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import NamedTuple

from tf1compat.names.parse import PART_MARK

__all__ = ["CutPart", "cut_part"]

_DEEPEST = 64  # slashes that are tried; real names have a handful
_CUT = re.compile(
    rf"(?P<cut>[^/]*?_|.*{PART_MARK})(?P<part>[0-9]{{1,6}})/(?P<leaf>[^/]+)", re.DOTALL
)


class CutPart(NamedTuple):
    """A slot's name taken apart: the variable's, what is behind it, and the part's number."""

    base: str
    leaf: str
    part: int


def cut_part(name: str, known: Container[str]) -> CutPart | None:
    """Returns what a name such as ``X/art_0/Adam`` says where `known` has the variable ``X``.

    Under a variable scope ``P``, 1.15 takes the slot's own name from ``P/X/part_0/Adam`` by
    dropping as many characters as ``X/part_0/`` has, so what is left of it starts anywhere.

    >>> cut_part("words/table/art_1/Adagrad", {"words/table"})
    CutPart(base='words/table', leaf='Adagrad', part=1)
    """
    at = len(name)
    for _ in range(_DEEPEST):
        at = name.rfind("/", 0, at)
        if at <= 0:
            return None
        base = name[:at]
        match = _CUT.fullmatch(name[at + 1 :]) if base in known else None
        if match is None:
            continue
        cut, whole = f"{match['cut']}{match['part']}/", f"/{base}{PART_MARK}{match['part']}/"
        if whole.endswith(cut) or f"/{cut}".endswith(whole):
            return CutPart(base, match["leaf"], int(match["part"]))
    return None
