"""Inputs of a v1 graph that tell how long each sequence of a batch is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tf1compat.migration.verification.reference.cutting import data_inputs
from tf1compat.migration.verification.reference.input_specs import InputSpec
from tf1compat.names.graph_names import tensor_name
from tf1compat.names.op_types import PASSING_OPS

__all__ = ["is_called_lengths", "lengths_among", "whole_lengths"]

_CALLED = re.compile(r"len(gth)?s?(_|:|$|\b)|seq_?sizes?|num_?steps", re.IGNORECASE)
# `dynamic_rnn` and `bidirectional_dynamic_rnn` name what they take so, `sequence_mask` its scope.
_READER = re.compile(r"(^|/)(sequence_length|SequenceMask)(_\d+)?(/|$)")
_WHOLE_NUMBERS = frozenset(("int32", "int64"))


def is_called_lengths(name: str) -> bool:
    """Tells whether an input's name says that it is lengths."""
    return bool(_CALLED.search(name))


def lengths_among(graph_def: Any, specs: Iterable[InputSpec]) -> frozenset[str]:
    """Returns the names of those inputs that are lengths, by their names or by what reads them."""
    nodes = {node.name: node for node in graph_def.node}
    readers: dict[str, list[Any]] = {}
    for node in nodes.values():
        for one in data_inputs(node):
            readers.setdefault(tensor_name(one), []).append(node)
    vectors = [s for s in specs if s.dtype in _WHOLE_NUMBERS and len(s.shape or ()) == 1]
    return frozenset(
        one.name for one in vectors if is_called_lengths(one.name) or _read_so(one.name, readers)
    )


def _read_so(name: str, readers: Mapping[str, list[Any]]) -> bool:
    """Tells whether something takes a tensor for lengths."""
    seen, waiting = set(), [name]
    while waiting:
        tensor = waiting.pop()
        for node in readers.get(tensor, ()):
            lengths = node.op == "ReverseSequence" and tensor_name(node.input[1]) == tensor
            if lengths or _READER.search(node.name):
                return True
            if node.op in PASSING_OPS | {"Cast"} and node.name not in seen:
                seen.add(node.name)
                waiting.append(tensor_name(node.name))
    return False


def whole_lengths(names: Iterable[str], arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns lengths that take in all steps of all sequences, by name.

    Args:
      names: inputs of the graph that are lengths.
      arrays: values of other inputs; sequences are of vectors or of whole numbers.
    """
    sequences = [
        a.shape for a in arrays.values() if a.ndim > 2 or (a.ndim == 2 and a.dtype.kind in "iu")
    ]
    if not sequences:
        return {}
    batch, steps = sequences[0][:2]
    return {name: np.full((batch,), steps, np.int32) for name in names}
