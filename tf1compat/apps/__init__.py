"""Thin absl apps, one a task.

To add one, write a module with ``run(args)`` and a :class:`Task` in the tuple of ``main``. From
outside the package, a program of its own has what it adds (tasks, formats, layouts, evidence)::

    from tf1compat.apps import TASKS, Task, run

    TASKS.add(Task("prune", "zeroes the smallest weights", "my_tools.prune"))

    if __name__ == "__main__":
        run()
"""

from tf1compat.apps.main import TASKS, Task, run

__all__ = ["TASKS", "Task", "run"]
