"""contrib's LSTM with layer norms: a kernel without a bias, and a norm for each gate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tf1compat.checkpoint import Entry
from tf1compat.migration.meaning._cell_names import KERNELS, first_of
from tf1compat.migration.meaning._forget_bias import ASKS
from tf1compat.migration.meaning.base import Part, Question, Reading, Source
from tf1compat.names.reasons import Kind

__all__ = ["NormedLstm"]

_BY_NAME = Kind("normed_lstm", "{scope} holds kernel and norms of contrib's LayerNormBasicLSTMCell")

# contrib's words for the gates i, f, c, o, as Keras has them in order, and for the memory.
_GATES = ("input", "forget", "transform", "output")
_STATE = "state"
_BLOCKS = "blocks(0, 2, 1, 3)"  # from i, j, f, o


class NormedLstm(Reading):
    """LayerNormBasicLSTMCell onto a ``NormedLSTMCell`` of this package."""

    name = "normed_lstm"
    kinds = (_BY_NAME,)

    def read(self, source: Source) -> Iterator[Part | Question]:
        held = source.by_scope
        for scope, inside in held.items():
            kernel = first_of(inside, KERNELS)
            norms = {word: held.get(f"{scope}/{word}", {}) for word in (*_GATES, _STATE)}
            if kernel is None or not _fit(kernel, norms):
                continue
            added = _added(source, norms["forget"]["beta"].key)
            if added is None:
                both = (one[leaf].key for one in norms.values() for leaf in ("gamma", "beta"))
                yield Question((kernel.key, *both), ASKS)
            else:
                yield from _parts(scope, kernel, norms, added)


def _fit(kernel: Entry, norms: Mapping[str, Mapping[str, Entry]]) -> bool:
    rows, columns = kernel.shape if len(kernel.shape) == 2 else (0, 1)
    units = columns // 4
    return (
        columns == 4 * units
        and rows > units
        and all(
            leaf in one and one[leaf].shape == (units,)
            for one in norms.values()
            for leaf in ("gamma", "beta")
        )
    )


def _added(source: Source, beta: str) -> float | None:
    found = source.uses.gate_constants.get(beta) if source.uses is not None else None
    return source.assumptions.forget_bias if found is None else found


def _parts(
    scope: str, kernel: Entry, norms: Mapping[str, Mapping[str, Entry]], added: float
) -> Iterator[Part]:
    rows, columns = kernel.shape
    units, because = columns // 4, _BY_NAME.because(scope=scope)
    layer = f"an RNN of tf1compat.keras3.NormedLSTMCell({units})"

    def part(
        name: str, role: str, shape: tuple[int, ...], sources: tuple[Entry, ...], layout: str
    ) -> Part:
        names = tuple(entry.key for entry in sources)
        return Part(f"{scope}/{name}", scope, role, shape, names, layout, layer, because)

    inputs = rows - units
    for role, start, stop in (("kernel", 0, inputs), ("recurrent_kernel", inputs, rows)):
        layout = f"split(0, {start}, {stop}) | {_BLOCKS}"
        yield part(role, role, (stop - start, columns), (kernel,), layout)
    for leaf in ("gamma", "beta"):
        gates = tuple(norms[gate][leaf] for gate in _GATES)
        more = f" | forget_bias({added})" if leaf == "beta" and added else ""
        yield part(leaf, leaf, (columns,), gates, f"concatenate(0){more}")
        yield part(f"state_{leaf}", leaf, (units,), (norms[_STATE][leaf],), "identity")
