"""Thin absl apps, one a task.

To add one, write a module with ``run(args)`` and a :class:`Task` in the tuple of ``main``; from
outside the package, ``TASKS.add(Task(...))``.
"""

from tf1compat.apps.main import TASKS, Task

__all__ = ["TASKS", "Task"]
