"""Files of models, written and read one tensor at a time, one file a format.

To add one, write an :class:`OutputFormat` in a file of its own and put it into the tuple of
``output_formats``; one with options is a frozen dataclass whose fields :func:`option` makes. From
outside the package, ``OUTPUT_FORMATS.add(Mine())``. ``write`` goes over
:func:`all_values`; ``read`` returns an :class:`~tf1compat.keras3.Exported` of an
:class:`ArrayValue` a tensor, where another library decodes them.
"""

import typing as _typing

from tf1compat import lazy as _lazy

if _typing.TYPE_CHECKING:
    from tf1compat.keras3.formats.exported import ArrayValue
    from tf1compat.keras3.formats.options import option
    from tf1compat.keras3.formats.output_formats import OUTPUT_FORMATS, OutputFormat
    from tf1compat.keras3.formats.weight_values import all_values

__all__ = ["OUTPUT_FORMATS", "ArrayValue", "OutputFormat", "all_values", "option"]

_HOMES = {
    ".exported": ["ArrayValue"],
    ".options": ["option"],
    ".output_formats": ["OUTPUT_FORMATS", "OutputFormat"],
    ".weight_values": ["all_values"],
}

__getattr__, __dir__ = _lazy.exports(__name__, _HOMES)
