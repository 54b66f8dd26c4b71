"""``tf1compat rename``: the same variables by other names."""

from __future__ import annotations

import re
import sys

from absl import flags

from tf1compat.apps._app import App
from tf1compat.apps._edits import EXITS, SurgeryFlags, writers_help
from tf1compat.apps._flags import SourceFlags, require_files, source_help
from tf1compat.apps.usage_text import Usage
from tf1compat.checkpoint.surgery import planned, rename
from tf1compat.errors import UsageError
from tf1compat.names import Rule, RuleSet, load_rules

__all__ = ["APP", "run"]

_USAGE = Usage(
    "CHECKPOINT OUTPUT",
    about="Writes a checkpoint with other names, by rules as migrations have them: patterns match "
    "whole names, the first that does decides, and what none speaks of stays. Slots and moving "
    "averages follow their variable. Names that collide are refused.",
    examples=(
        ("rename model.ckpt-1000 renamed.ckpt --map=bert/pooler=encoder/pooler", "a scope"),
        ("rename model.ckpt-1000 renamed.ckpt --rules=rules.toml --dry_run", "by a rules file"),
    ),
    exits=EXITS,
)
_FLAGS = flags.FlagValues()
_SOURCE = SourceFlags(_FLAGS)
_SURGERY = SurgeryFlags(_FLAGS, "rename")
_RULES = flags.DEFINE_string(
    "rules", None, "A TOML file of rules with target, or with drop.", flag_values=_FLAGS
)
_MAP = flags.DEFINE_multi_string(
    "map",
    [],
    "OLD=NEW: a variable, or all in a scope of that name; may be given several times, and comes "
    "before the rules.",
    flag_values=_FLAGS,
)


def _main() -> int:
    _SURGERY.check()
    checkpoint = _SOURCE.open()
    require_files({"rules": _RULES.value})
    rules = [_mapped(text, checkpoint) for text in _MAP.value]
    if _RULES.value:
        rules += load_rules(_RULES.value)
    if not rules:
        raise UsageError("expected --rules=FILE or --map=OLD=NEW, found neither")
    return _SURGERY.end(rename(planned(checkpoint), RuleSet(rules)))


def _mapped(text: str, names: object) -> Rule:
    old, equals, new = text.partition("=")
    if not (equals and old.strip("/") and new.strip("/")):
        raise UsageError(f"--map: expected OLD=NEW, found {text!r}")
    old, new, origin = old.rstrip("/"), new.rstrip("/"), f"--map={text}"
    target = new.replace("\\", "\\\\")
    is_variable = old in names  # type: ignore[operator]
    pattern = re.escape(old) if is_variable else rf"{re.escape(old)}/((?s:.+))"
    return Rule(pattern, target if is_variable else rf"{target}/\1", origin=origin)


APP = App("rename", _main, flag_values=_FLAGS, usage=_USAGE, notes=(source_help, writers_help))
run = APP.run


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
