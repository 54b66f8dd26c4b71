"""GRUs of tf.keras, told by their bias: whether the reset gate comes before the product or after.

What they hold stands as Keras 3 has it. 1.15's default was another: ``reset_after=False``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tf1compat.checkpoint import Entry
from tf1compat.migration.meaning.base import Part, Question, Reading, Source
from tf1compat.names.reasons import Kind

__all__ = ["KerasGru"]

_BY_BIAS = Kind("keras_gru_bias", "a bias of {shape} is that of tf.keras' GRU(reset_after={after})")
_ROLES = ("kernel", "recurrent_kernel", "bias")
_LAYERS = {
    False: "a GRU(reset_after=False) of its sizes, which was 1.15's default: with "
    "reset_after=True, Keras 3's, the reset gate is applied after the product, and no layout makes "
    "that equal",
    True: "a GRU(reset_after=True) of its sizes, as CuDNN computes: with reset_after=False the "
    "reset gate is applied before the product, and no layout makes that equal",
}


class KerasGru(Reading):
    """A GRU where the model's apply the reset gate elsewhere; others stand as they are."""

    name = "keras_gru"
    kinds = (_BY_BIAS,)

    def read(self, source: Source) -> Iterator[Part | Question]:
        wanted = _layers(source)
        for scope, held in source.by_scope.items():
            if not held.keys() >= set(_ROLES):
                continue
            kernel, recurrent, bias = (held[leaf].shape for leaf in _ROLES)
            same = {one[2] for one in wanted if one[:2] == (kernel, recurrent)}
            other = _other_bias(recurrent, bias)
            if other in same and bias not in same:
                yield from _parts(scope, held)


def _layers(source: Source) -> set[tuple[tuple[int, ...], ...]]:
    """Returns the shapes of the layers that are to be filled and have all three weights."""
    held: dict[str, dict[str, tuple[int, ...]]] = {}
    for item in source.targets.values():
        held.setdefault(item.module, {})[item.role] = item.shape
    return {
        tuple(shapes[role] for role in _ROLES)
        for shapes in held.values()
        if shapes.keys() >= set(_ROLES)
    }


def _other_bias(recurrent: tuple[int, ...], bias: tuple[int, ...]) -> tuple[int, ...] | None:
    """Returns the shape that a GRU's bias has with the other ``reset_after``; None for none."""
    if len(recurrent) != 2 or recurrent[1] != 3 * recurrent[0]:
        return None
    columns = recurrent[1]
    return {(columns,): (2, columns), (2, columns): (columns,)}.get(bias)


def _parts(scope: str, held: Mapping[str, Entry]) -> Iterator[Part]:
    bias = held["bias"].shape
    after = len(bias) == 2
    because = _BY_BIAS.because(shape=str(list(bias)), after=str(after))
    for role in _ROLES:
        one = held[role]
        layer = _LAYERS[after]
        yield Part(one.key, scope, role, one.shape, (one.key,), "identity", layer, because)
