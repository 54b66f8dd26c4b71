"""GRU cells of 1.x: gates r and u in one kernel, the candidate in another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tf1compat.checkpoint import Entry
from tf1compat.migration.meaning.base import Part, Question, Reading, Source
from tf1compat.names.reasons import Kind

__all__ = ["Gru"]

_BY_NAME = Kind("gru_name", "{scope} holds gates and candidate of 1.15's GRUCell")

_PAIRS = re.compile(r"(?P<cell>.+)/(?:gates|Gates)(?:/Linear)?", re.DOTALL)
_CANDIDATES = ("candidate", "Candidate")
_LEAVES = (("kernel", "bias"), ("weights", "biases"), ("Matrix", "Bias"))
_LAYER = (
    "a GRU(reset_after=False) of its sizes: with reset_after=True, Keras' default, the reset gate "
    "is applied after the product, and no layout makes that equal"
)
# GRUBlockCell's, all in the scope of the cell: GRUBlockCellV2 has the names of GRUCell.
_OF_BLOCK = ("w_ru", "w_c", "b_ru", "b_c")
_ORDER = "blocks(1, 0, 2)"  # from r, u, candidate to Keras' z, r, h


class Gru(Reading):
    """GRUCell, GRUBlockCell, GRUBlockCellV2; their Keras equal is ``GRU(reset_after=False)``.

    1.15's cells apply the reset gate before the candidate's product, as that layer does; with
    ``reset_after=True``, Keras' default, the arithmetic is another, and no layout makes it equal.
    """

    name = "gru"
    kinds = (_BY_NAME,)

    def read(self, source: Source) -> Iterator[Part | Question]:
        held = source.by_scope
        for scope, gates in held.items():
            if all(leaf in gates for leaf in _OF_BLOCK):
                yield from _parts(scope, *(gates[leaf] for leaf in _OF_BLOCK))
            match = _PAIRS.fullmatch(scope)
            candidate = _candidate(held, scope, match["cell"]) if match else None
            if match is None or candidate is None:
                continue
            for leaves in _LEAVES:
                if all(leaf in gates and leaf in candidate for leaf in leaves):
                    four = [side[leaf] for leaf in leaves for side in (gates, candidate)]
                    yield from _parts(match["cell"], *four)


def _candidate(
    held: Mapping[str, Mapping[str, Entry]], scope: str, cell: str
) -> Mapping[str, Entry] | None:
    tail = "/Linear" if scope.endswith("/Linear") else ""
    found = (held.get(f"{cell}/{word}{tail}") for word in _CANDIDATES)
    return next((one for one in found if one is not None), None)


def _parts(
    cell: str, kernel: Entry, candidate: Entry, bias: Entry, candidate_bias: Entry
) -> Iterator[Part]:
    rows, units = candidate.shape if len(candidate.shape) == 2 else (0, 0)
    if kernel.shape != (rows, 2 * units) or rows <= units:
        return
    # Both kernels are of [inputs, state], the inputs' rows first.
    because, inputs = _BY_NAME.because(scope=cell), rows - units
    for role, start, stop in (("kernel", 0, inputs), ("recurrent_kernel", inputs, rows)):
        yield Part(
            f"{cell}/{role}",
            cell,
            role,
            (stop - start, 3 * units),
            (kernel.key, candidate.key),
            f"split(0, {start}, {stop}) | concatenate(1) | {_ORDER}",
            _LAYER,
            because,
        )
    yield Part(
        f"{cell}/bias",
        cell,
        "bias",
        (3 * units,),
        (bias.key, candidate_bias.key),
        f"concatenate(0) | {_ORDER}",
        _LAYER,
        because,
    )
