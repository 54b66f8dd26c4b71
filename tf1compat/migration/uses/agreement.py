"""What follows for a pair from how both sides use it: it fits as it stands, reordered, or never."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

from tf1compat.checkpoint.meta.using import Use

__all__ = ["Agreement", "agreement", "families", "in_order", "use_role"]

Shape = tuple[int, ...]
Run = tuple[str, list[int]]

_MATRICES = ("product", "lookup", "convolution", "transposed_convolution", "depthwise")
_VECTORS = ("offset", "scale", "mean", "variance")
_SAME = {"row": "in", "column": "out"}  # looking a row up is a product with a one-hot vector
_AS_PRODUCT = {**_SAME, "space0": "in", "space1": "in", "space2": "in"}
_STANDARD = {"product": ("in", "out"), "lookup": ("in", "out")}


@dataclasses.dataclass(frozen=True)
class Agreement:
    """How two uses go together.

    Attributes:
      source: the use on the v1 side.
      target: the use on the Keras side.
      order: the source's axes in the order in which the target has them.
      blocks: the parts of the last axis in the order in which the target has them; () as they are.
      forget_bias: what is to be added to the forget gate.
    """

    source: Use
    target: Use
    order: tuple[int, ...]
    blocks: tuple[int, ...] = ()
    forget_bias: float = 0.0

    @property
    def moves(self) -> bool:
        """Whether anything stands elsewhere on the other side."""
        return self.order != tuple(sorted(self.order)) or bool(self.blocks or self.forget_bias)


def agreement(
    sources: Sequence[Use],
    targets: Sequence[Use],
    source: Shape,
    target: Shape,
    *,
    image: Shape | None = None,
) -> Agreement | None:
    """Returns how a variable's uses and a weight's go together; None where nothing is known.

    Where several pairs of uses go together, as of a table that is also multiplied by, one without a
    move is preferred.

    Args:
      sources: the variable's uses.
      targets: the weight's.
      source: the variable's shape.
      target: the weight's.
      image: the shape of the image that is flattened before the weight; None for none.
    """
    found = [one for s in sources for t in targets if (one := _joined(s, t, source, target, image))]
    return min(found, key=lambda one: one.moves, default=None)


def _joined(s: Use, t: Use, source: Shape, target: Shape, image: Shape | None) -> Agreement | None:
    alike = s.kind == t.kind and s.kind in _VECTORS
    if not alike and not families([s], source) & families([t], target, image):
        return None
    names = _SAME if s.kind == t.kind else _AS_PRODUCT
    order = _order(_runs(s, source, names), _runs(t, target, names), source)
    if order is None:
        return None
    blocks: tuple[int, ...] = ()
    bias = 0.0
    if s.gates or t.gates:
        if sorted(s.gates) != sorted(t.gates):
            return None
        places = tuple(s.gates.index(gate) for gate in t.gates)
        blocks = places if places != tuple(range(len(places))) else ()
        bias = _forget_bias(s) - _forget_bias(t) if s.kind == "offset" else 0.0
    return Agreement(s, t, order, blocks, bias)


def _forget_bias(use: Use) -> float:
    found = use.facts.get("forget_bias", 0.0)
    return float(found) if isinstance(found, (int, float)) else 0.0


def _runs(use: Use, shape: Shape, names: Mapping[str, str] = _SAME) -> list[Run]:
    """Returns what the axes are, neighbours of one meaning together, without axes of size 1."""
    runs: list[Run] = []
    for axis, found in enumerate(use.axes):
        if shape[axis] == 1:
            continue
        label = names.get(found, found)
        if runs and runs[-1][0] == label:
            runs[-1][1].append(axis)
        else:
            runs.append((label, [axis]))
    return runs


def _order(source: list[Run], target: list[Run], shape: Shape) -> tuple[int, ...] | None:
    """Returns the axes of `source` as `target` has them; None where they don't make it up."""
    axes = dict(source)
    labels = [label for label, _ in target]
    known = all(label and "*" not in label and label != "part" for label in (*axes, *labels))
    if not known or len(axes) != len(source) or len({*labels}) != len(labels):
        return None if [label for label, _ in source] != labels else tuple(range(len(shape)))
    if axes.keys() != {*labels}:
        return None
    ones = [axis for axis, size in enumerate(shape) if size == 1]
    moved = [axis for label in labels for axis in axes[label]]
    return tuple(range(len(shape))) if moved == sorted(moved) else (*ones, *moved)


def families(uses: Iterable[Use], shape: Shape, image: Shape | None = None) -> frozenset[str]:
    """Returns the kinds of arithmetic that what is so used can be exchanged with; none if unknown.

    A convolution over one place is a product; one over a whole image, without padding, is a product
    with the flattened image.

    Args:
      uses: what is known of a variable or weight.
      shape: its shape.
      image: of a product, the shape of the image that was flattened before it; None for none.
    """
    found: set[str] = set()
    for use in uses:
        if backwards := [axis for axis in use.axes if axis.startswith("-")]:
            found.add(f"{use.kind} along {', '.join(backwards)}")
        elif use.kind in ("product", "lookup"):
            found.add("product")
            if image is not None:
                found.add(f"convolution over {image}")
        elif use.kind == "offset" and math.prod(shape) == max(shape, default=1):
            found.add("a subtracted offset" if "subtracted" in use.facts else "an offset")
        elif use.kind == "convolution":
            found.add("convolution")
            if math.prod(shape[:-2]) == 1:
                found.add("product")
            elif use.facts.get("padding") == "VALID":
                found.add(f"convolution over {tuple(shape[:-1])}")
        elif use.kind in _MATRICES:
            found.add(use.kind)
        elif use.kind == "other":
            return frozenset()
    return frozenset(found)


def in_order(uses: Sequence[Use], shape: Shape) -> Shape:
    """Returns the shape with a kernel's inputs before its outputs, as nearly all are.

    As it is for what is used in both ways, or otherwise.
    """
    orders = set()
    for use in uses:
        runs = _runs(use, shape)
        if use.kind in _STANDARD:
            order = _order(runs, [(label, []) for label in _STANDARD[use.kind]], shape)
            orders.add(order if order is not None else tuple(range(len(shape))))
    (order,) = orders if len(orders) == 1 else (tuple(range(len(shape))),)
    return tuple(shape[axis] for axis in order)


def use_role(uses: Iterable[Use], shape: Shape) -> str:
    """Returns the role that all uses tell; ``"unknown"`` where they don't, or tell several.

    A table that is also multiplied by is a table. What is added and has several axes may be
    anything: a table of positions, say.
    """
    wide = sum(size != 1 for size in shape) > 1
    roles = {"unknown" if wide and use.kind in _VECTORS else use.role for use in uses}
    if "embedding" in roles:
        return "embedding"
    return roles.pop() if len(roles) == 1 else "unknown"
