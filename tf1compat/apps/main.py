"""The ``tf1compat`` command: ``tf1compat <task> --flag=value ...``."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

__all__ = ["TASKS", "run"]

# A task's module is imported when the task is asked for: `inspect` must not wait for Keras.
TASKS = {
    "inspect": "lists a checkpoint's variables, and their health",
    "plan": "says what would go where, and why, without writing anything",
    "migrate": "writes a Keras weights file from a checkpoint, and verifies it",
    "verify": "proves a migrated file, or its outputs, equal to the checkpoint",
    "diff": "compares two checkpoints, or a checkpoint and a migrated Keras file",
}


def run(argv: Sequence[str] | None = None) -> None:
    """Runs the task that the command line names and exits with its status.

    Raises:
      SystemExit: always; 0 when all is well, 1 when the task found something wrong, 2 when it
        could not be understood.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    if not args or args[0] in ("help", "--help", "-h"):
        print(_overview())
        raise SystemExit(0 if args else 2)
    if args[0] == "--version":
        from tf1compat import __version__

        print(f"tf1compat {__version__}")
        raise SystemExit(0)
    task = args[0]
    if task not in TASKS:
        print(
            f"tf1compat: expected a task ({', '.join(TASKS)}), found {task!r}; "
            "see `tf1compat help`",
            file=sys.stderr,
        )
        raise SystemExit(2)
    module = importlib.import_module(f"tf1compat.apps.{task}")
    raise SystemExit(module.run(args[1:]))


def _overview() -> str:
    lines = ["usage: tf1compat <task> [--flag=value ...]", ""]
    lines += [f"  {task:<9}{summary}" for task, summary in TASKS.items()]
    return "\n".join([*lines, "", "`tf1compat <task> --help` lists a task's flags."])
