"""``--output_format``, and the options that formats of outputs have, each a flag."""

from __future__ import annotations

from typing import Any

from absl import flags

from tf1compat.errors import UsageError
from tf1compat.keras3.formats.options import Option, configured, options_of
from tf1compat.keras3.formats.output_formats import OUTPUT_FORMATS, OutputFormat, output_format

__all__ = ["FormatFlags"]


class FormatFlags:
    """``--output_format``, and a flag for each option of any format."""

    def __init__(self, flag_values: flags.FlagValues) -> None:
        self._flags = flag_values
        self._format = flags.DEFINE_string(
            "output_format",
            None,
            "The format of a folder whose name doesn't end in the suffix of one: its name, in "
            "brackets below.",
            flag_values=flag_values,
        )
        self._defined: set[str] = set()

    def define(self) -> None:
        """Defines the options of all formats, of those that a program has added too.

        Raises:
          UsageError: an option is called as another flag is.
        """
        self._flags.unparse_flags()
        for name in self._defined - self._owners().keys():
            delattr(self._flags, name)
        self._defined &= self._owners().keys()
        for name, owners in self._owners().items():
            if name in self._defined:
                continue
            if name in self._flags:
                called = ", ".join(repr(one.name) for one, _ in owners)
                raise UsageError(
                    f"format of outputs {called}: expected options with names of their own, found "
                    f"{name!r}, which is a flag of this task; choose another"
                )
            words = " ".join(f"{one.suffix}: {option.help}" for one, option in owners)
            flags.DEFINE_string(name, None, f"Of {words}", flag_values=self._flags)
            self._defined.add(name)

    def format_of(self, output: str) -> OutputFormat:
        """Returns the format that writes an output, with the options that the flags give it.

        Raises:
          UsageError: none does, or it has no such options.
        """
        one = output_format(output, self._format.value)
        given: dict[str, Any] = {
            name: self._flags[name].value
            for name in sorted(self._defined)
            if self._flags[name].value is not None
        }
        return configured(one, given)

    def _owners(self) -> dict[str, list[tuple[OutputFormat, Option]]]:
        """Returns the formats that have each option, by its name."""
        found: dict[str, list[tuple[OutputFormat, Option]]] = {}
        for one in OUTPUT_FORMATS.values():
            for name, option in options_of(one).items():
                found.setdefault(name, []).append((one, option))
        return found
