"""Sources that a rule drops as copies of others: looked at, before they are."""

from __future__ import annotations

from collections.abc import Iterable

from tf1compat.checkpoint.comparing import same_bits
from tf1compat.errors import Problem
from tf1compat.migration.planning._sides import Sides
from tf1compat.names import RuleMatch, nearest_names
from tf1compat.names.spec_text import spec_text

__all__ = ["no_copies"]

_STATISTICS = ("moving_mean", "moving_variance", "renorm", "norm_vector")
_REMEDY = "it is no copy: mend the pattern, or drop it for another reason, without copy_of"


def no_copies(matches: Iterable[RuleMatch], sides: Sides) -> list[Problem]:
    """Returns a problem for each source that isn't a copy of what its rule says.

    A replica's trained variables are kept equal; each has its own moving statistics, which need
    only have the same shape, and so has what belongs to training.
    """
    problems = []
    for found in matches:
        original = found.rule.original_of(found.name)
        if original is not None and found.name not in sides.training:
            wrong = _difference(found.name, original, sides)
            if wrong:
                expected = f"a copy of {original}"
                problems.append(Problem(found.name, expected, wrong, found.origin, _REMEDY))
    return problems


def _difference(name: str, original: str, sides: Sides) -> str:
    """Returns what keeps one source from being a copy of another, in words; ``""`` if nothing."""
    if original == name:
        return "itself"
    if original not in sides.entries:
        near = ", ".join(nearest_names(original, sides.entries))
        return f"no such source; nearest: {near}" if near else "no such source"
    one, other = sides.entries[name], sides.entries[original]
    if (one.shape, one.dtype_name) != (other.shape, other.dtype_name):
        return " against ".join(spec_text(x.dtype_name, x.shape) for x in (one, other))
    if sides.sources[name].role in _STATISTICS:
        return ""
    return "" if same_bits(one.read(), other.read()) else "other values"
