"""Variables of Keras that were one in 1.15, and constants that were added to some."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from tf1compat.errors import Problem, UsageError

__all__ = ["JoinedVariables", "Waiting", "constants_of", "rows_joined", "rows_parted"]


class Waiting(NamedTuple):
    """A variable whose gradient is there.

    Attributes:
      place: its number among those that the optimizer was built with.
      gradient: with all rows.
      variable: itself.
    """

    place: int
    gradient: Any
    variable: Any


class JoinedVariables:
    """Which variables were one, and which of them wait for the others' gradients.

    Args:
      joined: paths of those that were one, in the order of their rows.
      variables: all of the optimizer.

    Raises:
      UsageError: there is none of a path, or several.
    """

    def __init__(self, joined: Iterable[Sequence[str]], variables: Sequence[Any]) -> None:
        places = _places([path for paths in joined for path in paths], variables, "joined")
        self._paths = [variable.path for variable in variables]
        self._groups = [[places[path] for path in paths] for paths in joined]
        self._of = {place: group for group in self._groups for place in group}
        self._waiting: dict[int, Waiting] = {}

    @property
    def groups(self) -> list[list[str]]:
        """The whole paths of those that were one."""
        return [[self._paths[place] for place in group] for group in self._groups]

    def __contains__(self, place: int) -> bool:
        return place in self._of

    def begin(self) -> None:
        """Forgets what a step that failed left waiting."""
        self._waiting.clear()

    def wait(self, place: int, gradient: Any, variable: Any) -> list[Waiting]:
        """Returns the variables that were one once all have gradients; till then none."""
        one = Waiting(place, gradient, variable)
        group = self._of.get(place)
        if group is None:
            return [one]
        self._waiting[place] = one
        if not all(other in self._waiting for other in group):
            return []
        return [self._waiting.pop(other) for other in group]

    def require_done(self) -> None:
        """Does nothing where none waits.

        Raises:
          UsageError: one does.
        """
        if self._waiting:
            waiting = [self._paths[place] for place in self._waiting]
            self._waiting.clear()
            raise UsageError(
                f"joined: expected gradients of all variables that were one, found those of "
                f"{', '.join(waiting)} alone; train the others too"
            )


def constants_of(
    added: Mapping[str, Sequence[Sequence[float]]], variables: Sequence[Any]
) -> dict[int, np.ndarray]:
    """Returns what was added to variables, by their number.

    Raises:
      UsageError: there is no variable of a path, or several.
    """
    places = _places(added, variables, "added")
    found = {}
    for path, ranges in added.items():
        variable = variables[places[path]]
        value = np.zeros(int(np.prod(variable.shape)), "float32")
        for start, stop, constant in ranges:
            value[int(start) : int(stop)] = constant
        found[places[path]] = value.reshape(variable.shape).astype(str(variable.dtype))
    return found


def _places(paths: Iterable[str], variables: Sequence[Any], what: str) -> dict[str, int]:
    found = {path: _of_path(path, variables) for path in paths}
    problems = [
        Problem(path, "the path of one variable", f"{len(places)} of it")
        for path, places in found.items()
        if len(places) != 1
    ]
    if problems:
        raise UsageError.from_problems(f"{what}:", problems)
    return {path: places[0] for path, places in found.items()}


def _of_path(path: str, variables: Sequence[Any]) -> list[int]:
    """Returns the variables of a path, or of one that ends so: models are numbered by Keras."""
    whole = [place for place, one in enumerate(variables) if one.path == path]
    ends = (place for place, one in enumerate(variables) if one.path.endswith(f"/{path}"))
    return whole or list(ends)


def rows_joined(parts: Sequence[Any]) -> Any:
    """Returns arrays one below the other; one alone as it is."""
    parts = [keras.ops.convert_to_tensor(part) for part in parts]
    return parts[0] if len(parts) == 1 else keras.ops.concatenate(parts, 0)


def rows_parted(value: Any, sizes: Sequence[int]) -> list[Any]:
    """Returns the parts of an array of so many rows each; one alone as it is."""
    if len(sizes) == 1:
        return [value]
    ends = np.cumsum(sizes)
    return [value[end - size : end] for end, size in zip(ends, sizes, strict=True)]
