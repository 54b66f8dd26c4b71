"""Gates of recurrent cells: what the parts of a product, or of its kernel, become."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tf1compat.checkpoint.meta._attributes import integer
from tf1compat.checkpoint.meta._moves import MOST_PARTS, strided_part
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta._wiring import SAME_VALUE, Output, Wiring
from tf1compat.checkpoint.meta.using import CANDIDATE, FORGET, INPUT, OUTPUT, RESET, UPDATE
from tf1compat.names.op_types import VARIABLE_OPS

__all__ = ["Piece", "gated_pieces", "gates_in_order"]

_ACTIVATIONS = frozenset(
    {"Sigmoid", "Tanh", "Relu", "Relu6", "Elu", "Selu", "Softplus", "Softsign"}
)
_SUMS = frozenset({"Add", "AddV2"})
_IN_PLACE = SAME_VALUE | {"BiasAdd", "Reshape", "Squeeze", "ExpandDims", "BatchToSpaceND"}
_DEEP = 16  # ops between a product and its activation
_MANY = 10_000  # places that are looked at behind one product


class Piece(NamedTuple):
    """A part of the last axis, the gate it becomes, and what constant is added to it."""

    begin: int
    end: int
    gate: str
    constant: float


def gated_pieces(wires: Wiring, output: Output, begin: int, end: int) -> Iterator[Piece]:
    """Yields the parts of an output that become gates, as parts of ``begin`` to ``end``."""
    yield from _after(wires, (output, begin, end, 0.0), _DEEP, set())


def gates_in_order(pieces: list[Piece], size: int) -> tuple[str, ...]:
    """Returns the gates of an axis in order, where parts of one size make it up; else ()."""
    named = {(piece.begin, piece.end): piece.gate for piece in pieces if piece.gate}
    spans = sorted(named)
    whole = [begin for begin, _ in spans] + [size] == [0] + [end for _, end in spans]
    even = len({end - begin for begin, end in spans}) == 1
    return tuple(named[span] for span in spans) if whole and even and len(spans) > 1 else ()


_Place = tuple[Output, int, int, float]  # what an output's part has become, and what was added


def _after(
    wires: Wiring, place: _Place, left: int, seen: set[tuple[_Place, int]]
) -> Iterator[Piece]:
    """Yields the gates behind an output, each way once; nothing more where there are too many."""
    if not left or (place, left) in seen or len(seen) > _MANY:
        return
    seen.add((place, left))
    output, begin, end, constant = place
    for node, operand in wires.readers(output):
        if node.op in _ACTIVATIONS:
            for value, first, last in _activated(wires, node, (begin, end)):
                yield Piece(first, last, _gate(wires, value, node.op), constant)
            continue
        span = (begin, end)
        for port, first, last in _parts(wires, node, operand, span):
            part = (node.name, port), first, last, constant
            yield from _after(wires, part, left - 1, seen)
        added = constant
        if node.op in _SUMS:
            other = wires.numbers(node, 1 - operand)
            added += float(other[0]) if other is not None and len(other) == 1 else 0.0
        if _peeps(wires, node, operand):  # Keras' cells have no peepholes
            continue
        if node.op in _SUMS | _IN_PLACE or _resets(wires, node, operand):
            yield from _after(wires, ((node.name, 0), begin, end, added), left - 1, seen)


def _activated(
    wires: Wiring, node: Node, span: tuple[int, int]
) -> Iterator[tuple[Output, int, int]]:
    """Yields the gates that an activation gives: itself, or its parts, as of 1.15's GRUCell."""
    parts = [
        ((reader.name, port), first, last)
        for reader, operand in wires.readers((node.name, 0))
        for port, first, last in _parts(wires, reader, operand, span)
    ]
    yield from parts or [((node.name, 0), *span)]


def _parts(
    wires: Wiring, node: Node, operand: int, span: tuple[int, int]
) -> Iterator[tuple[int, int, int]]:
    begin, end = span
    if node.op == "Split" and operand == 1 and wires.integers(node, 0) != (0,):
        count = min(integer(node, "num_split"), MOST_PARTS)
        size = (end - begin) // count if count else 0
        for place in range(count if size * count == end - begin else 0):
            yield place, begin + place * size, begin + (place + 1) * size
    elif node.op == "StridedSlice" and operand == 0:
        part = strided_part(wires, node)
        if part is not None and part[0] > 0 and not part[3]:
            first, last, _ = slice(part[1], part[2]).indices(end - begin)
            yield 0, begin + first, begin + last


def _resets(wires: Wiring, node: Node, operand: int) -> bool:
    """Tells a multiplication by a gate, as of a GRU's candidate after its product."""
    other = wires.source(node, 1 - operand) if node.op == "Mul" else None
    return other is not None and other.op == "Sigmoid"


def _peeps(wires: Wiring, node: Node, operand: int) -> bool:
    """Tells a sum with the state times a variable."""
    other = wires.source(node, 1 - operand) if node.op in _SUMS else None
    if other is None or other.op != "Mul":
        return False
    factors = [wires.source(other, place) for place in (0, 1)]
    return any(factor is not None and factor.op in VARIABLE_OPS for factor in factors)


def _gate(wires: Wiring, value: Output, activation: str) -> str:
    """Returns which gate a value is, by what becomes of it; ``""`` where that is unclear."""
    read = list(wires.readers(value))
    rest = next((r for r, at in read if at == 1 and _is_rest(wires, r)), None)
    if rest is not None:
        return UPDATE if _takes_candidate(wires, rest) else ""
    for reader, at in read:
        partner = wires.source(reader, 1 - at) if reader.op == "Mul" else None
        if partner is None:
            continue
        if _is_rest(wires, partner):
            return CANDIDATE
        if partner.op in _ACTIVATIONS and _is_new_state(wires, partner):
            return OUTPUT
        if partner.op in _ACTIVATIONS:
            if partner.op == activation:
                return ""
            return INPUT if activation == "Sigmoid" else CANDIDATE
        return FORGET if _is_kept(wires, reader) else RESET
    return ""


def _is_rest(wires: Wiring, node: Node) -> bool:
    """Tells what is left of 1 without a gate."""
    return node.op == "Sub" and wires.numbers(node, 0) == (1,)


def _takes_candidate(wires: Wiring, rest: Node) -> bool:
    """Tells whether the rest multiplies what is new, and the gate what was, as in all of 1.x's."""
    read = [(r, at) for r, at in wires.readers((rest.name, 0)) if r.op == "Mul"]
    partners = [wires.source(reader, 1 - at) for reader, at in read]
    return any(one is not None and one.op in _ACTIVATIONS for one in partners)


def _is_new_state(wires: Wiring, node: Node) -> bool:
    """Tells the activation of an LSTM's new state: a sum of two products of two values each."""
    found = wires.before(wires.source(node, 0), ("Minimum", "Maximum", "ClipByValue"))
    if found is None or found.op not in _SUMS:
        return False
    terms = [wires.source(found, place) for place in (0, 1)]
    return all(term is not None and term.op == "Mul" for term in terms)


def _is_kept(wires: Wiring, product: Node) -> bool:
    """Tells a product that another one is added to: the old state, and what is new."""
    for reader, at in wires.readers((product.name, 0)):
        other = wires.source(reader, 1 - at) if reader.op in _SUMS else None
        if other is not None and other.op == "Mul":
            return True
    return False
