"""Which placeholders of the v1 graph are which inputs of the model, and of what shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from tf1compat.errors import UsageError
from tf1compat.migration.verification.reference.input_specs import InputSpec
from tf1compat.names.graph_names import op_name
from tf1compat.names.spec_text import spec_text

__all__ = ["concrete_shapes", "doubtful_inputs", "pair_inputs"]

_BATCH, _LENGTH = 3, 5


def pair_inputs(
    model: Any,
    placeholders: Sequence[InputSpec],
    *,
    in_order: bool = False,
    called: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """Returns the model's inputs by the names of the placeholders that they are.

    By name where all have the names of placeholders; else by kind of dtype, rank and sizes, and in
    the order of the graph among those that are alike. Whether that was right, the outputs tell.

    Args:
      model: a Keras model.
      placeholders: the graph's.
      in_order: whether they are the model's inputs in its order, and nothing is to be found.
      called: names of placeholders by what a signature calls them.

    Raises:
      UsageError: there aren't as many placeholders that fit.
    """
    inputs = list(getattr(model, "inputs", None) or ())
    if in_order and len(inputs) in (0, len(placeholders)):
        models = inputs or [None] * len(placeholders)
        return {s.name: one for s, one in zip(placeholders, models, strict=True)}
    named = {**_by_leaf(placeholders), **called}
    if inputs and all(getattr(one, "name", None) in named for one in inputs):
        return {named[one.name]: one for one in inputs}
    if not inputs:
        return {one.name: None for one in placeholders}
    free = list(placeholders)
    found: dict[str, Any] = {}
    for one in inputs:
        fitting = [spec for spec in free if _fits(spec, one)]
        if not fitting:
            raise UsageError(_asking(inputs, placeholders))
        found[fitting[0].name] = one
        free.remove(fitting[0])
    return found


def doubtful_inputs(
    model: Any,
    placeholders: Sequence[InputSpec],
    *,
    in_order: bool = False,
    called: Mapping[str, str] = MappingProxyType({}),
) -> list[str]:
    """Returns the model's inputs that :func:`pair_inputs` can only have guessed, by name.

    Arguments are the same.
    """
    inputs = list(getattr(model, "inputs", None) or ())
    if in_order or len(placeholders) < 2:
        return []
    if not inputs:
        return ["what"]
    named = {**_by_leaf(placeholders), **called}
    all_named = all(getattr(one, "name", None) in named for one in inputs)
    if all_named and len(set(named.values())) == len(placeholders):
        return []
    return [one.name for one in inputs if sum(_fits(spec, one) for spec in placeholders) > 1]


def _by_leaf(placeholders: Sequence[InputSpec]) -> dict[str, str]:
    return {op_name(one.name).rpartition("/")[2]: one.name for one in placeholders}


def _asking(inputs: Sequence[Any], placeholders: Sequence[InputSpec]) -> str:
    wanted = ", ".join(f"{one.name} {spec_text(one.dtype, one.shape)}" for one in inputs)
    there = ", ".join(f"{one.name} {one.dtype}{_shown(one.shape)}" for one in placeholders)
    return (
        f"expected a placeholder of the v1 graph for each input of the model ({wanted}), found "
        f"{there or 'none'}; name the tensors to give them to, in the model's order"
    )


def _shown(shape: Sequence[int | None] | None) -> str:
    return " of any rank" if shape is None else str(list(shape))


def _fits(spec: InputSpec, given: Any) -> bool:
    if _kind(spec.dtype) != _kind(str(given.dtype)):
        return False
    if spec.shape is None:
        return True
    return len(spec.shape) == len(given.shape) and all(
        a is None or b is None or a == b for a, b in zip(spec.shape, given.shape, strict=True)
    )


def _kind(dtype: str) -> str:
    return dtype.rstrip("0123456789").removeprefix("b").removeprefix("u")


def concrete_shapes(
    paired: Mapping[str, Any], placeholders: Sequence[InputSpec]
) -> dict[str, tuple[int, ...]]:
    """Returns a shape for each placeholder: what either side says, and a few where neither does."""
    specs = {spec.name: spec for spec in placeholders}
    found = {}
    for name, given in paired.items():
        shape = specs[name].shape
        wanted = tuple(given.shape) if given is not None else shape
        if shape is None:
            shape = wanted
        if shape is None or wanted is None:
            raise UsageError(f"{name}: its shape isn't known; give inputs of your own")
        if len(shape) != len(wanted):
            raise UsageError(
                f"{name}: expected a tensor like the model's input, {list(wanted)}, found one of "
                f"{list(shape)}; name the tensors to give the inputs to, in the model's order"
            )
        sizes = [b if a is None else a for a, b in zip(shape, wanted, strict=True)]
        found[name] = tuple(
            size if size is not None else _LENGTH if axis else _BATCH
            for axis, size in enumerate(sizes)
        )
    # A batch that one placeholder fixes is that of all that leave it open.
    fixed = {size for spec in placeholders if (size := _batch(spec)) and spec.name in found}
    if len(fixed) == 1:
        for name, spec in specs.items():
            if name in found and spec.shape and _batch(spec) is None:
                found[name] = (*fixed, *found[name][1:])
    return found


def _batch(spec: InputSpec) -> int | None:
    return spec.shape[0] if spec.shape else None
