"""Files of weights opened, whatever their format."""

from __future__ import annotations

import os
from typing import Any

from tf1compat.keras3.formats.exported import Exported
from tf1compat.keras3.formats.output_formats import OUTPUT_FORMATS, opened, reading_format
from tf1compat.keras3.index.model_index import index_model

__all__ = ["read_exported"]


def read_exported(path: str | os.PathLike[str], model: Any = None) -> Exported:
    """Returns the tensors of a ``.weights.h5`` or ``.keras`` file, or one of another format.

    Args:
      path: a file that this package wrote, or Keras. One of an unknown suffix is taken for HDF5.
      model: a built model or its index; where the file has no manifest, it tells which dataset
        holds which weight. Without it, tensors go by the names of their datasets then.

    Raises:
      OutputError: the file is missing or can't be read at all.
      VerificationError: its manifest is damaged.
      ModelError: `model` isn't built.
    """
    name = os.fspath(path)
    one = reading_format(name) or next(iter(OUTPUT_FORMATS.values()))
    return opened(one, name, None if model is None else index_model(model))
