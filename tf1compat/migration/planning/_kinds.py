"""The kinds of reasons that lines of a plan have: a closed set for each kind of line."""

from __future__ import annotations

from collections.abc import Iterable

from tf1compat.migration.matching.evidence import EVIDENCE
from tf1compat.migration.matching.match import GIVEN
from tf1compat.migration.matching.solver import ALONE
from tf1compat.migration.meaning import READINGS
from tf1compat.migration.planning._both_uses import USES_KINDS
from tf1compat.migration.planning._pixels import PIXELS_KINDS
from tf1compat.migration.planning.computed import COMPUTED_KINDS
from tf1compat.migration.planning.optimizer_lines import CARRIED_KINDS, LEFT_KINDS
from tf1compat.names import RuleMatch
from tf1compat.names.reasons import Kind, Reason
from tf1compat.names.training_state import TRAINING_KINDS
from tf1compat.registry import Registry

__all__ = [
    "AVERAGED",
    "COPY",
    "DROP_KINDS",
    "EQUAL",
    "EQUALS",
    "FILLED_BY_RULE",
    "KEEP_KINDS",
    "NO_AVERAGE",
    "ONE_OF_EQUALS",
    "OPAQUE_TWIN",
    "OUTSIDE",
    "PART",
    "RANDOM_STATE",
    "RANGE",
    "RECORDED",
    "RENORM",
    "RULE",
    "SAME",
    "TAKEN_AVERAGE",
    "TIE_KINDS",
    "TRAINING_SCALAR",
    "evidence_kinds",
    "filled_by",
]

RULE = Kind("rule", "{reason} [{origin}]")
"""Facts: the user's `reason`, whole; the rule's `origin`; its `number` among the rules, from 1."""

COPY = Kind("copy", "a copy of {original}: {reason} [{origin}]", "a copy: {reason} [{origin}]")
PART = Kind("part", "{part} of it: {reason} [{origin}]")
"""Facts of both as those of a rule, and what else they are named after."""

RECORDED = Kind("recorded", "{text}")
"""Of a plan in the first version of its JSON, which held words alone."""

AVERAGED = Kind("averaged", "its moving average {average} is taken", "its average is taken")
EQUAL = Kind("equal", "equal to {original}, which is taken, bit for bit", "equal to what is taken")
TRAINING_SCALAR = Kind("training_scalar", "a number that only training uses ({ops})")
RENORM = Kind("renorm", "what batch renormalization corrects by in training alone")
RANGE = Kind("range", "an end of the range of a quantization, which the model doesn't have")
OPAQUE_TWIN = Kind("opaque_twin", "the numbers of {scope} and so on, which are taken, for CuDNN")
OUTSIDE = Kind("outside", "outside of {part}, which alone is migrated")
_EQUALS = (COPY, PART, EQUAL, OPAQUE_TWIN)
_DROPS = (
    *(RULE, *_EQUALS, *TRAINING_KINDS, TRAINING_SCALAR, RENORM, RANGE, AVERAGED),
    *(*LEFT_KINDS, OUTSIDE, RECORDED),
)
DROP_KINDS = Registry("kind of drop", _DROPS)

RANDOM_STATE = Kind("random_state", "state of a random generator")
KEEP_KINDS = Registry("kind of keep", (RULE, RANDOM_STATE, OUTSIDE, RECORDED))

EQUALS = Kind(
    "equals",
    "({sources} sources, {targets} targets); neither names nor numbering, scopes or data flow tell "
    "which",
)
SAME = Kind("same", "same roles and shapes")
TIE_KINDS = Registry("kind of ambiguity", (EQUALS, RECORDED))

FILLED_BY_RULE = Kind("rule", "rule {origins}")
"""Facts: the `origins` of the rules, the number of one without; their `numbers`, from 1."""

TAKEN_AVERAGE = Kind("average", "as the moving average of {of}")
NO_AVERAGE = Kind("no_average", "{why}")
ONE_OF_EQUALS = Kind("one_of_equals", "one of {count} sources that are equal bit for bit")
_OTHERS = (FILLED_BY_RULE, GIVEN, ALONE, SAME, TAKEN_AVERAGE, NO_AVERAGE, ONE_OF_EQUALS)


def filled_by(matches: Iterable[RuleMatch]) -> Reason:
    """Returns the reason of what rules fill."""
    every = list(matches)
    return FILLED_BY_RULE.because(
        origins=tuple(dict.fromkeys(m.rule.origin or str(m.number) for m in every)),
        numbers=tuple(dict.fromkeys(str(m.number) for m in every)),
    )


def evidence_kinds() -> Registry[Kind]:
    """Returns the kinds of all evidence there is, that of a program's own included."""
    kinds = [kind for one in EVIDENCE.values() for kind in one.kinds]
    read = [kind for one in READINGS.values() for kind in one.kinds]
    own = (*_OTHERS, *COMPUTED_KINDS, *PIXELS_KINDS, *USES_KINDS, *CARRIED_KINDS)
    return Registry("kind of evidence", (*own, *read, *kinds, RECORDED))
