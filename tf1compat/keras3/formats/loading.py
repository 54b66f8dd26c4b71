"""Models by the text that a command line gives: ``module:callable``, or a file of a whole model."""

from __future__ import annotations

import os
from typing import Any

import keras

from tf1compat.errors import ModelError, Tf1CompatError
from tf1compat.keras3.formats.output_formats import (
    OUTPUT_FORMATS,
    ask,
    described_model,
    model_format,
    reading_format,
)
from tf1compat.keras3.models.deferred import build_model, initialize_model
from tf1compat.keras3.models.factories import load_factory, working_directory
from tf1compat.names.first_line import first_line

__all__ = ["lazy_model", "load_model"]

_MISFITS = (OSError, ValueError, TypeError, KeyError)  # what Keras raises of weights that don't fit


def lazy_model(spec: str) -> keras.layers.Layer:
    """Returns the model that `spec` names, its weights without memory where that works.

    Args:
      spec: ``module:callable``, or the path of a file that holds a whole model (``.keras``).

    Raises:
      ModelError: if there is no such thing, it fails, or it makes no model.
    """
    one = model_format(spec)
    if one is not None:
        return described_model(one, spec)
    here = working_directory(spec)
    try:
        return build_model(load_factory(spec))
    finally:
        os.chdir(here)  # of the caller's paths, some are relative to it


def load_model(spec: str, *, weights: str) -> Any:
    """Returns the model that `spec` names, with the weights of a file.

    Args:
      spec: as for :func:`lazy_model`.
      weights: a file of that model's weights (``.weights.h5``), or of the whole model.

    Raises:
      ModelError: if the model can't be made, or doesn't take the file's weights.
    """

    def make() -> keras.layers.Layer:
        model = lazy_model(spec)
        initialize_model(model)
        return model

    one = reading_format(weights) or next(iter(OUTPUT_FORMATS.values()))
    try:
        return ask(
            one,
            "load",
            call=lambda: one.load(weights, make),
            kind=keras.layers.Layer,
            error=ModelError,
            passed=(Tf1CompatError, MemoryError, *_MISFITS),
        )
    except Tf1CompatError:  # of making the model: it says itself what is wrong
        raise
    except _MISFITS as error:
        found = first_line(error)
        raise ModelError(f"{weights}: expected weights of this model, found {found}") from error
