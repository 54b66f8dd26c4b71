"""Choosing weights of a live Keras model, and what is then done with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import keras

from tf1compat.errors import Problem, UnknownNameError, UsageError
from tf1compat.keras3.chosen._values_by_path import assign_values
from tf1compat.keras3.chosen._weight_set import WeightSet, trained_now
from tf1compat.keras3.chosen.layer_counts import LayerCounts, count_by_layer
from tf1compat.keras3.chosen.weight_freezing import (
    FrozenWeights,
    UpdatePolicy,
    freeze_weights,
    thaw_weights,
)
from tf1compat.keras3.chosen.weight_health import Health, health_of
from tf1compat.keras3.index.model_index import ModelIndex, index_model
from tf1compat.keras3.index.weights import Weight
from tf1compat.names import ROLES, in_scope, nearest_names
from tf1compat.names.choosing import (
    glob_pattern,
    pattern_of,
    require_known,
    require_some,
    require_texts,
)
from tf1compat.registry import is_a

__all__ = ["Selection", "select"]

_ROLES = (*ROLES, "seed")


class Selection(WeightSet):
    """Some weights of a model, chosen by :func:`select`, in order of creation; never changes.

    Its words are those of :class:`~tf1compat.graph.VariableQuery`, over a weight's paths: all that
    lead to it, of a layer that is used several times. Selections of one model combine by ``|``,
    ``&``, ``-``, ``^`` and ``~``. Iterating gives the variables, ``items`` their facts.
    """

    # Narrowing.

    def scope(self, *scopes: str) -> Selection:
        """Keeps what lies in one of `scopes`, exactly: ``conv1`` doesn't hold ``conv10/kernel``."""
        require_texts(scopes, "a scope")
        return self._where_path(lambda path: any(in_scope(path, one) for one in scopes))

    def named(self, *names: str) -> Selection:
        """Keeps the weights of these paths."""
        require_texts(names, "a name")
        return self._where_path(lambda path: path in names)

    def glob(self, *patterns: str) -> Selection:
        """Keeps paths that match a glob; ``*`` stays within a component, ``**`` crosses slashes.

        Raises:
          UsageError: a pattern is no glob.
        """
        require_texts(patterns, "a glob")
        compiled = [pattern_of("glob", one, glob_pattern(one)) for one in patterns]
        return self._where_path(lambda path: any(one.fullmatch(path) for one in compiled))

    def regex(self, *patterns: str) -> Selection:
        """Keeps paths of which the whole matches one of `patterns`, in Python's syntax.

        Raises:
          UsageError: a pattern is no regular expression, or has look-arounds or back-references.
        """
        require_texts(patterns, "a pattern")
        compiled = [pattern_of("regex", one, one) for one in patterns]
        return self._where_path(lambda path: any(one.fullmatch(path) for one in compiled))

    def role(self, *roles: str) -> Selection:
        """Keeps what has one of :data:`tf1compat.names.ROLES` (``kernel``, ...), or is a ``seed``.

        Raises:
          UsageError: a role that there isn't.
        """
        require_known(roles, _ROLES, "role")
        return self._where(lambda weight: weight.role in roles)

    def layer(self, *layers: str | keras.layers.Layer) -> Selection:
        """Keeps what these layers hold, and what is within them.

        Args:
          layers: layers of the model, or their paths.

        Raises:
          UnknownNameError: the model has no such layer; nearest paths are named.
          UsageError: something else is given.
        """
        require_some(layers, "a layer")
        held = _held_by(self.model_index, layers)
        return self._where(lambda weight: id(weight.variable) in held)

    def trainable(self) -> Selection:
        """Keeps what training the model would change, as it is now."""
        trained = trained_now(self.model_index)
        return self._where(lambda weight: id(weight.variable) in trained)

    def untrainable(self) -> Selection:
        """Keeps what it wouldn't: moving statistics, seeds, frozen weights."""
        return self - self.trainable()

    def where(self, accept: Callable[[Weight], bool]) -> Selection:
        """Keeps the weights for which `accept` returns true of their facts."""
        return self._where(accept)

    # Set operations.

    def __or__(self, other: Any) -> Selection:
        return self._combined(other, lambda mine, theirs: mine | theirs)

    def __and__(self, other: Any) -> Selection:
        return self._combined(other, lambda mine, theirs: mine & theirs)

    def __sub__(self, other: Any) -> Selection:
        return self._combined(other, lambda mine, theirs: mine - theirs)

    def __xor__(self, other: Any) -> Selection:
        return self._combined(other, lambda mine, theirs: mine ^ theirs)

    def __invert__(self) -> Selection:
        return self._of_model(self.model_index.by_variable.keys() - _identities(self))

    # What is done with them.

    def freeze(self, *, updates: UpdatePolicy = "leave") -> FrozenWeights:
        """Keeps training from changing these weights; see :func:`freeze_weights`.

        A compiled model is to be compiled again: Keras refuses to train it until then. A model
        around this one isn't known here, and doesn't notice by itself.

        Args:
          updates: ``'leave'``, or ``'hold'`` for batch normalizations among them to hold their
            moving statistics, and to normalize by these.

        Returns:
          The weights that were frozen by this call; ``moving`` are those that layers go on
          changing.

        Raises:
          ModelError: there is nothing to freeze, or something that is to be held can't be.
        """
        return freeze_weights(self, updates=updates)

    def thaw(self) -> FrozenWeights:
        """Lets training change these weights again, and nothing else that is frozen.

        Returns:
          The weights that are trained again by this call.

        Raises:
          ModelError: none of them was ever made to be trained.
        """
        return thaw_weights(self)

    def assign(self, values: Mapping[str, Any]) -> None:
        """Gives weights of the selection new values; either all of them or none.

        Unlike ``set_weights``, which goes by position.

        Args:
          values: arrays, or what makes some, by the paths of weights; each of the weight's shape,
            and of a dtype that its own holds in kind (integers for floats, not the reverse).

        Raises:
          ModelError: naming every path that isn't in the selection and every value that doesn't
            fit; nothing is assigned then.
        """
        assign_values(self, values)

    def by_layer(self) -> LayerCounts:
        """Returns the number of parameters of each layer, trained and not; prints as a table."""
        return count_by_layer(self)

    def health(self) -> Health:
        """Returns statistics of the values, and which aren't finite; prints as a table."""
        return health_of(self)

    def plot_histograms(
        self, path: str | os.PathLike[str], *, title: str = "", bins: int = 50
    ) -> None:
        """Draws a histogram of each weight into one PNG: :func:`tf1compat.graph.plot_histograms`.

        Args:
          path: the ``.png`` to write; replaced whole or not at all.
          title: written above all.
          bins: number of bars of a panel.

        Raises:
          UsageError, OutputError: as the function; it draws 60 weights at most.
        """
        from tf1compat.checkpoint.histogram_drawing import plot_histograms

        plot_histograms(self.read(), path, title=title, bins=bins)

    def write_histogram_summaries(self, directory: str | os.PathLike[str], *, step: int) -> None:
        """Writes histograms for TensorBoard: :func:`tf1compat.graph.write_histogram_summaries`.

        Args:
          directory: where the event files are.
          step: the training step that the values are of.

        Raises:
          UsageError: TensorFlow, which writes event files, isn't installed.
        """
        try:
            from tf1compat.graph import write_histogram_summaries
        except ImportError as error:
            raise UsageError(
                f"event files are written by TensorFlow, which can't be imported ({error}); "
                "pip install tensorflow, or use plot_histograms()"
            ) from error

        write_histogram_summaries(self.read(), directory, step=step)

    def _where_path(self, accept: Callable[[str], bool]) -> Selection:
        return self._where(lambda weight: any(map(accept, weight.uses)))

    def _of_model(self, identities: Iterable[int]) -> Selection:
        kept = frozenset(identities)
        every = self.model_index.values()
        return self._kept([weight for weight in every if id(weight.variable) in kept])

    def _combined(
        self, other: Any, function: Callable[[set[int], set[int]], set[int]]
    ) -> Selection:
        if not isinstance(other, WeightSet):
            raise UsageError(f"expected a selection of weights, found {type(other).__name__}")
        if other.model is not self.model:
            raise UsageError("selections of two models can't be combined; both must be of one")
        return self._of_model(function(_identities(self), _identities(other)))


def select(
    model: Any,
    pattern: str | Sequence[str] | None = None,
    *,
    role: str | Sequence[str] | None = None,
    layer: Any = None,
) -> Selection:
    """Returns the weights of a model of which all that is asked is true.

    Args:
      model: a built Keras model or layer, or its :class:`~tf1compat.keras3.ModelIndex`.
      pattern: a regular expression that matches a whole path, as :meth:`Selection.regex` takes it;
        or several, of which one does.
      role: a role, or several.
      layer: a layer or its path, or several; with all that is within.

    Raises:
      ModelError: `model` is no built Keras model.
      UnknownNameError: a pattern or role that no weight of the model has, or a layer that it
        hasn't; all of them at once.
      UsageError: a pattern or role that can't be one.
    """
    index = index_model(model)
    every = Selection(index, tuple(index.values()))
    found = every
    problems: list[Problem] = []
    for one in _several(pattern):
        if not every.regex(one):
            problems.append(_none_like(index, one))
    for one in _several(role):
        if not every.role(one):
            there = ", ".join(dict.fromkeys(weight.role for weight in index.values()))
            problems.append(Problem(f"role {one!r}", f"one of {there}", "no weight of it"))
    if problems:
        raise UnknownNameError.from_problems(f"{index.model.name}: nothing is so:", problems)
    if pattern is not None:
        found = found.regex(*_several(pattern))
    if role is not None:
        found = found.role(*_several(role))
    return found if layer is None else found.layer(*_several(layer))


def _several(given: Any) -> tuple[Any, ...]:
    if given is None:
        return ()
    return tuple(given) if is_a(list, tuple)(given) else (given,)


def _none_like(index: ModelIndex, pattern: str) -> Problem:
    near = ", ".join(nearest_names(pattern, index)) or "none; the model has no weights"
    remedy = f"nearest: {near}"
    return Problem(f"pattern {pattern!r}", "to match the path of a weight", "none", "", remedy)


def _held_by(index: ModelIndex, layers: Sequence[Any]) -> set[int]:
    """Returns the ``id`` of each variable that layers hold, by themselves or within."""
    nodes = {use: node for node in index.layers for use in node.uses}
    known = {id(node.layer) for node in index.layers}
    held: set[int] = set()
    problems = []
    for one in layers:
        found = one
        if isinstance(one, str):
            node = nodes.get(one.removesuffix("/"))
            if node is None:
                near = ", ".join(nearest_names(one, filter(None, nodes))) or "none"
                remedy = f"nearest: {near}"
                problems.append(Problem(f"layer {one!r}", "a layer's path", "none", "", remedy))
                continue
            found = node.layer
        elif not isinstance(one, keras.layers.Layer):
            raise UsageError(f"expected a layer or its path, found {type(one).__name__}")
        elif id(one) not in known:
            problems.append(Problem(one.name, f"a layer of {index.model.name}", "another's"))
            continue
        held |= {id(variable) for variable in found.variables}
    if problems:
        raise UnknownNameError.from_problems(f"{index.model.name}: no such layers:", problems)
    return held


def _identities(some: WeightSet) -> set[int]:
    return {id(weight.variable) for weight in some.items}
