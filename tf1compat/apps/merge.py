"""``tf1compat merge``: variables in parts made whole."""

from __future__ import annotations

import sys

from absl import flags

from tf1compat.apps._app import App
from tf1compat.apps._edits import EXITS, ChoiceFlags, SurgeryFlags, writers_help
from tf1compat.apps._flags import SourceFlags, source_help
from tf1compat.apps.usage_text import Usage
from tf1compat.checkpoint.surgery import merge, planned
from tf1compat.checkpoint.surgery.partitions import STRATEGIES
from tf1compat.names.parse import split_part

__all__ = ["APP", "run"]

_USAGE = Usage(
    "CHECKPOINT OUTPUT",
    about="Writes partitioned variables whole: slices are joined, and so are variables X/part_0, "
    "X/part_1 and so on, with their slots.",
    examples=(
        ("merge model.ckpt-1000 whole.ckpt", "all that is in parts"),
        ("merge model.ckpt-1000 whole.ckpt --strategy=mod --variables=table", "dealt out by ids"),
    ),
    exits=EXITS,
)
_FLAGS = flags.FlagValues()
_SOURCE = SourceFlags(_FLAGS)
_SURGERY = SurgeryFlags(_FLAGS, "merge")
_CHOICE = ChoiceFlags(_FLAGS, "what is made whole, by the name that it then has; by default all")
_STRATEGY = flags.DEFINE_enum(
    "strategy",
    None,
    list(STRATEGIES),
    "How rows were dealt out to variables that are parts, which is asked for where there are any: "
    "one part after the other, or row i to part i modulo their number, as tf.nn.embedding_lookup "
    "does unless it is told otherwise.",
    flag_values=_FLAGS,
)


def _main() -> int:
    _SURGERY.check()
    tensors = planned(_SOURCE.open())
    choose = _CHOICE.chooser(
        [name for one in tensors for name in (one.name, *split_part(one.name)[:1])]
    )
    return _SURGERY.end(merge(tensors, strategy=_STRATEGY.value, choose=choose))


APP = App("merge", _main, flag_values=_FLAGS, usage=_USAGE, notes=(source_help, writers_help))
run = APP.run


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
