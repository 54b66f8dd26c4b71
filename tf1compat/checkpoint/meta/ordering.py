"""The ops of a graph in an order in which each comes after its inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = ["inputs_first"]


def inputs_first(inputs: Mapping[str, Iterable[str]]) -> list[str]:
    """Returns the ops after their inputs.

    Args:
      inputs: by op, the ops that it reads; those that aren't keys are left out. To cut a loop, a
        ``NextIteration`` is given none; a loop that isn't cut begins wherever it is met.

    >>> inputs_first({"y": ["x", "w"], "w": [], "x": []})
    ['w', 'x', 'y']
    """
    order: list[str] = []
    done: dict[str, bool] = {}  # False while an op's inputs are on the way
    for root in inputs:
        stack = [root]
        while stack:
            name = stack[-1]
            if name not in done:
                done[name] = False
                stack.extend(i for i in inputs[name] if i in inputs and i not in done)
                continue
            if not done[name]:
                done[name] = True
                order.append(name)
            stack.pop()
    return order
