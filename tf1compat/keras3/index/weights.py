"""What an index tells of a model: its weights and the layers that hold them."""

from __future__ import annotations

import dataclasses
from typing import Any

from tf1compat.printable import printable_name

__all__ = ["LayerNode", "Weight"]


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Weight:
    """One variable of a model; a variable that is used several times is one weight.

    Attributes:
      path: the weight's name in its :class:`~tf1compat.keras3.ModelIndex`, e.g.
        ``"encoder/dense_1/kernel"``; the same in every process that builds the model the same way.
      shape: its dimensions.
      dtype: its dtype by name, e.g. ``"float32"``.
      role: ``"kernel"``, ``"bias"``, ``"gamma"``, ``"moving_mean"``, ``"embedding"``, ... as in
        :mod:`tf1compat.names`; ``"seed"`` for the state of a random generator.
      kind: ``"weight"``, or ``"state"`` for what no checkpoint would hold (random generators).
      name: the variable's own name, as its layer gave it.
      layer_name: real name of the layer that holds it, automatic numbers included.
      layer_class: name of that layer's class, e.g. ``"Conv2D"``.
      layer_path: path of that layer's :class:`LayerNode`; ``""`` for the model itself.
      keras_path: the variable's ``path`` in this process.
      trainable: whether training would change it.
      order: place in the order of creation, as far as it can be told; from 0.
      uses: every path that leads to the variable, its own first.
      variable: the ``keras.Variable`` itself.
    """

    path: str
    shape: tuple[int, ...]
    dtype: str
    role: str
    kind: str
    name: str
    layer_name: str
    layer_class: str
    layer_path: str
    keras_path: str
    trainable: bool
    order: int
    uses: tuple[str, ...]
    variable: Any

    def __repr__(self) -> str:
        spec = f"shape={self.shape}, dtype={self.dtype}, role={self.role}"
        return printable_name(f"Weight({self.path!r}, {spec}, layer={self.layer_class})")

    @property
    def aliases(self) -> tuple[str, ...]:
        """The other paths that lead to the same variable."""
        return self.uses[1:]

    @property
    def enclosing(self) -> tuple[str, ...]:
        """Path segments of the layers that enclose the weight, outermost first."""
        return tuple(self.layer_path.split("/")) if self.layer_path else ()


@dataclasses.dataclass(frozen=True, eq=False)
class LayerNode:
    """One layer of a model; a layer that is used several times is one node.

    Attributes:
      path: the layer's name in the index; ``""`` for the model itself.
      name: its real name, automatic numbers included.
      class_name: name of its class.
      weights: paths of the weights it holds itself, not those of its sublayers.
      order: place in the order of creation, as far as it can be told; from 0.
      number: the automatic number of its name (``dense`` is 0, ``dense_5`` is 5), or None where
        the name isn't of that form. Numbers give the order of creation within a class.
      uses: every path that leads to the layer, its own first.
      layer: the ``keras.layers.Layer`` itself.
    """

    path: str
    name: str
    class_name: str
    weights: tuple[str, ...]
    order: int
    number: int | None
    uses: tuple[str, ...]
    layer: Any
