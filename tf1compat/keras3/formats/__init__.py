"""Files of models, written and read one tensor at a time, one file a format.

To add one, write an :class:`OutputFormat` in a file of its own and put it into the tuple of
``output_formats``; from outside the package, ``OUTPUT_FORMATS.add(Mine())``.
"""

from tf1compat.keras3.formats.output_formats import OUTPUT_FORMATS, OutputFormat

__all__ = ["OUTPUT_FORMATS", "OutputFormat"]
