"""What one TensorFlow-1 variable name says by itself: scope, leaf, role, partition."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from tf1compat.names.roles import role_of

__all__ = [
    "AVERAGE_LEAF",
    "COUNTER",
    "PART_MARK",
    "VariableName",
    "find_part",
    "in_scope",
    "is_part",
    "parse_name",
    "scopes_around",
    "split_part",
    "strip_output",
]

AVERAGE_LEAF = "ExponentialMovingAverage"
"""What 1.x's averages are called, behind the names of the variables that they are of."""

COUNTER = r"_[0-9]{1,4}"
"""Pattern of what 1.x puts behind a name that is taken."""

PART_MARK = "/part_"
"""What stands between a partitioned variable's name and the number of a part of it."""

_OUTPUT = re.compile(r":[0-9]+\Z")
# As `get_variable` of 1.15 numbers them ("%s/part_%d"): without zeros in front.
_PART = re.compile(rf"(?P<base>.+){PART_MARK}(?P<part>0|[1-9][0-9]{{0,8}})\Z", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class VariableName:
    """What is known about one variable of a checkpoint or a graph from its name.

    Attributes:
      full: the name as it was given, verbatim (``:0`` and ``part_N`` included).
      scope: variable scope without its final slash; ``''`` at the root.
      leaf: last component, without ``:0`` and without ``part_N`` (of tensorpack's ``bn/mean/EMA``,
        the last two).
      role: what the leaf suggests, one of :data:`tf1compat.names.ROLES`; of a slot or shadow, the
        role of the variable it belongs to.
      kind: ``'variable'``, ``'slot'`` (an optimizer's), ``'shadow'`` (an exponential moving
        average's), ``'global_step'``, ``'optimizer_state'`` (``beta1_power`` and the like),
        ``'loss_scale'`` (of mixed precision) or ``'loss_average'`` (of a loss, which is no
        variable); in an object-based checkpoint also ``'save_counter'``, ``'metric'``,
        ``'random_state'`` and ``'object_graph'``.
      slot: of a slot, what follows its variable's name: ``'Adam'``, ``'Adam_1'``, ``'adam_m'``.
      slot_of: of a slot, the name of its variable, as given in the same set of names.
      shadow_of: of a shadow, the name of the variable that it averages.
      part: number of the partition, of a slice of a partitioned variable (or of its slot).
    """

    full: str
    scope: str
    leaf: str
    role: str = "unknown"
    kind: str = "variable"
    slot: str | None = None
    slot_of: str | None = None
    shadow_of: str | None = None
    part: int | None = None


# 1.15 squeezes what it sums; 0.x normalised sums.
_MOMENT = re.compile(
    r"(?P<scope>(?:.*/)?)moments(?:_\d+)?/"
    r"(?:(?P<mean>Squeeze|(?:normalize/)?mean)|Squeeze_1|(?:normalize/)?variance)"
    rf"/{AVERAGE_LEAF}(?:{COUNTER})?",
    re.DOTALL,
)


def strip_output(name: str) -> str:
    """Returns `name` without the output number of a tensor name (``':0'``).

    >>> strip_output("conv/kernel:0"), strip_output("conv/kernel")
    ('conv/kernel', 'conv/kernel')
    """
    return _OUTPUT.sub("", name)


def split_part(name: str) -> tuple[str, int | None]:
    """Returns `name` without a final ``/part_N`` component, and N (None where there is none)."""
    match = _PART.match(name) if PART_MARK in name[-16:] else None
    return (match["base"], int(match["part"])) if match else (name, None)


def is_part(component: str) -> bool:
    """Returns whether `component` of a name is one that a part has for its last: ``part_3``."""
    return split_part(f"whole/{component}")[1] is not None


def find_part(name: str) -> int | None:
    """Returns the number of the part that `name` is of, or of which it is a slot; else None.

    A slot's own name follows its variable's: the last ``part_N`` that ends a component counts.

    >>> find_part("net/table/part_3"), find_part("net/table/part_3/Adam"), find_part("net/table")
    (3, 3, None)
    """
    while PART_MARK in name:
        part = split_part(name)[1]
        if part is not None:
            return part
        name = name.rpartition("/")[0]
    return None


def parse_name(name: str) -> VariableName:
    """Returns what `name` says alone, without the other names of its checkpoint.

    A slot or a shadow can't be told from the name alone (a layer may be called ``Adam``), so the
    kind is ``'variable'`` or ``'global_step'``; :func:`tf1compat.names.parse_names` knows more.

    >>> parse_name("tower/conv1/weights:0").scope, parse_name("tower/conv1/weights:0").role
    ('tower/conv1', 'kernel')
    >>> parse_name("table/part_3").leaf, parse_name("table/part_3").part
    ('table', 3)
    """
    base, part = split_part(strip_output(name))
    scope, _, leaf = _averaged_moment(base) or base.rpartition("/")
    kind = "global_step" if leaf == "global_step" and part is None else "variable"
    return VariableName(name, scope, leaf, role_of(leaf, scope), kind, part=part)


def _averaged_moment(base: str) -> tuple[str, str, str] | None:
    """Returns scope, slash and leaf of a batch's moment that a norm by hand averages.

    ``ema.apply([mean, variance])`` of `tf.nn.moments`, as tutorials have it: a moving average of
    what is no variable. Within a variable scope 1.15 writes that once more before the name.
    """
    match = _MOMENT.fullmatch(base) if base.rpartition("/")[2].startswith(AVERAGE_LEAF) else None
    if match is None:
        return None
    scope = match["scope"].rstrip("/")
    half = scope[: len(scope) // 2]
    scope = half if scope == f"{half}/{half}" else scope
    return scope, "/", f"moving_{'mean' if match['mean'] else 'variance'}"


def in_scope(name: str, scope: str) -> bool:
    """Returns whether `name` lies in `scope`, whose end is a slash whether written or not.

    ``''`` and ``'/'`` are the root, which holds every name. Unlike ``tf.get_collection``, whose
    scope is a prefix (there ``conv1`` holds ``conv10/w``).

    >>> in_scope("conv1/w", "conv1"), in_scope("conv10/w", "conv1"), in_scope("conv1", "conv1")
    (True, False, False)
    """
    bare = scope.removesuffix("/")
    # `get_collection` asks `re.match` of the scope as it stands, so its dots are wildcards too.
    return not bare or name.startswith(bare + "/")


def scopes_around(name: str) -> Iterator[str]:
    """Yields the scopes around a name, the outermost first.

    >>> list(scopes_around("a/b/w"))
    ['a', 'a/b']
    """
    at = name.find("/")
    while at >= 0:
        yield name[:at]
        at = name.find("/", at + 1)
