"""What a graph does with gradients before it steps by them: clipping, scaling, accumulating."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from tf1compat.checkpoint.meta._attributes import constant
from tf1compat.checkpoint.meta._expressions import ADDING, DIVIDING, SELECTING, Expressions
from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.meta.scalars import Tensor
from tf1compat.names.graph_names import gradients_scope, in_gradients
from tf1compat.names.op_types import PASSING_OPS, SWITCHING_OPS, VARIABLE_OPS

__all__ = ["GradientChange", "gradient_changes"]

_ONES = ("Fill", "grad_ys_0")  # of the loss, in 1.15 and today
_OF_OTHERS = ("Fill_1", "grad_ys_1")
_MOST = 50  # ops between a gradient and a step
_PASSING = PASSING_OPS | SWITCHING_OPS | {"Cast", "StopGradient", "UnsortedSegmentSum"}


@dataclasses.dataclass(frozen=True)
class GradientChange:
    """One change of a gradient.

    Attributes:
      kind: ``"global_clipnorm"``, ``"clipnorm"``, ``"clipvalue"``, as Keras calls them;
        ``"times"`` or ``"by"`` a number; ``"accumulated"`` in a variable; ``"other"``.
      numbers: where its numbers are: what is clipped to (the largest value, then the least), or the
        factor.
      node: name of the op.
      op: its type.
      axes: along which the norms of ``"clipnorm"`` are; None where that isn't known.
      of: how many gradients a common norm is of; 0 where that isn't known, or there is none.
      loss: of the first change, where the number is that the loss was multiplied by, if it was.
    """

    kind: str
    numbers: tuple[Tensor, ...]
    node: str
    op: str
    of: int = 0
    loss: Tensor | None = None
    axes: tuple[int, ...] | None = None


def gradient_changes(read: Expressions, gradient: Tensor) -> tuple[GradientChange, ...]:
    """Returns what becomes of a gradient before a step, the last first.

    It ends where ``tf.gradients`` made it, which its scopes tell, or with what isn't known.
    """
    walk = _Walk(read)
    found: list[GradientChange] = []
    for _ in range(_MOST):
        node = read.node(gradient)
        if in_gradients(node.name):
            found[-1:] = [
                dataclasses.replace(one, loss=_loss_factor(read, node)) for one in found[-1:]
            ]
            break
        if node.op in _PASSING and node.inputs:
            gradient = read.inputs(node)[0]
            continue
        change, before = walk.change(node)
        found.append(change)
        if before is None:
            break
        gradient = before
    return tuple(found)


def _loss_factor(read: Expressions, gradient: Node) -> Tensor | None:
    """Returns the number that a loss was multiplied by last, before its gradients were taken.

    As loss scaling does. `tf.gradients` begins with ones for each loss, which the gradient of a
    product multiplies by the other factor. Of several losses none is known.
    """
    scope = gradients_scope(gradient.name)
    if any(read.readers(f"{scope}/{ones}") for ones in _OF_OTHERS):
        return None
    begun = [f"{scope}/{ones}" for ones in _ONES]
    found = (_factor(read, node, ones) for ones in begun for node in read.readers(ones))
    return next((one for one in found if one is not None), None)


def _factor(read: Expressions, node: Node, ones: str) -> Tensor | None:
    """Returns the number by which a product multiplies the ones that gradients begin with."""
    if node.op == "Mul" and in_gradients(node.name):
        for one, other in (read.inputs(node), read.inputs(node)[::-1]):
            if one[0] == ones and read.is_number(other):
                return other
    return None


class _Walk:
    """Reads single changes."""

    def __init__(self, read: Expressions) -> None:
        self._read = read

    def change(self, node: Node) -> tuple[GradientChange, Tensor | None]:
        """Returns the change that a node is, and the gradient before; None where none is known."""
        known: dict[str, Callable[[Node], tuple[GradientChange, Tensor] | None]] = {
            "Mul": self._multiplied,
            **dict.fromkeys(DIVIDING, self._divided),
            "Maximum": self._clipped,
            "ClipByValue": self._clipped_at_once,
        }
        found = known[node.op](node) if node.op in known else None
        if found is not None:
            return found
        kind = "accumulated" if node.op in VARIABLE_OPS else "other"
        return self._made(kind, node), None

    @staticmethod
    def _made(
        kind: str, node: Node, numbers: Sequence[Tensor] = (), *, of: int = 0
    ) -> GradientChange:
        return GradientChange(kind, tuple(numbers), node.name, node.op, of)

    def _multiplied(self, node: Node) -> tuple[GradientChange, Tensor] | None:
        first, second = self._read.inputs(node)
        for gradient, factor in ((first, second), (second, first)):
            if (clip := self._global_clip(factor)) is not None:
                limit, of = clip
                return self._made("global_clipnorm", node, [limit], of=of), gradient
        for gradient, factor in ((first, second), (second, first)):
            if self._read.is_number(factor):
                return self._made("times", node, [factor]), gradient
        return None

    def _divided(self, node: Node) -> tuple[GradientChange, Tensor] | None:
        above, below = self._read.inputs(node)
        for norm, limit in self._read.pairs(below, "Maximum"):  # 1.15's clip_by_norm
            for gradient, factor in self._read.pairs(above, "Mul"):
                if self._read.same_number(factor, limit):
                    made = self._made("clipnorm", node, [limit])
                    return dataclasses.replace(made, axes=self._axes(norm)), gradient
        return (self._made("by", node, [below]), above) if self._read.is_number(below) else None

    def _axes(self, norm: Tensor) -> tuple[int, ...] | None:
        """Returns the axes along which squares are summed up for a norm; None where none tells."""
        selected = self._read.operands(norm, *SELECTING)  # 0 has no root that can be derived
        root = self._read.operands(norm, "Sqrt")
        for total in (*selected[2:], *root):
            for axes in self._read.operands(total, "Sum")[1:]:
                return tuple(int(one) for one in constant(self._read.at(axes))) or None
        return None

    def _clipped(self, node: Node) -> tuple[GradientChange, Tensor] | None:
        first, second = self._read.inputs(node)
        for inner, least in ((first, second), (second, first)):
            for gradient, largest in self._read.pairs(inner, "Minimum"):
                if self._read.is_number(least) and self._read.is_number(largest):
                    return self._made("clipvalue", node, [largest, least]), gradient
        return None

    def _clipped_at_once(self, node: Node) -> tuple[GradientChange, Tensor] | None:
        gradient, least, largest = self._read.inputs(node)
        return self._made("clipvalue", node, [largest, least]), gradient

    def _global_clip(self, factor: Tensor) -> tuple[Tensor, int] | None:
        """Returns of ``clip * min(1 / norm, 1 / clip)`` the clip, and what the norm is of."""
        # Nan where the norm isn't finite: 1.15 selects it, TensorFlow 2 adds the norm less itself.
        selected = self._read.operands(factor, *SELECTING)
        for scale, nothing in self._read.pairs(factor, *ADDING):
            if self._read.operands(nothing, "Sub"):
                selected = (factor, scale)
        for smallest, limit in self._read.pairs(selected[1] if selected else factor, "Mul"):
            for one, other in self._read.pairs(smallest, "Minimum"):
                by_norm, by_limit = (self._read.operands(x, *DIVIDING) for x in (one, other))
                if not by_norm or not by_limit or self._read.is_number(by_norm[1]):
                    continue
                return limit, self._parts(by_norm[1])
        return None

    def _parts(self, norm: Tensor) -> int:
        """Returns how many tensors a norm by ``tf.global_norm`` is of; 0 for another."""
        for total in self._read.operands(norm, "Sqrt"):
            for half, _ in self._read.pairs(total, "Mul"):
                for packed in self._read.operands(half, "Sum")[:1]:
                    return len(self._read.operands(packed, "Pack"))
        return 0
