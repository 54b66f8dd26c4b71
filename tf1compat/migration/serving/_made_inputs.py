"""Inputs of a signature that are made up: numbers as for a proof, and texts that say nothing."""

from __future__ import annotations

import dataclasses

import numpy as np

from tf1compat.migration.verification.reference.feeds import index_bounds, made_up
from tf1compat.migration.verification.reference.graph_file import GraphFile
from tf1compat.migration.verification.reference.input_pairing import concrete_shapes
from tf1compat.migration.verification.reference.input_specs import InputSpec
from tf1compat.migration.verification.reference.signatures import Signature

__all__ = ["made_inputs"]

_TEXT = "string"


def made_inputs(graph: GraphFile, signature: Signature) -> dict[str, np.ndarray]:
    """Returns arrays for the inputs of a signature, by the names of their tensors.

    Raises:
      UsageError: one has no known shape, or takes neither numbers nor texts.
    """
    known = {spec.name: spec for spec in graph.inputs}
    specs = [
        dataclasses.replace(
            known.get(one.name, InputSpec(one.name, one.dtype, one.shape, optional=False)),
            dtype=one.dtype,
        )
        for one in signature.inputs.values()
    ]
    shapes = concrete_shapes({spec.name: None for spec in specs}, specs, beside=graph.inputs)
    numbers = [spec for spec in specs if spec.dtype != _TEXT]
    bounds = index_bounds(graph.graph_def, [spec.name for spec in numbers])
    texts = {s.name: np.full(shapes[s.name], b"", object) for s in specs if s.dtype == _TEXT}
    return {**made_up(numbers, shapes, bounds), **texts}
