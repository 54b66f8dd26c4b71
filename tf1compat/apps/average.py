"""``tf1compat average``: one checkpoint of several."""

from __future__ import annotations

import sys

from absl import flags

from tf1compat.apps._app import App
from tf1compat.apps._edits import EXITS, SurgeryFlags, writers_help
from tf1compat.apps._flags import opened, source_help
from tf1compat.apps.usage_text import Usage
from tf1compat.checkpoint.surgery import average, planned
from tf1compat.checkpoint.surgery.averaging import OTHERS
from tf1compat.errors import UsageError

__all__ = ["APP", "run"]

_USAGE = Usage(
    "CHECKPOINTS... OUTPUT",
    about="Writes the average of several checkpoints of one net, added up in double precision. "
    "Integers and texts have to be equal.",
    examples=(
        (
            "average model.ckpt-8000 model.ckpt-9000 model.ckpt-10000 avg.ckpt --others=last",
            "the last three of a run, with the step of the last",
        ),
        ("average a.ckpt b.ckpt soup.ckpt --weights=0.3,0.7", "weighted"),
    ),
    exits=EXITS,
)
_FLAGS = flags.FlagValues()
_CHECKPOINTS = flags.DEFINE_multi_string(
    "checkpoints",
    None,
    "The checkpoints, each as other tasks take one.",
    flag_values=_FLAGS,
    required=True,
)
_SURGERY = SurgeryFlags(_FLAGS, "average")
_WEIGHTS = flags.DEFINE_list(
    "weights",
    [],
    "A number for each checkpoint; they are divided by their sum. By default all are alike.",
    flag_values=_FLAGS,
)
_OTHERS = flags.DEFINE_enum(
    "others",
    "equal",
    list(OTHERS),
    "What can't be averaged: it has to be equal, or the first's or the last's is taken.",
    flag_values=_FLAGS,
)


def _main() -> int:
    _SURGERY.check()
    try:
        weights = [float(text) for text in _WEIGHTS.value]
    except ValueError as error:
        raise UsageError(f"--weights: expected numbers, found {_WEIGHTS.value}") from error
    sides = [planned(opened(path)) for path in _CHECKPOINTS.value]
    return _SURGERY.end(average(sides, weights, others=_OTHERS.value))


APP = App("average", _main, flag_values=_FLAGS, usage=_USAGE, notes=(source_help, writers_help))
run = APP.run


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
