"""The graph of a Functional model, as calls of its operations on each other's outputs.

Read from the public ``input`` and ``output`` of its operations; where an operation was called more
than once, and for nested models, those don't say it all and the model's config is read instead.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import keras

from tf1compat.stopping import contained

__all__ = ["Call", "Graph", "Ref", "model_graph", "simple_edges"]


@dataclasses.dataclass(frozen=True)
class Ref:
    """One output of one call: the operation's name, which of its calls, which of its outputs."""

    operation: str
    call: int
    output: int


@dataclasses.dataclass(frozen=True)
class Call:
    """One call of an operation and the tensors it was given."""

    operation: Any
    number: int
    inputs: tuple[Ref, ...]


@dataclasses.dataclass(frozen=True)
class Graph:
    """All calls of a model, producers before consumers, with the model's inputs and outputs."""

    calls: tuple[Call, ...]
    inputs: tuple[Ref, ...]
    outputs: tuple[Ref, ...]


def model_graph(model: keras.Model) -> Graph | None:
    """Returns the graph of a Functional model; None where parts of it can't be told."""
    return _from_tensors(model) or _from_config(model)


def simple_edges(model: keras.Model) -> Iterator[tuple[Any, Any]]:
    """Yields (producer, consumer) operations, as far as first calls tell."""
    made = {id(t): op for op in model.operations for t in _tensors(op, "output")}
    for op in model.operations:
        for tensor in _tensors(op, "input"):
            if id(tensor) in made:
                yield made[id(tensor)], op


def _from_tensors(model: keras.Model) -> Graph | None:
    """Returns the graph if every operation was called just once, else None."""
    made: dict[int, Ref] = {}
    for op in model.operations:
        for place, tensor in enumerate(_tensors(op, "output")):
            made[id(tensor)] = Ref(op.name, 0, place)
    calls = []
    try:
        for op in model.operations:
            given = [] if _is_input(op) else _tensors(op, "input")
            if not given and not _is_input(op):
                return None
            calls.append(Call(op, 0, tuple(made[id(tensor)] for tensor in given)))
        ends = [tuple(made[id(t)] for t in side) for side in (model.inputs, model.outputs)]
    except KeyError:  # made by a second call, or by a call within another model
        return None
    return _sorted(calls, *ends)


def _from_config(model: keras.Model) -> Graph | None:
    try:
        with contained():
            config = model.get_config()
        operations = {op.name: op for op in model.operations}
        calls = [
            Call(operations[item["name"]], number, tuple(_refs(node)))
            for item in config["layers"]
            for number, node in enumerate(item["inbound_nodes"] or [[]])
        ]
        ends = [tuple(_ends(config[key])) for key in ("input_layers", "output_layers")]
    except Exception:  # a layer of the user's own whose get_config fails, or is missing
        return None
    return _sorted(calls, *ends)


def _sorted(calls: Sequence[Call], inputs: Any, outputs: Any) -> Graph | None:
    """Returns the graph with producers before consumers; None if a producer is missing."""
    by_key = {(call.operation.name, call.number): call for call in calls}
    waiting = dict.fromkeys(by_key, 0)
    consumers: dict[tuple[str, int], list[tuple[str, int]]] = {key: [] for key in by_key}
    for key, call in by_key.items():
        for source in {(ref.operation, ref.call) for ref in call.inputs}:
            if source not in by_key:
                return None
            waiting[key] += 1
            consumers[source].append(key)
    done = [key for key, count in waiting.items() if not count]
    for key in done:  # grows while it is read
        for consumer in consumers[key]:
            waiting[consumer] -= 1
            if not waiting[consumer]:
                done.append(consumer)
    if len(done) != len(by_key):
        return None
    return Graph(tuple(by_key[key] for key in done), inputs, outputs)


def _is_input(op: Any) -> bool:
    return isinstance(op, keras.layers.InputLayer)


def _tensors(op: Any, side: str) -> list[Any]:
    try:
        return keras.tree.flatten(getattr(op, side))
    except (AttributeError, ValueError):  # never called on symbolic tensors
        return []


def _refs(value: Any) -> Iterator[Ref]:
    """Yields the tensors that a serialized call was given."""
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            name, call, output = value["config"]["keras_history"]
            yield Ref(name, int(call), int(output))
        else:
            for item in value.values():
                yield from _refs(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _refs(item)


def _ends(value: Any) -> Iterator[Ref]:
    """Yields the tensors of a config's ``input_layers`` or ``output_layers``."""
    if isinstance(value, dict):
        for key in sorted(value):  # the order in which Keras flattens a dict
            yield from _ends(value[key])
    elif isinstance(value, (list, tuple)):
        if len(value) == 3 and isinstance(value[0], str):
            yield Ref(value[0], int(value[1]), int(value[2]))
        else:
            for item in value:
                yield from _ends(item)
