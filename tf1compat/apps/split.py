"""``tf1compat split``: variables dealt out to parts."""

from __future__ import annotations

import sys

from absl import flags

from tf1compat.apps._app import App
from tf1compat.apps._edits import EXITS, ChoiceFlags, SurgeryFlags, writers_help
from tf1compat.apps._flags import SourceFlags, source_help
from tf1compat.apps.usage_text import Usage
from tf1compat.checkpoint.surgery import planned, split
from tf1compat.checkpoint.surgery.partitions import STRATEGIES
from tf1compat.errors import UsageError

__all__ = ["APP", "run"]

_USAGE = Usage(
    "CHECKPOINT OUTPUT",
    about="Deals variables out to parts along their first axis, with their slots and averages: to "
    "slices, as 1.x saves what a partitioner made, or to variables of their own.",
    examples=(
        ("split model.ckpt-1000 parts.ckpt --parts=4 --variables=embeddings", "in four slices"),
        (
            "split model.ckpt-1000 parts.ckpt --parts=4 --variables=table --strategy=mod "
            "--kind=variables",
            "table/part_0 to table/part_3, dealt out by ids",
        ),
    ),
    exits=EXITS,
)
_FLAGS = flags.FlagValues()
_SOURCE = SourceFlags(_FLAGS)
_SURGERY = SurgeryFlags(_FLAGS, "split")
_CHOICE = ChoiceFlags(_FLAGS, "what is dealt out")
_PARTS = flags.DEFINE_integer(
    "parts", None, "How many parts.", lower_bound=1, flag_values=_FLAGS, required=True
)
_STRATEGY = flags.DEFINE_enum(
    "strategy",
    "div",
    list(STRATEGIES),
    "One part after the other, or row i to part i modulo their number (of variables alone).",
    flag_values=_FLAGS,
)
_KIND = flags.DEFINE_enum(
    "kind", "slices", ["slices", "variables"], "What the parts are.", flag_values=_FLAGS
)


def _main() -> int:
    _SURGERY.check()
    tensors = planned(_SOURCE.open())
    if not _CHOICE.given:
        raise UsageError("expected --variables=PATTERN or --scope=SCOPE, found neither")
    choose = _CHOICE.chooser([one.name for one in tensors])
    how = {"strategy": _STRATEGY.value, "kind": _KIND.value}
    return _SURGERY.end(split(tensors, _PARTS.value, choose=choose, **how))


APP = App("split", _main, flag_values=_FLAGS, usage=_USAGE, notes=(source_help, writers_help))
run = APP.run


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
