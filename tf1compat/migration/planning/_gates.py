"""Recurrent weights that no shape decides: gates stand in another order in each library.

A kernel of TensorFlow 1.x's cells, or of CuDNN, may have the shape of Keras' and still hold other
gates, or the same ones transposed. Only what Keras itself saved, weight by weight in one scope and
all of them in the model's shapes, is taken as it is; anything else takes a rule that says how.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tf1compat.checkpoint import Entry
from tf1compat.errors import Problem
from tf1compat.keras3 import ModelIndex, Weight
from tf1compat.migration.layouts.layout import IDENTITY

__all__ = ["mistaken_gates", "unmoved_gates"]

_GATED = frozenset(
    (
        *("LSTM", "LSTMCell", "CuDNNLSTM", "GRU", "GRUCell", "CuDNNGRU"),
        *("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "ConvLSTMCell"),
        *("FullLSTMCell", "NormedLSTMCell"),
    )
)
_ROWS = re.compile(r"split\(0, \d+, \d+\)")
_ORDERS = {
    "LSTM": "Keras has the gates i, f, c, o, and 1.x's cells i, j, f, o and a forget_bias to add",
    "GRU": "Keras has the gates z, r, h, and 1.x's cells r, u and the candidate apart",
}


def mistaken_gates(
    sources: Mapping[str, Entry], index: ModelIndex, target: str, source: str
) -> Problem | None:
    """Returns why a gated weight can't just be taken from a source; None where it can.

    Args:
      sources: every variable of the checkpoint.
      index: the model's index.
      target: path of a weight.
      source: the variable that evidence supports for it.
    """
    weight = index[target]
    if weight.layer_class not in _GATED or _is_keras_own(sources, index, weight, source):
        return None
    if weight.role == "bias" and len(weight.shape) == 2 and sources[source].shape == weight.shape:
        return None  # nothing but tf.keras' GRU has a bias [2, 3n]
    kind = "GRU" if "GRU" in weight.layer_class else "LSTM"
    return Problem(
        target,
        f"a source in the gates of Keras' {weight.layer_class}",
        "gates that may stand in another order",
        origin=source,
        remedy=f"give it a rule with a layout ({_ORDERS[kind]}); with layout='{IDENTITY}' only if "
        "nothing is in another order",
    )


def unmoved_gates(
    sources: Mapping[str, Entry], weight: Weight, source: str, layout: str
) -> Problem | None:
    """Returns what is wrong with rows that are split off a kernel of 1.x's cells, or None.

    Of inputs and state in one kernel, as no cell of Keras has it, 1.x has the gates i, j, f, o.

    Args:
      sources: every variable of the checkpoint.
      weight: the weight that a rule fills.
      source: the variable that it is filled from.
      layout: the rule's layout.
    """
    entry = sources[source]
    if weight.layer_class not in ("LSTM", "LSTMCell") or entry.name.role != "kernel":
        return None
    units = weight.shape[-1] // 4
    joined = len(entry.shape) == 2 and entry.shape[1] == 4 * units and entry.shape[0] > units
    if not joined or not _ROWS.fullmatch(layout):
        return None
    return Problem(
        weight.path,
        "a layout that puts the gates i, j, f, o of 1.x's cells in Keras' order i, f, c, o",
        f"{layout}, which leaves them as they stand",
        remedy="add | blocks(0, 2, 1, 3) to it, and to the bias, which forget_bias is added to, "
        "too; or give the rule cross_roles=true if the cell has Keras' order",
    )


def _is_keras_own(
    sources: Mapping[str, Entry], index: ModelIndex, weight: Weight, source: str
) -> bool:
    """Tells whether a source's scope holds a layer of Keras: all its weights in their shapes."""
    scope, number = _set_of(sources[source])
    held = {e.name.role: e.shape for e in sources.values() if _set_of(e) == (scope, number)}
    wanted = {w.role: tuple(w.shape) for w in _siblings(index, weight)}
    return "recurrent_kernel" in wanted and all(held.get(r) == s for r, s in wanted.items())


def _set_of(entry: Entry) -> tuple[str, str]:
    """Returns scope and number: 1.15's StackedRNNCells keep ``kernel`` and ``kernel_1`` in one."""
    number = re.search(r"_(\d+)\Z", entry.name.leaf)
    return entry.name.scope, number[1] if number else ""


def _siblings(index: ModelIndex, weight: Weight) -> Iterator[Weight]:
    return (w for w in index.values() if w.layer_path == weight.layer_path and w.kind == "weight")
