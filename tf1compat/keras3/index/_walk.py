"""One walk over a model's layers that gives every layer and every weight its place."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from tf1compat.keras3.index._creation import creation_order
from tf1compat.keras3.index._naming import automatic_number, number_offsets, segments
from tf1compat.keras3.index._tree import Child, Tree
from tf1compat.keras3.index._variable_names import is_seed, role, variable_names
from tf1compat.keras3.index.requirements import require_built
from tf1compat.keras3.index.weights import LayerNode, Weight

__all__ = ["Walk", "walk_model"]


@dataclasses.dataclass(frozen=True)
class Walk:
    """What one walk found, in order of creation, and the layers directly within each."""

    root: keras.layers.Layer
    inner: Mapping[int, Sequence[Child]]
    layers: Sequence[LayerNode]
    weights: Sequence[Weight]


@dataclasses.dataclass(eq=False)
class _Found:
    """A layer on the walk: where it stands and what it holds."""

    layer: keras.layers.Layer
    uses: list[str]
    own: list[Any] = dataclasses.field(default_factory=list)
    names: list[str] = dataclasses.field(default_factory=list)

    @property
    def path(self) -> str:
        return self.uses[0]


def walk_model(root: keras.layers.Layer) -> Walk:
    """Returns the layers and weights of `root`.

    Raises:
      ModelError: if parts of it aren't built.
    """
    tree = Tree(root)
    found = _place(tree)
    require_built(root, ((place.path, place.layer) for place in found.values()))
    _share_out(tree, found)
    places = creation_order(root, tree.inner)
    ordered = sorted(found.values(), key=lambda place: places[id(place.layer)])
    weights = _weights(ordered)
    return Walk(root, tree.inner, _nodes(ordered, weights), weights)


def _place(tree: Tree) -> dict[int, _Found]:
    """Gives every layer its path; for a layer met again only the other path is noted."""
    found: dict[int, _Found] = {}
    offsets = number_offsets(tree.layers.values())
    waiting: list[tuple[keras.layers.Layer, str, tuple[int, ...]]] = [(tree.root, "", ())]
    while waiting:
        layer, path, above = waiting.pop()
        place = found.get(id(layer))
        if place is not None:
            if id(layer) not in above:
                place.uses.append(path)
            continue
        found[id(layer)] = _Found(layer, [path])
        held = tree.inner[id(layer)]
        prefix = f"{path}/" if path else ""
        inside = (*above, id(layer))
        for child, name in zip(
            reversed(held), reversed(segments(layer, held, offsets)), strict=True
        ):
            waiting.append((child.layer, prefix + name, inside))
    return found


def _share_out(tree: Tree, found: Mapping[int, _Found]) -> None:
    """Gives every variable of the model to the innermost layer that lists it as its own."""
    wanted = dict(tree.variables[id(tree.root)])
    left = dict(wanted)
    for place in found.values():
        place.own = [v for v in tree.own(place.layer) if id(v) in wanted]
        for variable in place.own:
            left.pop(id(variable), None)
    for place in reversed(list(found.values())):  # layers that hold each other
        held = [key for key in left if key in tree.variables[id(place.layer)]]
        place.own += [left.pop(key) for key in held]
    for place in found.values():
        place.names = variable_names(place.layer, place.own)


def _weights(ordered: Sequence[_Found]) -> list[Weight]:
    """Returns the weights of all layers; a variable held by several is its first holder's."""
    uses: dict[int, list[str]] = {}
    holders: dict[int, tuple[_Found, str, Any]] = {}
    for place in ordered:
        for variable, name in zip(place.own, place.names, strict=True):
            holders.setdefault(id(variable), (place, name, variable))
            uses.setdefault(id(variable), []).extend(
                f"{path}/{name}" if path else name for path in place.uses
            )
    return [
        _weight(place, name, variable, order=order, uses=tuple(uses[key]))
        for order, (key, (place, name, variable)) in enumerate(holders.items())
    ]


def _weight(
    place: _Found, name: str, variable: Any, *, order: int, uses: tuple[str, ...]
) -> Weight:
    class_name = type(place.layer).__name__
    seed = is_seed(variable)
    return Weight(
        path=uses[0],
        shape=tuple(variable.shape),
        dtype=str(variable.dtype),
        role="seed" if seed else role(class_name, place.path, name),
        kind="state" if seed else "weight",
        name=variable.name,
        layer_name=place.layer.name,
        layer_class=class_name,
        layer_path=place.path,
        keras_path=variable.path,
        trainable=bool(variable.trainable),
        order=order,
        uses=uses,
        variable=variable,
    )


def _nodes(ordered: Sequence[_Found], weights: Sequence[Weight]) -> list[LayerNode]:
    held: dict[str, list[str]] = {}
    for weight in weights:
        held.setdefault(weight.layer_path, []).append(weight.path)
    return [
        LayerNode(
            path=place.path,
            name=place.layer.name,
            class_name=type(place.layer).__name__,
            weights=tuple(held.get(place.path, ())),
            order=order,
            number=automatic_number(place.layer),
            uses=tuple(place.uses),
            layer=place.layer,
        )
        for order, place in enumerate(ordered)
    ]
