"""Sources that are dropped as copies of others, or equal to them: looked at, before they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.comparing import same_bits
from tf1compat.errors import Problem
from tf1compat.migration.layouts.layout import Spec
from tf1compat.migration.planning._sides import Sides
from tf1compat.migration.planning.lines import Drop
from tf1compat.names import RuleMatch, nearest_names
from tf1compat.names.parse import split_part
from tf1compat.names.roles import STATISTICS
from tf1compat.names.spec_text import spec_text
from tf1compat.names.training_state import training_reason

__all__ = ["astray_drops", "no_copies", "unlike_originals"]

_ORIGINALS = ("copy", "equal")  # kinds of drops whose values are another source's
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
    if sides.sources[name].role in STATISTICS:
        return ""
    return "" if same_bits(one.read(), other.read()) else "other values"


def unlike_originals(drops: Iterable[Drop], entries: Mapping[str, Entry]) -> Iterator[Problem]:
    """Yields a problem for each source that was dropped as another's equal, and has other values.

    A plan may be carried out with another checkpoint of the same shapes than it was made for.
    """
    for drop in drops:
        if drop.kind not in _ORIGINALS:
            continue
        original = str(drop.facts["original"])
        one = entries[drop.source]
        its_own = one.name.role in STATISTICS or training_reason(one.name) is not None
        if drop.kind == "copy" and its_own:
            continue
        if not same_bits(one.read(), entries[original].read()):
            yield Problem(drop.source, f"the values of {original}", "others")


def astray_drops(
    drops: Iterable[Drop], sources: Mapping[str, Spec], used: Iterable[str]
) -> Iterator[Problem]:
    """Yields a problem for each drop whose reason names a source that can't be what it says.

    One that isn't there, isn't taken, is another's copy itself, or has another shape or dtype.

    Args:
      drops: lines of a plan.
      sources: shape and dtype of the checkpoint's variables.
      used: those of which weights are filled.
    """
    drops = list(drops)
    copies = {drop.source for drop in drops if drop.kind in _ORIGINALS}
    there, taken = set(sources), set(used)
    wholes = {split_part(name)[0] for name in there}
    known = {"original": there - copies, "average": taken, "of": there | wholes}
    for drop in drops:
        for fact, names in known.items():
            named = drop.facts.get(fact)
            names = taken if (drop.kind, fact) == ("equal", "original") else names
            if named is not None and (named not in names or named == drop.source):
                what = "a source that is taken" if names is taken else "a source"
                yield Problem(drop.source, f"{what} for {fact}", repr(named))
            elif named is not None and fact != "of" and sources[named] != sources[drop.source]:
                yield Problem(drop.source, f"{named} of its shape and dtype", str(sources[named]))
