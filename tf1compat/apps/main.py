"""The ``tf1compat`` command: ``tf1compat TASK ARGUMENT ... --flag=value ...``."""

from __future__ import annotations

import dataclasses
import importlib
import re
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tf1compat.apps._outlets import StandardStreams, standard_streams
from tf1compat.apps._printing import failed, say, say_lines
from tf1compat.errors import OutputError, Tf1CompatError, UnknownNameError, UsageError
from tf1compat.registry import Registry
from tf1compat.stopping import Stopped, stoppable

if TYPE_CHECKING:
    from tf1compat.apps._help import HelpText

__all__ = ["HELP", "TASKS", "TOPICS", "Task", "help_of", "run"]


@dataclasses.dataclass(frozen=True)
class Task:
    """One task of the command.

    Attributes:
      name: the word that asks for it.
      summary: one line for `tf1compat help`.
      module: the module whose ``run(args)`` does it and returns the exit status (0: well, 1: found
        something wrong, 2: not understood); it is imported when the task is asked for, because
        `inspect` must not wait for Keras. ``tf1compat help <task>`` calls ``run(["--help"])``.
    """

    name: str
    summary: str
    module: str

    def run(self, args: Sequence[str]) -> int:
        """Runs it on command-line arguments, errors turned into lines; returns its exit status."""
        from tf1compat.apps._app import guarded

        return guarded(self.name, lambda: self._run(args))

    def _run(self, args: Sequence[str]) -> int:
        run_it = getattr(self._imported(), "run", None)
        if not callable(run_it):
            raise UsageError(
                f"expected a module {self.module} with a function run, found {run_it!r}"
            )
        return _status_of(f"{self.module}.run", run_it(args))

    def help(self) -> HelpText | None:
        """Returns all that its help says; None of a module without an :class:`App`.

        Raises:
          UsageError: there is no such module.
        """
        from tf1compat.apps.flag_app import App

        app = getattr(self._imported(), "APP", None)
        return app.help() if isinstance(app, App) else None

    def _imported(self) -> ModuleType:
        try:
            return importlib.import_module(self.module)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{self.module}.".startswith(f"{error.name}."):
                raise
            raise UsageError(
                f"expected a module {self.module} that does the task, found none of this name"
            ) from error


def _status_of(whose: str, status: object) -> int:
    """Returns what a task returned, if it can be an exit status."""
    if type(status) is int and 0 <= status <= _LARGEST:
        return status
    raise UsageError(
        f"expected {whose} to return the exit status, a whole number from 0 to {_LARGEST}, found "
        f"{status!r}"
    )


HELP = ("help", "--help", "-h")
TOPICS = (
    "layouts",
    "evidence",
    "optimizers",
    "errors",
)  # of `_topics`, which help doesn't wait for
_MANUAL = "--man"
_LARGEST = 255  # status of a process
_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


def _check(task: Task) -> None:
    """Raises UsageError for a word that could never ask for a task, or a module of no name."""
    if task.name in (*HELP, *TOPICS) or not re.fullmatch(r"[^-\s]\S*", task.name):
        raise UsageError(f"task {task.name!r}: expected a word that isn't help, of help or a flag")
    if not isinstance(task, Task):  # whatever else runs
        return
    if not (isinstance(task.module, str) and _MODULE.fullmatch(task.module)):
        raise UsageError(
            f"task {task.name!r}: expected the full name of a module, found {task.module!r}"
        )


TASKS: Registry[Task] = Registry(
    "task",
    [
        Task(
            "inspect",
            "lists a checkpoint's variables, and their health",
            "tf1compat.apps.inspect",
        ),
        Task(
            "plan",
            "says what would go where, and why, without writing anything",
            "tf1compat.apps.plan",
        ),
        Task(
            "migrate",
            "writes a Keras file from a checkpoint, proved if there is a graph",
            "tf1compat.apps.migrate",
        ),
        Task(
            "verify",
            "proves a migrated file, or its outputs, equal to the checkpoint",
            "tf1compat.apps.verify",
        ),
        Task(
            "back",
            "writes a Keras model's weights back into a v1 checkpoint",
            "tf1compat.apps.back",
        ),
        Task(
            "diff",
            "compares two checkpoints, or a checkpoint and a migrated file",
            "tf1compat.apps.diff",
        ),
        Task("rename", "writes a checkpoint with other names, by rules", "tf1compat.apps.rename"),
        Task("cast", "writes a checkpoint with floats of another width", "tf1compat.apps.cast"),
        Task(
            "drop-slots",
            "writes a checkpoint without optimizers' slots",
            "tf1compat.apps.drop_slots",
        ),
        Task(
            "merge",
            "writes a checkpoint with partitioned variables made whole",
            "tf1compat.apps.merge",
        ),
        Task(
            "split", "writes a checkpoint with variables dealt out to parts", "tf1compat.apps.split"
        ),
        Task("average", "writes the average of several checkpoints", "tf1compat.apps.average"),
        Task("extract", "writes a checkpoint of one scope", "tf1compat.apps.extract"),
        Task(
            "convert",
            "writes a checkpoint in another format, without a model",
            "tf1compat.apps.convert",
        ),
        Task(
            "completion",
            "prints a script by which bash, zsh or fish complete commands",
            "tf1compat.apps.completion",
        ),
    ],
    has={"summary": str},
    methods=["run"],
    check=_check,
)
"""What the command can do. A program adds a task of its own by :meth:`Registry.add`."""


def help_of(task: Any) -> HelpText | None:
    """Returns the help of a task; None where it has none, or can't be imported.

    What is wrong with a task that a program added is said when it is asked for.
    """
    try:
        return task.help()
    except Exception:
        return None


def run(argv: Sequence[str] | None = None) -> None:
    """Runs the task that the command line names and exits with its status.

    Raises:
      SystemExit: always; 0 when all is well, 1 when the task found something wrong, 2 when it
        could not be understood or named a file that isn't there; 130, 143 and 129 when a signal
        ended it, 141 when all was well and nobody read it to its end.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    with stoppable(), standard_streams() as streams:
        status = _ended(args, streams)
    raise SystemExit(status)


def _ended(args: list[str], streams: StandardStreams) -> int:
    """Returns the exit status of a command line, once all that it says was written."""
    name = args[0] if args and args[0] in TASKS else ""
    try:
        return streams.ended(_status(args))
    except OutputError as error:  # of standard output
        return failed(name, str(error), status=1, code=error.code)
    except Stopped as stopped:
        return failed(name, str(stopped), status=stopped.status)


def _status(args: list[str]) -> int:
    if not args or args in ([word] for word in HELP):
        say_lines(_overview())
        return 0 if args else 2
    if args[0] == "--version":
        from tf1compat import __version__

        say(f"tf1compat {__version__}")
        return 0
    if args[0] in HELP and len(args) == 2 and _is_topic(args[1]):
        from tf1compat.apps._app import guarded

        return guarded("help", lambda: _said(args[1]))
    if args[0] in HELP and len(args) > 2:
        message = f"help: expected one task, topic or code, found {' '.join(map(repr, args[1:]))}"
        return failed("", f"{message}; see `tf1compat help`", status=2, code=UsageError.code)
    name, *rest = [args[1], "--help"] if args[0] in HELP else args
    try:
        task = TASKS[name]
    except UnknownNameError as error:
        topics = f"; of help also {', '.join(TOPICS)}" if args[0] in HELP else ""
        message = f"{error}{topics}; see `tf1compat help`"
        return failed("", message, status=2, code=error.code)
    from tf1compat.apps._app import guarded  # help doesn't wait for absl

    return guarded(name, lambda: _status_of(f"task {name!r}", task.run(rest)))


def _is_topic(word: str) -> bool:
    return word in (*TOPICS, _MANUAL) or word.upper().startswith(Tf1CompatError.code[:-3])


def _said(topic: str) -> int:
    if topic == _MANUAL:
        lines = _manual()
    elif topic not in TOPICS:
        from tf1compat.apps._error_pages import error_page

        lines = error_page(topic.upper())
    else:
        from tf1compat.apps._topics import TOPIC_TEXTS

        lines = TOPIC_TEXTS[topic]().split("\n")
    say_lines(lines)
    return 0


def _manual() -> list[str]:
    from tf1compat import __version__
    from tf1compat.apps._manual import manual_lines

    summaries = {task.name: task.summary for task in TASKS.values()}
    texts = [text for task in TASKS.values() if (text := help_of(task)) is not None]
    return manual_lines(summaries, texts, topics=TOPICS, version=__version__)


def _overview() -> list[str]:
    width = max(map(len, TASKS)) + 2
    lines = ["usage: tf1compat TASK [ARGUMENT ...] [--flag=value ...]", ""]
    lines += [f"  {task.name:<{width}}{task.summary}" for task in TASKS.values()]
    lines += [
        "",
        "tf1compat inspect model.ckpt-1000                 what a checkpoint holds",
        "tf1compat plan model.ckpt-1000 my_models:build    what would go where, and why",
        "tf1compat migrate model.ckpt-1000 my_models:build out.keras",
        "",
        "`tf1compat help TASK` says how a task is asked for, with examples;",
        f"`tf1compat help {'|'.join(TOPICS)}` lists those that there are,",
        f"`tf1compat help {UsageError.code}` what an error's code means;",
        f"`tf1compat help {_MANUAL}` prints a manual page.",
    ]
    return lines
