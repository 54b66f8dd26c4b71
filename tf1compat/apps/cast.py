"""``tf1compat cast``: floats of another width."""

from __future__ import annotations

import sys

from absl import flags

from tf1compat.apps._app import App
from tf1compat.apps._edits import EXITS, ChoiceFlags, SurgeryFlags, writers_help
from tf1compat.apps._flags import SourceFlags, source_help
from tf1compat.apps._progress import advance_by, progress
from tf1compat.apps.usage_text import Usage
from tf1compat.checkpoint.surgery import cast, planned
from tf1compat.checkpoint.surgery.casting import FLOATS, narrowed_bytes
from tf1compat.files.telling import told_to

__all__ = ["APP", "run"]

_USAGE = Usage(
    "CHECKPOINT OUTPUT",
    about="Writes a checkpoint whose floats have another dtype, each rounded to the nearest; "
    "integers and all else stay.",
    examples=(
        ("cast model.ckpt-1000 half.ckpt --to=bfloat16", "all floats"),
        ("cast model.ckpt-1000 half.safetensors --to=float16 --scope=encoder", "one scope"),
    ),
    exits={**EXITS, 1: "nothing was written: values would be lost, or a file is damaged"},
)
_FLAGS = flags.FlagValues()
_SOURCE = SourceFlags(_FLAGS)
_SURGERY = SurgeryFlags(_FLAGS, "cast")
_TO = flags.DEFINE_enum(
    "to", None, list(FLOATS), "The dtype to write.", flag_values=_FLAGS, required=True
)
_CHOICE = ChoiceFlags(_FLAGS, "what is cast; by default all floats are")
_OVERFLOW = flags.DEFINE_enum(
    "overflow",
    "refuse",
    ["refuse", "infinity"],
    "Values too large for the dtype: refused before anything is written, or made infinite.",
    flag_values=_FLAGS,
)


def _main() -> int:
    _SURGERY.check()
    checkpoint = _SOURCE.open()
    choose = _CHOICE.chooser(list(checkpoint))
    tensors = planned(checkpoint)
    # Where values may be lost, they are read before any is written.
    looked = _OVERFLOW.value == "refuse"
    total = narrowed_bytes(tensors, _TO.value, choose=choose) if looked else 0
    with progress("looking at values", total) as advance, told_to(advance_by(advance)):
        edit = cast(tensors, _TO.value, choose=choose, overflow=_OVERFLOW.value)
    return _SURGERY.end(edit)


APP = App("cast", _main, flag_values=_FLAGS, usage=_USAGE, notes=(source_help, writers_help))
run = APP.run


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
