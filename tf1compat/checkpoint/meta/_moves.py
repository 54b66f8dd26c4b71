"""Ops that only move the numbers of a value, and what they make of its axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from tf1compat.checkpoint.meta._attributes import integer, integers, is_scalar
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta._wiring import Wiring
from tf1compat.checkpoint.meta.using import Move, Shape

__all__ = ["MOST_PARTS", "axes_before", "moved", "strided_part"]

MOST_PARTS = 4096  # that a value is split into; a file may say any number
Axes = tuple[str, ...]
Moved = tuple[int, tuple[Move, ...]]


def moved(wires: Wiring, node: Node, operand: int, shape: Shape) -> Iterator[Moved]:
    """Yields, for an op that only moves its input, each output's number and what happens to it."""
    move = _MOVES.get(node.op)
    if move is not None:
        yield from move(wires, node, operand, shape)


def axes_before(axes: Axes, moves: Sequence[Move]) -> Axes:
    """Returns what the axes of a value are, given what they are after some moves; () if unknown."""
    for move in reversed(moves):
        if len(axes) != len(move.after):
            return ()
        if move.op == "transpose":
            before = [""] * len(axes)
            for place, axis in enumerate(move.numbers):
                before[axis] = axes[place]
            axes = tuple(before)
        elif move.op == "reshape":
            axes = _unshaped(axes, move.before, move.after)
        elif move.op == "reverse":
            axes = tuple(_turned_round(a) if i in move.numbers else a for i, a in enumerate(axes))
        elif move.op == "part":
            axis = move.numbers[0]
            axes = tuple("part" if i == axis and not a else a for i, a in enumerate(axes))
    return axes


def _turned_round(axis: str) -> str:
    """Returns an axis that runs the other way: ``-space0``."""
    return axis.removeprefix("-") if axis.startswith("-") else f"-{axis}" if axis else axis


def _unshaped(axes: Axes, before: Shape, after: Shape) -> Axes:
    groups = _groups(before, after)
    found = [""] * len(before)
    if groups is None:
        return ()
    for own, others in groups:
        labels = list(dict.fromkeys(axes[j] for j in others if after[j] != 1))
        wide = [i for i in own if before[i] != 1]
        if not wide and own and others:  # ones alone
            found[own[-1]] = axes[others[-1]]
        elif len(labels) > 1 and len(wide) > 1:
            return ()
        for i in wide:
            found[i] = "*".join(labels)
    return tuple(found)


def _groups(before: Shape, after: Shape) -> list[tuple[list[int], list[int]]] | None:
    """Returns which axes of one shape make up which of another; None where sizes aren't known."""
    sizes = [size for size in (*before, *after) if not size]
    if sizes or math.prod(s or 0 for s in before) != math.prod(s or 0 for s in after):
        return None
    found: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(before) or j < len(after):
        own: list[int] = []
        others: list[int] = []
        left = right = 1
        while not own or left != right or not others:
            if i < len(before) and (not own or left < right):
                own.append(i)
                left *= before[i] or 1
                i += 1
            elif j < len(after) and (not others or right < left):
                others.append(j)
                right *= after[j] or 1
                j += 1
            else:
                break
        found.append((own, others))
    return found


def _transpose(wires: Wiring, node: Node, operand: int, shape: Shape) -> Iterator[Moved]:
    order = wires.integers(node, 1)
    if order is None or sorted(order) != list(range(len(shape))):
        return
    if operand == 0:
        yield 0, (Move("transpose", order, shape, tuple(shape[axis] for axis in order)),)


def _reshape(wires: Wiring, node: Node, operand: int, shape: Shape) -> Iterator[Moved]:
    sizes = wires.integers(node, 1)
    if operand == 0 and sizes is not None and None not in shape:
        total = math.prod(size or 0 for size in shape)
        rest = math.prod(size for size in sizes if size != -1)
        after = tuple(total // rest if size == -1 and rest else size for size in sizes)
        yield 0, (Move("reshape", after, shape, after),)


def _expand(wires: Wiring, node: Node, operand: int, shape: Shape) -> Iterator[Moved]:
    at = wires.integers(node, 1)
    if operand == 0 and at and -len(shape) - 1 <= at[0] <= len(shape):
        axis = at[0] % (len(shape) + 1)
        yield 0, (_reshaped(shape, (*shape[:axis], 1, *shape[axis:])),)


def _squeeze(wires: Wiring, node: Node, operand: int, shape: Shape) -> Iterator[Moved]:
    axes = {axis % len(shape) for axis in integers(node, "squeeze_dims")} if shape else set()
    kept = tuple(s for i, s in enumerate(shape) if (i not in axes if axes else s != 1))
    yield 0, (_reshaped(shape, kept),)


def _reshaped(before: Shape, after: Shape) -> Move:
    return Move("reshape", tuple(-1 if s is None else s for s in after), before, after)


def _split(wires: Wiring, node: Node, operand: int, shape: Shape) -> Iterator[Moved]:
    at, count = wires.integers(node, 0), integer(node, "num_split")
    if operand == 1 and at and shape and 0 < count <= MOST_PARTS:
        axis = at[0] % len(shape)
        size = (shape[axis] or 0) // count
        for place in range(count):
            yield place, (_part(shape, axis, place * size, (place + 1) * size),)


def _split_sizes(wires: Wiring, node: Node, operand: int, shape: Shape) -> Iterator[Moved]:
    sizes, at = wires.integers(node, 1), wires.integers(node, 2)
    if operand == 0 and sizes and at and shape and -1 not in sizes:
        begin = 0
        for place, size in enumerate(sizes):
            yield place, (_part(shape, at[0] % len(shape), begin, begin + size),)
            begin += size


def _part(shape: Shape, axis: int, begin: int, end: int) -> Move:
    after = (*shape[:axis], end - begin, *shape[axis + 1 :])
    return Move("part", (axis, begin, end), shape, after)


def strided_part(wires: Wiring, node: Node) -> tuple[int, int, int | None, bool] | None:
    """Returns axis, begin, end (None for the last) of the one axis that a ``StridedSlice`` cuts.

    And whether it then drops that axis. None where it cuts several, or otherwise.
    """
    begin, end, steps = (wires.integers(node, operand) for operand in (1, 2, 3))
    if begin is None or end is None or steps is None or {*steps} != {1}:
        return None
    if not len(begin) == len(end) == len(steps):
        return None
    if integer(node, "ellipsis_mask") or integer(node, "new_axis_mask"):
        return None
    masks = [integer(node, f"{key}_mask") for key in ("begin", "end", "shrink_axis")]
    cut: list[tuple[int, int, int | None, bool]] = []
    for axis, (first, last) in enumerate(zip(begin, end, strict=True)):
        open_begin, open_end, dropped = (bool(mask >> axis & 1) for mask in masks)
        if dropped:
            cut.append((axis, first, first + 1, True))
        elif not (open_begin and open_end):
            cut.append((axis, 0 if open_begin else first, None if open_end else last, False))
    return cut[0] if len(cut) == 1 else None


def _reverse(wires: Wiring, node: Node, operand: int, shape: Shape) -> Iterator[Moved]:
    axes = wires.integers(node, 1) if operand == 0 else None
    if axes is not None and all(-len(shape) <= axis < len(shape) for axis in axes):
        found = tuple(axis % len(shape) for axis in axes)
        yield 0, (Move("reverse", found, shape, shape),)


def _backwards(wires: Wiring, node: Node, shape: Shape) -> tuple[int, ...]:
    """Returns the axes that a ``StridedSlice`` reverses, if it does nothing else: ``w[::-1]``."""
    steps = wires.integers(node, 3) or ()
    masks = {integer(node, f"{key}_mask") for key in ("begin", "end")}
    others = [integer(node, f"{key}_mask") for key in ("shrink_axis", "new_axis", "ellipsis")]
    whole = masks == {(1 << len(steps)) - 1} and not any(others) and {*steps} <= {1, -1}
    return tuple(axis for axis, step in enumerate(steps) if step == -1) if whole else ()


def _slice(wires: Wiring, node: Node, operand: int, shape: Shape) -> Iterator[Moved]:
    if operand == 0 and (turned := _backwards(wires, node, shape)):
        yield 0, (Move("reverse", turned, shape, shape),)
        return
    part = strided_part(wires, node) if operand == 0 else None
    if part is None or part[0] >= len(shape):
        return
    axis, begin, end, dropped = part
    size = shape[axis]
    if size is None:
        return
    first, last, _ = slice(begin, end).indices(size)
    if dropped:
        yield 0, _one_of(shape, axis, begin % size if size else 0)
    else:
        yield 0, (_part(shape, axis, first, last),)


def _block(wires: Wiring, node: Node, operand: int, shape: Shape) -> Iterator[Moved]:
    """A ``Slice``, where it leaves all axes but one whole."""
    begin, sizes = wires.integers(node, 1), wires.integers(node, 2)
    if operand != 0 or not begin or not sizes or not len(begin) == len(sizes) == len(shape):
        return
    spans = [(b, -1 if s == -1 else b + s) for b, s in zip(begin, sizes, strict=True)]
    cut = [axis for axis, (b, end) in enumerate(spans) if b or end not in (-1, shape[axis])]
    if len(cut) > 1 or any(shape[axis] is None for axis in cut):
        return
    moves = [
        _part(shape, axis, spans[axis][0], (shape[axis] or 0) if end == -1 else end)
        for axis in cut
        for end in spans[axis][1:]
    ]
    yield 0, tuple(moves)


def _unpack(wires: Wiring, node: Node, operand: int, shape: Shape) -> Iterator[Moved]:
    axis = integer(node, "axis") % len(shape) if shape else 0
    for place in range(min(integer(node, "num"), MOST_PARTS) if shape else 0):
        yield place, _one_of(shape, axis, place)


def _gathered(wires: Wiring, node: Node, operand: int, shape: Shape) -> Iterator[Moved]:
    """One row by a constant number: ``tf.gather(w, 2)``."""
    index = wires.source(node, 1) if operand == 0 else None
    along = wires.integers(node, 2) if len(node.inputs) > 2 else (0,)
    if index is None or along != (0,) or not is_scalar(index) or not shape:
        return
    (place,) = wires.integers(node, 1) or (-1,)
    if 0 <= place < (shape[0] or 0):
        yield 0, _one_of(shape, 0, place)


def _one_of(shape: Shape, axis: int, place: int) -> tuple[Move, Move]:
    part = _part(shape, axis, place, place + 1)
    return part, _reshaped(part.after, (*shape[:axis], *shape[axis + 1 :]))


def _concat(wires: Wiring, node: Node, operand: int, shape: Shape) -> Iterator[Moved]:
    at = wires.integers(node, len(node.inputs) - 1)
    if not at or not shape or operand == len(node.inputs) - 1:
        return
    axis = at[0] % len(shape)
    sizes = [_size(wires.source(node, place), axis) for place in range(len(node.inputs) - 1)]
    whole = None if None in sizes else sum(size or 0 for size in sizes)
    yield 0, (Move("concat", (axis,), shape, (*shape[:axis], whole, *shape[axis + 1 :])),)


def _size(node: Node | None, axis: int) -> int | None:
    shape = node.shape if node is not None else None
    return shape[axis] if shape is not None and axis < len(shape) else None


def _negate(wires: Wiring, node: Node, operand: int, shape: Shape) -> Iterator[Moved]:
    yield 0, (Move("negate", (), shape, shape),)


_MOVES: Mapping[str, Callable[[Wiring, Node, int, Shape], Iterator[Moved]]] = {
    "Transpose": _transpose,
    "Reshape": _reshape,
    "ExpandDims": _expand,
    "Squeeze": _squeeze,
    "Split": _split,
    "SplitV": _split_sizes,
    "StridedSlice": _slice,
    "Slice": _block,
    "Unpack": _unpack,
    "Gather": _gathered,
    "GatherV2": _gathered,
    "ResourceGather": _gathered,
    "ConcatV2": _concat,
    "Neg": _negate,
    "ReverseV2": _reverse,
}
