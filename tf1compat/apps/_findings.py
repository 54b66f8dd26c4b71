"""What a task found: told line by line as it goes, or as one JSON object at its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from absl import flags

from tf1compat.apps._printing import json_head, say, say_json

if TYPE_CHECKING:
    from tf1compat.migration import Plan, Verification

__all__ = ["Findings", "FormatFlag"]


class FormatFlag:
    """``--format``."""

    def __init__(self, flag_values: flags.FlagValues) -> None:
        self._format = flags.DEFINE_enum(
            "format",
            "text",
            ["text", "json"],
            "How to print: lines, or one JSON object of what docs/proof.md describes.",
            flag_values=flag_values,
        )

    def findings(self, task: str, checkpoint: str) -> Findings:
        """Returns what collects or prints what a task finds."""
        kind = _Collected if self._format.value == "json" else Findings
        return kind(task, checkpoint)


class Findings:
    """What a task found; says it at once."""

    def __init__(self, task: str, checkpoint: str) -> None:
        self.held: dict[str, Any] = {**json_head(task, 1), "checkpoint": checkpoint}
        self.held |= dict.fromkeys(("output", "plan", "lint", "proof", "verification"))

    def say(self, text: object) -> None:
        """Prints a line, unless everything comes as JSON."""
        say(text)

    def show(self, print_it: Callable[[], None]) -> None:
        """Has something printed, unless everything comes as JSON."""
        print_it()

    def end(self, status: int) -> int:
        """Says what wasn't said yet; returns the status."""
        return status

    def plan(self, plan: Plan) -> None:
        """Takes note of a plan."""
        self.held["plan"] = {"complete": plan.complete, "headline": plan.headline()}
        if plan.training is not None:
            self.held["plan"]["training"] = plan.training.record()

    def verification(self, found: Verification) -> None:
        """Takes note of what was read back or computed."""
        self.held["verification"] = found.record()


class _Collected(Findings):
    """Says everything at the end."""

    def say(self, text: object) -> None:
        pass

    def show(self, print_it: Callable[[], None]) -> None:
        pass

    def end(self, status: int) -> int:
        say_json({**self.held, "status": status})
        return status
