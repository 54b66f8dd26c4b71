"""What the variables of an object-based checkpoint are: roles, slots, counters, state."""

from __future__ import annotations

import collections
import dataclasses
import re
from collections.abc import Iterator, Mapping

from tf1compat.checkpoint.entry import Entry
from tf1compat.checkpoint.object_based._object_graph import ObjectGraph, parse_object_graph
from tf1compat.checkpoint.object_based.keys import OBJECT_GRAPH, ObjectKey, parse_key
from tf1compat.checkpoint.wire import WireError
from tf1compat.errors import BudgetError, CheckpointError, CorruptCheckpointError
from tf1compat.names import VariableName, parse_name
from tf1compat.names.kept_slots import kept_slots

__all__ = ["Described", "check_graph", "describe"]

_LARGEST = 64 << 20  # bytes of an object graph that are read

_CONFIGURATIONS = ("OBJECT_CONFIG_JSON", "CONFIG_JSON")
_STEPS = ("global_step", "step", "iter", "iterations", "_iterations")
_METRIC = re.compile(r"(?:.*/)?keras_api/metrics/\d+/.*", re.DOTALL)
_RANDOM = ("_state_var", "seed_generator_state")
# Names of attributes that Keras counts, and that tell nothing of what the program called them.
_COUNTED = re.compile(
    r"(?P<model>.*?/)?(?:layer(?:_with_weights)?-\d+/.*|_?(?:[a-z]+_)*(?:variables|weights)/\d+)",
    re.DOTALL,
)
# What only an optimizer has among its attributes, whether it keeps slots or not.
_OPTIMIZERS = (
    {"iter", "learning_rate"},
    {"_iterations", "_learning_rate"},
    {"_iterations", "_variables"},  # with a schedule
    {"beta1_power", "beta2_power"},
    {"loss_scale", "base_optimizer"},
)


@dataclasses.dataclass(frozen=True)
class Described:
    """What is known of the variables of one checkpoint.

    Attributes:
      names: each name taken apart.
      saved_names: the names that variables had in the program that saved them, where the object
        graph has one; they need not be unique.
    """

    names: Mapping[str, VariableName]
    saved_names: Mapping[str, str]


def describe(variables: Mapping[str, Entry]) -> Described:
    """Returns what the keys and the object graph say of a checkpoint's variables.

    Slots are told by their keys, an optimizer's own variables by their being reached through it
    alone, and the rest by its leaf. A variable's scope is its path; where that is only counted
    (``layer_with_weights-0``), and each such variable has a name of its own in the object graph,
    the scope is that of the saved name (below the model's path, where two models share names). A
    slot's scope and leaf are those of its saved name.

    An object graph that can't be read leaves what the keys say; see :func:`check_graph`.
    """
    try:
        objects = _object_graph(variables[OBJECT_GRAPH])
    except BudgetError:
        raise
    except CheckpointError:
        objects = None
    by_key = {entry.stored_key: name for name, entry in variables.items()}
    saved = {} if objects is None else _saved_names(objects, by_key)
    state = set() if objects is None else {by_key.get(key) for key in _optimizer_keys(objects)}
    parsed = {name: parse_key(entry.stored_key) for name, entry in variables.items()}
    kinds = {
        name: _kind(entry, parsed[name], saved.get(name, "")) for name, entry in variables.items()
    }
    for name, kind in kinds.items():
        if kind in ("variable", "global_step") and name in state:
            kinds[name] = "optimizer_state"
    spelled = _spelled([name for name, kind in kinds.items() if kind == "variable"], saved)
    names = {
        name: _variable(name, spelled.get(name, name), kinds[name], saved.get(name, ""))
        for name in variables
    }
    for name, key in parsed.items():
        if kinds[name] == "slot":
            of_key = key.slot_of or ""  # of a variable that may not have been saved
            of = by_key.get(of_key) or parse_key(of_key).name
            role = names[of].role if of in names else "unknown"
            # Keras calls slots of several optimizers `m`: the saved name says whose they are.
            alone = parse_name(saved.get(name, name))
            names[name] = VariableName(name, alone.scope, alone.leaf, role, "slot", key.slot, of)
    return Described({**names, **dict(kept_slots(names, saved))}, saved)


def check_graph(entry: Entry) -> list[CheckpointError]:
    """Returns what is wrong with an object graph whose bytes are sound."""
    try:
        _object_graph(entry)
    except CheckpointError as error:
        return [error]
    return []


def _object_graph(entry: Entry) -> ObjectGraph:
    """Reads the object graph.

    Raises:
      CheckpointError: its bytes are damaged, or no object graph's.
    """
    if entry.shape != () or entry.dtype_name != "string" or entry.nbytes > _LARGEST:
        raise _corrupt(entry, f"{entry.dtype_name} of shape {entry.shape}, {entry.nbytes} bytes")
    try:
        return parse_object_graph(entry.read().item(), file=f"{entry.shards[0]}, {OBJECT_GRAPH}")
    except WireError as error:
        raise _corrupt(entry, error.message) from error


def _corrupt(entry: Entry, found: str) -> CorruptCheckpointError:
    return CorruptCheckpointError(
        f"expected an object graph, found {found}", file=entry.shards[0], variable=entry.key
    )


def _kind(entry: Entry, key: ObjectKey, saved: str) -> str:
    """Returns what a variable is by its key, its type and the name that its program gave it."""
    name = entry.key
    leaf = name.rpartition("/")[2]
    counts = entry.shape == () and entry.dtype_name.startswith("int")
    if entry.key == OBJECT_GRAPH or key.attribute in _CONFIGURATIONS:
        return "object_graph"
    if key.slot is not None:
        return "slot"
    # `tf.train.Checkpoint` makes one of its own and counts up before each save.
    if name == "save_counter" and counts:
        return "save_counter"
    if leaf in _STEPS and counts:
        return "global_step"
    # Keras' SavedModels hang the metrics of `compile` below the model.
    if _METRIC.fullmatch(name):
        return "metric"
    # Keras' `export` counts its variables: only the saved name says which draws.
    draws = leaf in _RANDOM or saved.rpartition("/")[2] in _RANDOM
    return "random_state" if draws else "variable"


def _variable(name: str, spelled: str, kind: str, saved: str) -> VariableName:
    """Returns a name taken apart; the role is what the path's leaf says, or else the saved one."""
    alone = parse_name(spelled)
    path = parse_name(name)
    roles = [one.role for one in (path, alone, parse_name(saved)) if one.role != "unknown"]
    role = roles[0] if roles and kind == "variable" else "unknown"
    return VariableName(name, alone.scope, alone.leaf, role, kind)


def _spelled(names: list[str], saved: Mapping[str, str]) -> Mapping[str, str]:
    """Returns `names` with the saved ones where paths are only counted; nothing if that's unclear.

    Where two models have the same saved names, each goes below the path of its model.
    """
    counted = {name: match for name in names if (match := _COUNTED.fullmatch(name))}
    if not all(name in saved for name in counted):
        return {}
    own = {name: name for name in names}
    plain = own | {name: saved[name] for name in counted}
    below = own | {name: (match["model"] or "") + saved[name] for name, match in counted.items()}
    return next((one for one in (plain, below) if len(set(one.values())) == len(names)), {})


def _saved_names(graph: ObjectGraph, by_key: Mapping[str, str]) -> dict[str, str]:
    return {
        by_key[key]: name
        for node in graph.nodes
        for key, name in node.tensors
        if name and key in by_key
    }


def _optimizer_keys(graph: ObjectGraph) -> Iterator[str]:
    """Yields the keys that are reached from the root through an optimizer alone."""
    reached = {0}
    waiting = collections.deque(reached)
    while waiting:
        node = graph.nodes[waiting.popleft()]
        if not _is_optimizer(set(node.children), has_slots=bool(node.slots)):
            fresh = set(node.children.values()) - reached
            reached |= fresh
            waiting.extend(sorted(fresh))
    for number, node in enumerate(graph.nodes):
        if number not in reached:
            yield from (key for key, _ in node.tensors)


def _is_optimizer(attributes: set[str], *, has_slots: bool) -> bool:
    return has_slots or any(attributes >= known for known in _OPTIMIZERS)
