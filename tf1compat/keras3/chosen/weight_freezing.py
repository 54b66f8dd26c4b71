"""Freezing weights of a Keras model and thawing them, and what moves them all the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Literal, TypeAlias, get_args

import keras

from tf1compat.errors import ModelError, Problem, UsageError
from tf1compat.keras3.chosen._kept_by_files import files_keep
from tf1compat.keras3.chosen._moved import Hold, Moved, moved_by
from tf1compat.keras3.chosen._training_flags import Flags, TrainingFlags
from tf1compat.keras3.chosen._weight_set import WeightSet, trained_now
from tf1compat.keras3.index.model_index import ModelIndex
from tf1compat.keras3.index.weights import LayerNode, Weight
from tf1compat.printable import joined

__all__ = ["FrozenWeights", "UpdatePolicy", "freeze_weights", "thaw_weights"]

UpdatePolicy: TypeAlias = Literal["leave", "hold"]
"""What freezing does with statistics that layers move: leave them moving, or hold them."""

_AGAIN = "compile the model, and any other that trains these, after this"


class FrozenWeights(WeightSet):
    """The weights that were frozen, or thawed, and those that layers move by themselves.

    Attributes:
      moving: weights that go on being changed in training, by layers and not by an optimizer:
        moving statistics, and of a layer of your own whatever isn't trained.
      held: weights that layers would change and no longer do.
    """

    def __init__(
        self,
        model_index: ModelIndex,
        items: Sequence[Weight],
        *,
        moving: WeightSet,
        held: WeightSet,
    ) -> None:
        super().__init__(model_index, items)
        self.moving = moving
        self.held = held

    @property
    def unsaved(self) -> WeightSet:
        """Those that are frozen now, and that a file of the whole model would have trained again.

        Such files keep ``trainable`` of the layers that a config holds: those of Functional and
        Sequential models, also within each other and in wrappers, and cells with their layers; not
        single variables, nor what layers make for themselves (``MultiHeadAttention``, a program's
        own blocks).
        """
        trained = trained_now(self.model_index)
        frozen = [weight for weight in self.items if id(weight.variable) not in trained]
        unkept = [weight for weight in frozen if not files_keep(self.model_index, weight)]
        return WeightSet(self.model_index, unkept)

    def __str__(self) -> str:
        lines = super().__str__().split("\n")
        if self.moving:
            lines.append(f"still moved by their layers: {_some(self.moving.names)}")
        if self.held:
            lines.append(f"held: {_some(self.held.names)}")
        if unsaved := self.unsaved:
            lines.append(f"trained again once saved and loaded: {_some(unsaved.names)}")
        if self.items or self.held:
            lines.append(_AGAIN)
        return joined(lines)

    def _kept(self, items: Sequence[Weight]) -> FrozenWeights:
        return FrozenWeights(self.model_index, items, moving=self.moving, held=self.held)


@dataclasses.dataclass(frozen=True)
class _Mover:
    """A layer that changes variables by itself, and the weights that these are."""

    node: LayerNode
    weights: tuple[Weight, ...]
    hold: Hold

    @property
    def is_held(self) -> bool:
        return self.hold is Hold.UNTRAINABLE and not self.node.layer.trainable


class _Part:
    """A part of a model, and what is to be known before any of it is frozen or thawed."""

    def __init__(self, some: WeightSet) -> None:
        self.index = some.model_index
        self.flags = TrainingFlags(self.index)
        self.trainables = self.flags.made_to_be_trained()
        self.chosen = {id(weight.variable) for weight in some.items}
        self.items = some.items
        self.movers = tuple(self._concerned())

    def own(self, node: LayerNode) -> list[Weight]:
        """Returns the weights of a layer that were made to be trained."""
        every = (self.index[path] for path in node.weights)
        return [weight for weight in every if id(weight.variable) in self.trainables]

    def _concerned(self) -> Iterator[_Mover]:
        """Yields the layers that move weights among the chosen, or beside trainable ones."""
        by_variable = self.index.by_variable
        for node in self.index.layers:
            own = [self.index[path] for path in node.weights]
            untrained = [
                weight.variable
                for weight in own
                if weight.kind == "weight" and id(weight.variable) not in self.trainables
            ]
            moved: Moved = moved_by(node.layer, untrained)
            beside = {id(weight.variable) for weight in own} & self.trainables
            concerned = beside | {id(variable) for variable in moved.variables}
            weights = [by_variable[id(v)] for v in moved.variables if id(v) in by_variable]
            if weights and concerned & self.chosen:
                yield _Mover(node, tuple(weights), moved.hold)


def freeze_weights(some: WeightSet, *, updates: UpdatePolicy = "leave") -> FrozenWeights:
    """Keeps training from changing some weights, until they are thawed.

    A layer whose weights are all frozen gets ``trainable = False``, which files of whole models
    keep (the result's ``unsaved`` are those of which they don't); of others, and of layers that
    move statistics, the single variables do. A model that was compiled is to be compiled again:
    Keras refuses to train it until then, since its train function would go on changing what it did.

    Moving statistics aren't trained but changed by their layers: the result's ``moving`` names
    them, and ``updates='hold'`` sets ``trainable = False`` on batch normalizations among the frozen
    layers, which then normalize by their moving statistics in training too.

    Args:
      some: weights of a model; those that were never made to be trained may be among them.
      updates: ``'leave'``, or ``'hold'`` for moving statistics to be held too.

    Returns:
      The weights that were frozen by this call; none if all of them were frozen already.

    Raises:
      ModelError: no weight among `some` was made to be trained (nor is a moving statistic, with
        ``'hold'``); or something that is to be held can't be: nothing is frozen then.
      UsageError: `updates` isn't one of the two.
    """
    if updates not in get_args(UpdatePolicy):
        raise UsageError(f"updates: expected 'leave' or 'hold', found {updates!r}")
    part = _Part(some)
    holding = updates == "hold"
    if not part.chosen & part.trainables and not (holding and part.movers):
        raise _nothing("freeze", some, part.movers)
    before = part.flags.read()
    variables = {
        one: flag and not (one in part.chosen and one in part.trainables)
        for one, flag in before.variables.items()
    }
    if holding:
        _require_holdable(part, variables)
    moving = _ids(one for one in part.movers if not holding)
    layers = {**before.layers, **_untrainable(part, variables, moving)}
    return _carried_out(part, Flags(layers, variables), before)


def thaw_weights(some: WeightSet) -> FrozenWeights:
    """Lets training change frozen weights again.

    The layers that hold them get ``trainable = True``, and nothing else changes: what else was
    frozen within these stays frozen. A batch normalization moves its statistics again.

    Args:
      some: weights of a model; those that were never made to be trained stay untrained.

    Returns:
      The weights that are trained again by this call.

    Raises:
      ModelError: no weight among `some` was ever made to be trained.
    """
    part = _Part(some)
    thawed = part.chosen & part.trainables
    if not thawed:
        raise _nothing("thaw", some, ())
    before = part.flags.read()
    holding = [
        id(node.layer)
        for node in part.index.layers
        if thawed & {id(weight.variable) for weight in part.own(node)}
    ]
    layers = {**before.layers, **dict.fromkeys(part.flags.with_holders(holding), True)}
    variables = {one: flag or one in thawed for one, flag in before.variables.items()}
    return _carried_out(part, Flags(layers, variables), before)


def _carried_out(part: _Part, wanted: Flags, before: Flags) -> FrozenWeights:
    index = part.index
    held_before = {one.node.path for one in part.movers if one.is_held}
    trained = trained_now(index)
    part.flags.apply(wanted)
    if wanted != before:
        _require_compiling(index.model)
    now = trained_now(index)
    moving = [weight for one in part.movers if not one.is_held for weight in one.weights]
    newly = [one for one in part.movers if one.is_held and one.node.path not in held_before]
    held = [weight for one in newly for weight in one.weights]
    return FrozenWeights(
        index,
        [w for w in index.values() if (id(w.variable) in trained) != (id(w.variable) in now)],
        moving=WeightSet(index, moving),
        held=WeightSet(index, held),
    )


def _untrainable(
    part: _Part, variables: dict[int, bool], moving: Collection[int]
) -> dict[int, bool]:
    """Returns which layers get ``trainable = False``: all frozen, and that hold no other.

    And those of cells, of which configs know no more than their layer's.
    """
    found = {}
    for node in part.index.layers:
        inner = part.index.held_by(node.layer)
        own = {id(weight.variable) for weight in part.own(node)}
        if isinstance(node.layer, keras.layers.RNN):
            own |= {id(variable) for variable in node.layer.variables} & part.trainables
        elif inner or id(node.layer) in moving:
            continue
        concerned = own & part.chosen or _statistics_of(part, node)
        if concerned and not any(variables[one] for one in own):
            found[id(node.layer)] = False
    return found


def _statistics_of(part: _Part, node: LayerNode) -> bool:
    return any(one.node is node and one.hold is Hold.UNTRAINABLE for one in part.movers)


def _ids(movers: Any) -> set[int]:
    return {id(one.node.layer) for one in movers}


def _require_holdable(part: _Part, variables: dict[int, bool]) -> None:
    """Raises where statistics that are to be held can't be, or not by themselves."""
    problems = []
    for one in part.movers:
        names = _some([weight.path for weight in one.weights])
        rest = [w.path for w in part.own(one.node) if variables[id(w.variable)]]
        if one.hold is not Hold.UNTRAINABLE:
            expected = "a layer that holds still where its trainable is False"
            found = f"a {one.node.class_name}, which {_moves(one.hold)} {names}"
            remedy = "leave the layer out, or freeze with updates='leave'"
        elif rest:
            expected = f"all of the layer frozen, which is what holds {names}"
            found, remedy = f"{_some(rest)} trained", "freeze these too"
        else:
            continue
        problems.append(Problem(one.node.path or one.node.name, expected, found, "", remedy))
    if problems:
        raise ModelError.from_problems(
            "statistics that can't be held; nothing was frozen", problems
        )


def _moves(hold: Hold) -> str:
    return "always moves" if hold is Hold.NOTHING else "may move"


def _require_compiling(model: keras.layers.Layer) -> None:
    """Has Keras refuse to train a model that was compiled before: it would train as it did."""
    if getattr(model, "compiled", False):
        model.compiled = False


def _nothing(verb: str, some: WeightSet, movers: Sequence[_Mover]) -> ModelError:
    names = _some(some.names) or "no weights at all"
    message = f"expected weights that were made to be trained to {verb}, found none among: {names}"
    if movers:
        moved = _some([weight.path for one in movers for weight in one.weights])
        message += f"; {moved} are moved by their layers, which updates='hold' holds"
    return ModelError(message)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
