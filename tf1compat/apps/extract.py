"""``tf1compat extract``: one scope of a checkpoint."""

from __future__ import annotations

import sys

from absl import flags

from tf1compat.apps._app import App
from tf1compat.apps._edits import EXITS, SurgeryFlags, writers_help
from tf1compat.apps._flags import SourceFlags, source_help
from tf1compat.apps.usage_text import Usage
from tf1compat.checkpoint.surgery import extract, planned

__all__ = ["APP", "run"]

_USAGE = Usage(
    "CHECKPOINT SCOPE OUTPUT",
    about="Writes a checkpoint of the variables in one scope, which ends at its slash: net/a holds "
    "net/a/w and not net/ab/w.",
    examples=(
        ("extract model.ckpt-1000 bert/encoder encoder.ckpt", "weights alone"),
        ("extract model.ckpt-1000 generator generator.ckpt --companions=keep", "slots as well"),
    ),
    exits=EXITS,
)
_FLAGS = flags.FlagValues()
_SOURCE = SourceFlags(_FLAGS)
_SURGERY = SurgeryFlags(_FLAGS, "extract")
_SCOPE = flags.DEFINE_string(
    "scope", None, "The scope of the variables to keep.", flag_values=_FLAGS, required=True
)
_COMPANIONS = flags.DEFINE_enum(
    "companions",
    "drop",
    ["drop", "keep"],
    "What becomes of slots and moving averages of the variables that are kept.",
    flag_values=_FLAGS,
)


def _main() -> int:
    _SURGERY.check()
    tensors = planned(_SOURCE.open())
    return _SURGERY.end(extract(tensors, _SCOPE.value, companions=_COMPANIONS.value))


APP = App("extract", _main, flag_values=_FLAGS, usage=_USAGE, notes=(source_help, writers_help))
run = APP.run


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
