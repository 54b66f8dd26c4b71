"""Values for the inputs of a v1 graph: made up where what they are is certain, asked for else.

Phases come from the names that programs give them: ``is_training`` is False, ``keep_prob`` is 1.
Integers stay below the sizes of the tables that they index.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tf1compat.errors import UsageError
from tf1compat.migration.verification.reference.input_specs import InputSpec
from tf1compat.migration.verification.reference.lengths import is_called_lengths
from tf1compat.names.graph_names import op_name, tensor_name
from tf1compat.names.op_types import PASSING_OPS, VARIABLE_OPS

__all__ = ["index_bounds", "made_up", "phase_of", "phases_of"]

_TRAINING = re.compile(
    r"(is_?)?(train(ing)?|train(ing)?_(mode|phase|flag)|phase(_train)?|trainable)"
)
_WORD = re.compile(r"\w+")
_DROPPING = re.compile(r"\w*drop(_?out)?(_?(prob|rate|ratio|p))?")
# Ops that pass integers on as they are: what indexes a table behind them is the input.
_MOVING = frozenset(
    [
        "Identity",
        "Reshape",
        "ExpandDims",
        "Squeeze",
        "Cast",
        "Transpose",
        "Pack",
        "Concat",
        "ConcatV2",
        "StridedSlice",
        "Slice",
        "Split",
        "SplitV",
        "Unpack",
        "Enter",
        "Switch",
        "Merge",
        "Unique",
        "Tile",
        "StopGradient",
        "PlaceholderWithDefault",
        "Reverse",
        "ReverseV2",
        "TensorArrayScatterV3",
        "TensorArrayReadV3",
        "TensorArrayV3",
        "Exit",
        "NextIteration",
    ]
)
_LOOKUPS = {"Gather": 1, "GatherV2": 1, "ResourceGather": 1, "GatherNd": 1}
_FAR = 64  # ops that a value is passed through
_FEW = 2  # what is no index is a flag, a mask or a segment
_NO_NUMBERS = frozenset(("string", "resource", "variant"))
_REAL_SEED = 1155
_SIZES = (0.5, 4.0)


def phase_of(spec: InputSpec) -> np.ndarray | None:
    """Returns what an input is when the graph doesn't train, if its name says that it tells so."""
    name = op_name(spec.name).rpartition("/")[2].lower()
    if spec.shape not in ((), None):
        return None
    if spec.dtype == "bool" and _TRAINING.fullmatch(name):
        return np.array(False)
    if spec.dtype.startswith("float"):
        if "keep" in name and _WORD.fullmatch(name):
            return np.array(1, spec.dtype)
        if _DROPPING.fullmatch(name):
            return np.array(0, spec.dtype)
    return None


def phases_of(specs: Iterable[InputSpec]) -> dict[str, np.ndarray]:
    """Returns the values of those inputs whose names say that they tell whether it trains."""
    found = {spec.name: phase_of(spec) for spec in specs}
    return {name: value for name, value in found.items() if value is not None}


def made_up(
    specs: Sequence[InputSpec],
    shapes: Mapping[str, Sequence[int]],
    bounds: Mapping[str, int],
    *,
    positive: bool = False,
    lengths: Container[str] = (),
) -> dict[str, np.ndarray]:
    """Returns random values for inputs, the same each time.

    Args:
      specs: the inputs.
      shapes: their shapes by name.
      bounds: by name, for integers, the smallest number that is too large.
      positive: whether real ones are positive, as energies are, and what logarithms take.
      lengths: names of those that are lengths of sequences, beside those that are called so.

    Raises:
      UsageError: an input takes no numbers.
    """
    if other := [spec.name for spec in specs if spec.dtype in _NO_NUMBERS]:
        raise UsageError(
            f"{', '.join(other)}: expected inputs that numbers can be made up for, found "
            "texts; name what the graph looks up of them as the inputs, or leave the proof out "
            "(--noprove)"
        )
    rng = np.random.default_rng(_REAL_SEED)
    longest = _longest(specs, shapes)
    found = {}
    for spec in specs:
        shape = tuple(shapes[spec.name])
        drawn = _of_many_sizes(rng.normal(size=shape))
        drawn = np.abs(drawn) if positive else drawn
        if spec.dtype.startswith(("int", "uint", "bool")):
            long = longest * (spec.name in lengths or is_called_lengths(spec.name))
            drawn = _whole(rng, spec, shape, bounds, long).astype(np.float64)
        found[spec.name] = np.asarray(drawn, dtype=spec.dtype)
    return found


def _longest(specs: Iterable[InputSpec], shapes: Mapping[str, Sequence[int]]) -> int:
    """Returns how long all sequences are at least, or 0 where there are none.

    Sequences are of vectors or of whole numbers; a matrix of real numbers is a batch of features.
    """
    rows = [
        shapes[spec.name][1]
        for spec in specs
        if len(shapes[spec.name]) > 2
        or (len(shapes[spec.name]) == 2 and spec.dtype.startswith(("int", "uint")))
    ]
    return min(rows, default=0)


def _whole(
    rng: np.random.Generator,
    spec: InputSpec,
    shape: tuple[int, ...],
    bounds: Mapping[str, int],
    longest: int,
) -> np.ndarray:
    """Returns whole numbers: lengths of sequences, rows of tables, or else flags.

    A zero often stands for what pads a sequence, so it is there at one's end alone.
    """
    if spec.name not in bounds and len(shape) == 1 and longest:
        return np.asarray(longest - np.arange(shape[0]) % longest)
    first = 1 if bounds.get(spec.name, _FEW) > _FEW and len(shape) > 1 else 0
    drawn = rng.integers(first, bounds.get(spec.name, _FEW), shape)
    if first and drawn.shape[1] > 1:
        drawn[-1, -1] = 0
    return drawn


def _of_many_sizes(drawn: np.ndarray) -> np.ndarray:
    """Returns values of which each member of the batch has a size of its own.

    Activations that are alike around zero, such as the two kinds of GELU, part further out.
    """
    if not drawn.ndim or not len(drawn):
        return drawn
    sizes = np.geomspace(*_SIZES, len(drawn))
    return drawn * sizes.reshape(-1, *[1] * (drawn.ndim - 1))


def index_bounds(graph_def: Any, inputs: Iterable[str]) -> dict[str, int]:
    """Returns for each input that indexes tables how many rows the smallest of them has."""
    nodes = {node.name: node for node in graph_def.node}
    readers: dict[str, list[Any]] = {}
    for node in graph_def.node:
        for one in node.input:
            readers.setdefault(tensor_name(one.lstrip("^")), []).append(node)
    outputs: dict[str, list[str]] = {}
    for tensor in readers:
        outputs.setdefault(op_name(tensor), []).append(tensor)
    found = {}
    for name in inputs:
        sizes = [rows for rows in _tables(name, nodes, readers, outputs) if rows > 0]
        if sizes:
            found[name] = min(sizes)
    return found


def _tables(
    start: str,
    nodes: Mapping[str, Any],
    readers: Mapping[str, list[Any]],
    outputs: Mapping[str, list[str]],
) -> list[int]:
    sizes, seen, waiting = [], set(), [start]
    while waiting:
        tensor = waiting.pop()
        name = op_name(tensor)
        for node in readers.get(tensor, ()):
            if node.name in seen:
                continue
            operands = [op_name(i) for i in node.input]
            if node.op in _LOOKUPS and operands[_LOOKUPS[node.op]] == name:
                sizes.append(_rows(operands[0], nodes))
            elif node.op == "OneHot" and operands[0] == name:
                sizes.append(_constant(nodes[operands[1]]))
            elif node.op in _MOVING:
                waiting += outputs.get(node.name, ())
            else:
                continue
            seen.add(node.name)
    return sizes


def _rows(name: str, nodes: Mapping[str, Any]) -> int:
    """Returns the number of rows of a table, back through reads and the joining of its parts."""
    node = _behind(name, nodes)
    if node is None or node.op not in ("ConcatV2", "Concat"):
        return _own_rows(node)
    parts = node.input[:-1] if node.op == "ConcatV2" else node.input[1:]
    return sum(_own_rows(_behind(op_name(one), nodes)) for one in parts)


def _behind(name: str, nodes: Mapping[str, Any]) -> Any:
    """Returns the node whose value another passes on; None where that goes too far."""
    for _ in range(_FAR):
        node = nodes[name]
        if node.op not in PASSING_OPS | {"Cast"} or not node.input:
            return node
        name = op_name(node.input[0])
    return None


def _own_rows(node: Any) -> int:
    dims = node.attr["shape"].shape.dim if node is not None and node.op in VARIABLE_OPS else ()
    return int(dims[0].size) if dims else 0


def _constant(node: Any) -> int:
    values = node.attr["value"].tensor.int_val
    return int(values[0]) if node.op == "Const" and len(values) else 0
