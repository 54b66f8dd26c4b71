"""``tf1compat convert``: the same variables in another format."""

from __future__ import annotations

import sys

from absl import flags

from tf1compat.apps._app import App
from tf1compat.apps._edits import EXITS, ChoiceFlags, SurgeryFlags, writers_help
from tf1compat.apps._flags import SourceFlags, source_help
from tf1compat.apps.usage_text import Usage
from tf1compat.checkpoint.surgery import Edit, planned

__all__ = ["APP", "run"]

_USAGE = Usage(
    "CHECKPOINT OUTPUT",
    about="Writes the variables of a checkpoint, of whatever format, in another that needs no "
    "model. What a format can't hold is refused, and may be left out by name.",
    examples=(
        ("convert model.ckpt-1000 model.safetensors", "from TensorFlow to safetensors"),
        ("convert frozen.pb model.ckpt", "the constants of a frozen graph, as variables"),
    ),
    exits=EXITS,
)
_FLAGS = flags.FlagValues()
_SOURCE = SourceFlags(_FLAGS)
_SURGERY = SurgeryFlags(_FLAGS, "convert")
_CHOICE = ChoiceFlags(_FLAGS, "what is left out")


def _main() -> int:
    _SURGERY.check()
    tensors = planned(_SOURCE.open())
    if not _CHOICE.given:
        return _SURGERY.end(Edit(tensors))
    chosen = _CHOICE.chooser([one.name for one in tensors])
    left = tuple((one.name, "asked for") for one in tensors if chosen(one.name))
    return _SURGERY.end(Edit(tuple(one for one in tensors if not chosen(one.name)), left))


APP = App("convert", _main, flag_values=_FLAGS, usage=_USAGE, notes=(source_help, writers_help))
run = APP.run


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
