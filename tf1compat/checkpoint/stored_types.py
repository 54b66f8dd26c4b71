"""TensorFlow's dtypes as a checkpoint numbers them, and numpy's for their elements."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from tf1compat.errors import UnsupportedCheckpointError
from tf1compat.files.dtypes import numpy_dtype

if TYPE_CHECKING:
    import numpy as np

__all__ = ["StoredType", "stored_type", "stored_type_of"]


@dataclasses.dataclass(frozen=True)
class StoredType:
    """One dtype of TensorFlow's.

    Attributes:
      code: its number in ``types.proto``, which is what files hold.
      name: ``tf.DType.name``, e.g. ``"float32"``, ``"qint8"``, ``"string"``.
      itemsize: bytes of one element in a file; 0 where elements have no fixed size.
    """

    code: int
    name: str
    itemsize: int

    @property
    def is_known(self) -> bool:
        """Whether there is such a dtype."""
        return self.code in _TYPES

    @property
    def is_string(self) -> bool:
        """Whether elements are byte strings."""
        return self.name == "string"

    @property
    def is_readable(self) -> bool:
        """Whether values of this dtype can be read into an array."""
        return bool(self.itemsize) or self.is_string

    def numpy(self) -> np.dtype:
        """Returns numpy's dtype of the elements: object for strings, plain integers for quantized.

        Raises:
          UnsupportedCheckpointError: values of this dtype aren't data (``resource``, ``variant``)
            or the dtype isn't known.
        """
        if not self.is_readable:
            raise UnsupportedCheckpointError(
                f"dtype {self.name} can't be read as an array; leave the variable out"
            )
        import numpy as np  # a start-up of 0.1 s that listing a checkpoint does without

        if self.is_string:
            return np.dtype(object)
        return numpy_dtype(_PLAIN.get(self.name, self.name))


_PLAIN = {
    "qint8": "int8",
    "quint8": "uint8",
    "qint16": "int16",
    "quint16": "uint16",
    "qint32": "int32",
}

# Numbers above 100 are of references (`DT_FLOAT_REF`), which graphs have and files don't.
# types.proto: number -> (name, bytes of an element)
_TYPES = {
    1: ("float32", 4),
    2: ("float64", 8),
    3: ("int32", 4),
    4: ("uint8", 1),
    5: ("int16", 2),
    6: ("int8", 1),
    7: ("string", 0),
    8: ("complex64", 8),
    9: ("int64", 8),
    10: ("bool", 1),
    11: ("qint8", 1),
    12: ("quint8", 1),
    13: ("qint32", 4),
    14: ("bfloat16", 2),
    15: ("qint16", 2),
    16: ("quint16", 2),
    17: ("uint16", 2),
    18: ("complex128", 16),
    19: ("float16", 2),
    20: ("resource", 0),
    21: ("variant", 0),
    22: ("uint32", 4),
    23: ("uint64", 8),
    24: ("float8_e5m2", 1),
    25: ("float8_e4m3fn", 1),
}
_BY_NAME = {name: code for code, (name, _) in _TYPES.items()}


def stored_type(code: int) -> StoredType:
    """Returns the dtype of a number; one that isn't known is named ``unknown(<number>)``.

    >>> stored_type(14).name, stored_type(99).name
    ('bfloat16', 'unknown(99)')
    """
    name, itemsize = _TYPES.get(code, (f"unknown({code})", 0))
    return StoredType(code, name, itemsize)


def stored_type_of(dtype: np.dtype | str) -> StoredType:
    """Returns the dtype a checkpoint uses for a numpy dtype, or for a TensorFlow dtype's name.

    Byte and text strings and objects are ``string``; the one-field dtypes that TensorFlow gives
    to quantized values (``[("qint8", "int8")]``) are those.

    >>> stored_type_of("bool").code, stored_type_of("qint8").code
    (10, 11)

    Raises:
      UnsupportedCheckpointError: a checkpoint has no such dtype.
    """
    if isinstance(dtype, str) and dtype in _BY_NAME:
        return stored_type(_BY_NAME[dtype])
    import numpy as np

    try:
        known = np.dtype(dtype)
    except TypeError as error:
        raise UnsupportedCheckpointError(f"dtype {dtype!r} isn't known") from error
    name = "string" if known.kind in "OSU" else known.name
    if known.names and len(known.names) == 1 and known.names[0] in _PLAIN:
        name = known.names[0]
    if name not in _BY_NAME:
        raise UnsupportedCheckpointError(f"a checkpoint has no dtype for numpy's {known}")
    return stored_type(_BY_NAME[name])
