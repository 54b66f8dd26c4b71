"""``tf1compat completion``: a shell's script that completes tasks, flags, values and files."""

from __future__ import annotations

import sys

from absl import flags

from tf1compat.apps._app import EXIT_OK, App
from tf1compat.apps._error_pages import error_classes
from tf1compat.apps._printing import say_lines
from tf1compat.apps._shells import SHELLS, Completed
from tf1compat.apps.usage_text import Usage

__all__ = ["APP", "run"]

_USAGE = Usage(
    "SHELL",
    about="Prints a script that has a shell complete tasks, flags, their values and files.",
    examples=(
        ("completion bash > ~/.local/share/bash-completion/completions/tf1compat", "for good"),
        ("completion zsh > ~/.zfunc/_tf1compat", "in a directory of zsh's $fpath"),
        ("completion fish | source", "for this session"),
    ),
    exits={0: "printed", 1: "it couldn't be written"},
)

_FLAGS = flags.FlagValues()
_SHELL = flags.DEFINE_enum(
    "shell", None, list(SHELLS), "The shell that reads it.", flag_values=_FLAGS
)


def _main() -> int:
    from tf1compat.apps.main import HELP, TASKS, TOPICS, help_of

    found = [
        Completed.of(task.summary, text)
        if (text := help_of(task))
        else Completed(task.name, task.summary)
        for task in TASKS.values()
    ]
    helped = (*TASKS, *TOPICS, *error_classes())
    found.append(Completed(HELP[0], "says how a task is asked for", values=helped))
    say_lines(SHELLS[str(_SHELL.value)](found).split("\n"))
    return EXIT_OK


APP = App("completion", _main, flag_values=_FLAGS, usage=_USAGE)
run = APP.run


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
