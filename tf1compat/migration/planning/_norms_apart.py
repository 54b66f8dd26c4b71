"""Norms and vectors that a rule takes away although the kernel beside them may be made of them."""

from __future__ import annotations

from collections.abc import Iterator

from tf1compat.checkpoint import Checkpoint, Meta
from tf1compat.errors import Problem
from tf1compat.migration.meaning.of_normalised import asks_of_pair, has_own, normalised_pairs
from tf1compat.migration.planning._ruling import Ruling
from tf1compat.migration.planning.problems import OpenQuestion

__all__ = ["norms_apart"]

_INSIST = (
    "{asks}, beside the rule for {other}, or in place of it; or say that {kernel} is the kernel as "
    "it stands: {{source='{kernel}', target='...', layout='identity'}}"
)


def norms_apart(
    checkpoint: Checkpoint, ruling: Ruling, graph: Meta | None
) -> Iterator[tuple[str, Problem]]:
    """Yields the question of each source that a rule drops, or sends to a weight of its own.

    Its kernel may not do without: a `SpectralNormalization` of Keras has a vector, and all the same
    multiplies by its kernel as it stands.

    None where the kernel is dropped too, or a rule says how it is laid out, where the model has
    such a weight itself.
    """
    dropped = {drop.source for drop in ruling.drops}
    gone = dropped | {fill.sources[0] for fill in ruling.fills if len(fill.sources) == 1}
    if not gone:
        return
    uses = graph.uses if graph is not None else None
    pairs = normalised_pairs(checkpoint, uses)
    for (kernel, other), kind in pairs.items():
        settled = kernel in dropped or kernel in ruling.laid_out
        entry = checkpoint[other]
        if other not in gone or settled or has_own(ruling.sides.targets, entry):
            continue
        asks = asks_of_pair(checkpoint[kernel], entry, kind, uses=uses)
        told = _INSIST.format(asks=asks, kernel=kernel, other=other)
        open_ = other if other in dropped else kernel
        yield open_, OpenQuestion.of(open_, told)
