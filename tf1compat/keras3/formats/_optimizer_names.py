"""What Keras 3 calls its optimizers' variables, which files count: ``optimizer/vars/3``.

An optimizer keeps its step, its learning rate, and for each trainable weight, in the model's order,
a variable or two. Which these are its configuration tells, that a ``.keras`` file has. One that
scales a loss has another within.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["Shape", "optimizer_names"]

Shape = tuple[int, ...]
_PLACE = "optimizer/vars/"
_WITHIN = "optimizer/inner_optimizer/vars/"
_SCALING, _AROUND = "LossScaleOptimizer", "loss_scale_optimizer"
_OF_SCALING = ("iteration", "learning_rate", "step_counter", "dynamic_scale")
_TORCH = ".backend.torch.optimizers."
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
    compiled = config.get("compile_config") if isinstance(config, dict) else None
    said = compiled.get("optimizer") if isinstance(compiled, dict) else None
    found = {name: shape for name, shape in counted.items() if name.startswith("optimizer/")}
    if any(name.startswith(_WITHIN) for name in found):
        places = _scaled(said, weights)
    else:
        places = _placed(_PLACE, _variables(said, weights))
    if found != {place: shape for place, (_, shape) in places.items()}:
        return {}
    return {place: name for place, (name, _) in places.items()}


_Variables = list[tuple[str, "Shape | None"]]
"""Of an optimizer: names and shapes, in its order."""


def _scaled(said: Any, weights: Mapping[str, Shape | None]) -> dict[str, tuple[str, Shape | None]]:
    """Returns what is where of an optimizer that scales a loss, by name and shape.

    It saves all of the one within as its own, which is saved by itself, too. `compile` puts it
    around another where the model's policy is mixed_float16, of which the configuration has no
    word.
    """
    name, within = _AROUND, said
    if isinstance(said, dict) and said.get("class_name") == _SCALING:
        settings = said.get("config")
        name, within = "", None
        if isinstance(settings, dict):
            name, within = str(settings.get("name", "")), settings.get("inner_optimizer")
    own = _variables(within, weights)
    if not own or not name:
        return {}
    around = [*((one, ()) for one in _OF_SCALING), *own]
    every: _Variables = [(f"{name}/{one}", shape) for one, shape in around]
    return _placed(_PLACE, every) | _placed(_WITHIN, own)


def _placed(place: str, variables: _Variables) -> dict[str, tuple[str, Shape | None]]:
    return {f"{place}{number}": one for number, one in enumerate(variables)}


def _variables(said: Any, weights: Mapping[str, Shape | None]) -> _Variables:
    """Returns an optimizer's variables; none of one that isn't known."""
    known = _settings(said)
    if known is None:
        return []
    kind, settings = known
    own = str(settings.get("name", ""))
    first = ["iteration", *(["learning_rate"] if _is_number(settings, "learning_rate") else [])]
    slots = _slots(kind, settings)
    found: _Variables = [(f"{own}/{one}", ()) for one in first]
    found += (
        (f"{own}/{weight.replace('/', '_')}_{slot}", shape)
        for weight, shape in weights.items()
        for slot in slots
    )
    return found if own else []


def _settings(said: Any) -> tuple[str, Mapping[str, Any]] | None:
    """Returns an optimizer's class and configuration; None of one that isn't known."""
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
    first, _, rest = str(module).partition(".")
    return first == "keras" and (rest == "optimizers" or _TORCH in f".{rest}")


def _slots(kind: str, settings: Mapping[str, Any]) -> Sequence[str]:
    return () if kind == "SGD" and settings.get("momentum") == 0 else _SLOTS[kind]


def _is_number(settings: Mapping[str, Any], key: str) -> bool:
    """Tells whether a rate is a variable: a schedule is none."""
    return isinstance(settings.get(key), (int, float))
