"""Thin absl apps, one a task.

To add one, write a module with an ``APP`` and its ``run``, and a :class:`Task` in the tuple of
``main``. From outside the package, a program of its own has what it adds (tasks, formats, layouts,
evidence)::

    from tf1compat.apps import TASKS, Task, run

    TASKS.add(Task("prune", "zeroes the smallest weights", "my_tools.prune"))

    if __name__ == "__main__":
        run()

Any ``run(args)`` does. One of an :class:`App` reads its command line as the package's tasks do,
and has its help, its manual page and its completion made of one text::

    APP = App(
        "prune",
        main,  # without arguments; returns the exit status
        flag_values=FLAGS,  # an absl FlagValues with the flags checkpoint, output and others
        usage=Usage("CHECKPOINT OUTPUT", examples=(("prune model.ckpt small.ckpt", "a tenth"),)),
    )
    run = APP.run
"""

import typing as _typing

from tf1compat import lazy as _lazy
from tf1compat.apps.main import TASKS, Task, run

if _typing.TYPE_CHECKING:
    from tf1compat.apps.flag_app import App
    from tf1compat.apps.usage_text import Operand, Usage

__all__ = ["TASKS", "App", "Operand", "Task", "Usage", "run"]

__getattr__, __dir__ = _lazy.exports(
    __name__, {".flag_app": ["App"], ".usage_text": ["Operand", "Usage"]}
)
