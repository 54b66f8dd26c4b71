"""Why TensorFlow doesn't convert a model to TFLite, in words of the model's layers.

Its converter says so in MLIR, with the place of an op in a graph.
"""

from __future__ import annotations

import re

from tf1compat.errors import ModelError
from tf1compat.keras3.index.model_index import ModelIndex
from tf1compat.names.first_line import first_line

__all__ = ["UnsizedError", "not_converted"]

_UNSIZED = "element_shape to be static"  # of the list in which a loop keeps what it computes
_PLACE = re.compile(r'fused\["(?P<op>\w+):", "(?P<node>[^"@]+)')
_SAID = re.compile(r"'tf\.\w+' op [^\n]*")
_NUMBER = re.compile(r"_\d+$")
_HALF = ("bfloat16", "float16")


class UnsizedError(ModelError):
    """A model that would be converted if its inputs said how many rows they have."""


def not_converted(error: Exception, index: ModelIndex, quantize: str) -> ModelError:
    """Returns the error that says why, names the layer, and what to do.

    Args:
      error: what the converter raised.
      index: the model's index.
      quantize: how it was to be quantized.
    """
    text = str(error)
    model = f"{index.model.name}: TensorFlow can't convert this model to TFLite ({quantize})"
    place = _PLACE.search(text)
    layer = _layer(place["node"], index) if place else ""
    if _UNSIZED in text:
        return UnsizedError(
            f"{model}: {layer or 'a layer'} computes in a loop, for which TFLite has to know how "
            "many rows a batch has, and the model's inputs don't say; make them with a size, as by "
            "keras.Input(shape, batch_size=1), or unroll the loop (unroll=True) of a few steps"
        )
    half = [node.layer for node in index.layers if node.layer.compute_dtype in _HALF]
    if half and place:
        what = f"{half[0].compute_dtype} ({half[0].dtype_policy.name})"
        return ModelError(
            f"{model}: {layer or half[0].name} computes {place['op']} in {what}, which TFLite "
            "doesn't; build the model with the dtype policy float32, and take "
            "--quantize=float16 for weights in half precision"
        )
    said = _SAID.search(text)
    found = said[0] if said else first_line(error, otherwise="no message")
    return ModelError(f"{model}: {f'{layer}: ' if layer and said else ''}{found}")


def _layer(node: str, index: ModelIndex) -> str:
    """Returns the innermost layer that an op of a graph is of; "" if it isn't known.

    Keras adds a number to the names of layers once more where it traces them.
    """
    kinds = {one.layer.name: type(one.layer).__name__ for one in index.layers}
    for part in node.split("/")[-2::-1]:
        for name in (part, _NUMBER.sub("", part)):
            if name in kinds and name != index.model.name:
                return f"{name} ({kinds[name]})"
    return ""
