"""Flags of migrating a part of a model: what keeps its values, and what is left behind."""

from __future__ import annotations

from collections.abc import Iterator

from absl import flags

from tf1compat.names import Rule

__all__ = ["PartFlags"]

_BELOW = "(/.*)?"


class PartFlags:
    """``--part``, ``--keep`` and ``--drop``."""

    def __init__(self, flag_values: flags.FlagValues) -> None:
        self._part = flags.DEFINE_string(
            "part",
            "",
            "SCOPE:PART, such as bert:encoder, takes this scope of the checkpoint alone and fills "
            "this part of the model alone; either may be empty. All else is left behind, or keeps "
            "its values, and counted.",
            flag_values=flag_values,
        )
        self._keep = flags.DEFINE_multi_string(
            "keep",
            [],
            "A part of the model that keeps its values: a path with all within it, or a pattern.",
            flag_values=flag_values,
        )
        self._drop = flags.DEFINE_multi_string(
            "drop",
            [],
            "A scope of the checkpoint that is left behind, with all within it, or a pattern.",
            flag_values=flag_values,
        )

    @property
    def part(self) -> str:
        """What of both sides the migration is about; "" for all."""
        return str(self._part.value)

    def rules(self) -> Iterator[Rule]:
        """Yields what ``--keep`` and ``--drop`` say.

        Raises:
          RuleError: a pattern can't be one.
        """
        for given in self._keep.value:
            yield Rule(
                target=f"({given}){_BELOW}", keep="its values stay", origin=f"--keep={given}"
            )
        for given in self._drop.value:
            yield Rule(source=f"({given}){_BELOW}", drop="left behind", origin=f"--drop={given}")
