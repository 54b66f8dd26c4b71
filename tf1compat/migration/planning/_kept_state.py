"""What optimizers of tf.keras keep beside their slots: how many steps they took, and settings."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterator, Mapping

from tf1compat.checkpoint import Entry
from tf1compat.migration.carrying.family import Kept

__all__ = ["KeptNumbers", "KeptState", "KeptStates", "kept_states"]

# By what variables are called: in 1.15 and until Keras 2.10; in objects of later ones; in HDF5.
_COUNTERS = {"iter": "iter", "_iterations": "iterations", "iteration": "iterations"}
_RATES = ("learning_rate", "_learning_rate")
_DECAY = "decay"


@dataclasses.dataclass(frozen=True)
class KeptState:
    """What one optimizer keeps beside its slots.

    Attributes:
      counter: the variable that counts its steps; "" for none.
      called: which way of keeping that is, of :attr:`Kept.counter`.
      beside: by what they are called, its other numbers.
    """

    counter: str
    called: str
    beside: Mapping[str, str]

    def numbers(self, kept: Kept) -> KeptNumbers:
        """Returns what it keeps, by what it is."""
        rest = {name: of for name, of in self.beside.items() if name not in kept.numbers}
        return KeptNumbers(
            self.counter,
            next((rest[name] for name in _RATES if name in rest), ""),
            rest.get(_DECAY, ""),
            {kept.numbers[name]: of for name, of in self.beside.items() if name in kept.numbers},
        )


@dataclasses.dataclass(frozen=True)
class KeptNumbers:
    """The variables in which one optimizer keeps its numbers.

    Attributes:
      counter: how many steps it took.
      rate: its learning rate; "" for none, as that follows a schedule.
      decay: how fast the rate falls; "" for none.
      by_setting: others, by the setting or number that they are.
      told: settings that its slots tell, on or off.
    """

    counter: str
    rate: str
    decay: str
    by_setting: Mapping[str, str]
    told: Mapping[str, bool] = dataclasses.field(default_factory=dict)


class KeptStates:
    """Those of all optimizers of a checkpoint.

    Args:
      by_place: by what is before the name of the counter, what is beside it.
    """

    def __init__(self, by_place: Mapping[str, KeptState]) -> None:
        # the innermost first, which says most
        self._by_place = dict(sorted(by_place.items(), key=lambda one: -len(one[0])))

    def of(self, slot: str) -> KeptState | None:
        """Returns that of the optimizer of a slot; None where nothing counts its steps.

        Beside ``training/Adam/dense/kernel/m`` that is ``training/Adam/iter``, and by paths of
        objects ``optimizer/iter`` beside ``model/kernel/optimizer/m``.
        """
        path = f"/{slot}"
        return next((s for place, s in self._by_place.items() if f"/{place}" in path), None)

    @property
    def only(self) -> KeptState | None:
        """That of the one optimizer; None where there are several, or none."""
        every = list(self._by_place.values())
        return every[0] if len(every) == 1 else None


def kept_states(checkpoint: Mapping[str, Entry]) -> KeptStates:
    """Returns what the optimizers of tf.keras keep in a checkpoint beside their slots."""
    numbers: dict[str, dict[str, str]] = collections.defaultdict(dict)
    for (place, name), full in _numbers(checkpoint):
        numbers[place][name] = full
    found = {}
    for place, some in numbers.items():
        counter = next((name for name in some if name in _COUNTERS), None)
        if counter is not None:
            found[place] = KeptState(some.pop(counter), _COUNTERS[counter], some)
    return KeptStates(found)


def _numbers(checkpoint: Mapping[str, Entry]) -> Iterator[tuple[tuple[str, str], str]]:
    """Yields each number of an optimizer: what is before its name, its name, and the whole."""
    for full, entry in checkpoint.items():
        if entry.name.kind == "optimizer_state" and entry.shape == ():
            place, slash, name = full.rpartition("/")
            yield (place + slash, name), full
