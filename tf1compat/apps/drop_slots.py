"""``tf1compat drop-slots``: a checkpoint without what its optimizer kept."""

from __future__ import annotations

import sys

from absl import flags

from tf1compat.apps._app import App
from tf1compat.apps._edits import EXITS, SurgeryFlags, writers_help
from tf1compat.apps._flags import SourceFlags, source_help
from tf1compat.apps.usage_text import Usage
from tf1compat.checkpoint.surgery import drop_slots, planned

__all__ = ["APP", "run"]

_USAGE = Usage(
    "CHECKPOINT OUTPUT",
    about="Writes a checkpoint without optimizers' slots and their own numbers (beta1_power), "
    "told from the names of the whole file. Moving averages stay, and so does global_step.",
    examples=(
        ("drop-slots model.ckpt-1000 small.ckpt", "a third of the size, of one trained with Adam"),
        ("drop-slots model.ckpt-1000 small.ckpt --averages=drop --dry_run", "what would stay"),
    ),
    exits=EXITS,
)
_FLAGS = flags.FlagValues()
_SOURCE = SourceFlags(_FLAGS)
_SURGERY = SurgeryFlags(_FLAGS, "drop-slots")
_AVERAGES = flags.DEFINE_enum(
    "averages", "keep", ["keep", "drop"], "What becomes of moving averages.", flag_values=_FLAGS
)


def _main() -> int:
    _SURGERY.check()
    tensors = planned(_SOURCE.open())
    return _SURGERY.end(drop_slots(tensors, averages=_AVERAGES.value))


APP = App("drop-slots", _main, flag_values=_FLAGS, usage=_USAGE, notes=(source_help, writers_help))
run = APP.run


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
