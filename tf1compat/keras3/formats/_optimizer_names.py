"""What Keras 3 calls its optimizers' variables, which files count: ``optimizer/vars/3``.

An optimizer keeps its step, its learning rate, and for each trainable weight, in the model's order,
a variable or two. Which these are its configuration tells, that a ``.keras`` file has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["Shape", "optimizer_names"]

Shape = tuple[int, ...]
_PLACE = "optimizer/vars"
_TORCH = "keras.src.backend.torch.optimizers."
# By classes of `keras.optimizers`, as their `build` of 3.0 and later makes them for each weight.
_SLOTS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("Adam", "AdamW"), ("momentum", "velocity")),
    **dict.fromkeys(("SGD", "Lion"), ("momentum",)),
    "RMSprop": ("velocity",),
    "Adagrad": ("accumulator",),
    "Adamax": ("momentum", "norm"),
    "Adadelta": ("accumulated_grad", "accumulated_delta_var"),
}
# Settings by which an optimizer keeps more, in an order that Keras' versions don't share.
_OTHERS = ("use_ema", "gradient_accumulation_steps", "amsgrad", "centered")


def optimizer_names(
    config: Any, weights: Mapping[str, Shape | None], counted: Mapping[str, Shape | None]
) -> dict[str, str]:
    """Returns the names of an optimizer's variables, by their datasets; {} where in doubt.

    Args:
      config: the configuration of the whole model.
      weights: the shapes of its trainable weights by their names, in the model's order.
      counted: the shapes of the file's datasets.
    """
    said = _settings(config)
    if said is None:
        return {}
    kind, settings = said
    own = str(settings.get("name", ""))
    first = ["iteration", *(["learning_rate"] if _is_number(settings, "learning_rate") else [])]
    slots = _slots(kind, settings)
    names = [*first, *(f"{one.replace('/', '_')}_{slot}" for one in weights for slot in slots)]
    shapes: list[Shape | None] = [()] * len(first)
    shapes += (shape for shape in weights.values() for _ in slots)
    found = {name for name in counted if name.startswith("optimizer/")}
    places = [f"{_PLACE}/{number}" for number in range(len(names))]
    if not own or found != set(places) or not _agree(places, shapes, counted):
        return {}
    return {place: f"{own}/{name}" for place, name in zip(places, names, strict=True)}


def _settings(config: Any) -> tuple[str, Mapping[str, Any]] | None:
    """Returns an optimizer's class and configuration; None of one that isn't known."""
    compiled = config.get("compile_config") if isinstance(config, dict) else None
    said = compiled.get("optimizer") if isinstance(compiled, dict) else None
    if not isinstance(said, dict) or not _is_keras(said.get("module")):
        return None
    settings = said.get("config")
    kind = said.get("class_name")
    if not isinstance(kind, str) or kind not in _SLOTS or not isinstance(settings, dict):
        return None
    if any(settings.get(one) for one in _OTHERS):
        return None
    if kind == "RMSprop" and settings.get("momentum"):
        return None
    return kind, settings


def _is_keras(module: Any) -> bool:
    """Tells whether a class is Keras' own; on torch it is one that torch's own functions step."""
    return module == "keras.optimizers" or str(module).startswith(_TORCH)


def _slots(kind: str, settings: Mapping[str, Any]) -> Sequence[str]:
    return () if kind == "SGD" and settings.get("momentum") == 0 else _SLOTS[kind]


def _is_number(settings: Mapping[str, Any], key: str) -> bool:
    """Tells whether a rate is a variable: a schedule is none."""
    return isinstance(settings.get(key), (int, float))


def _agree(
    places: Sequence[str], shapes: Sequence[Shape | None], counted: Mapping[str, Shape | None]
) -> bool:
    return all(counted[place] == shape for place, shape in zip(places, shapes, strict=True))
