"""``tf1compat plan``: what would go where, and why; nothing is written."""

from __future__ import annotations

import json
import sys

from absl import flags

from tf1compat.apps._app import EXIT_FOUND, EXIT_OK, App
from tf1compat.apps._flags import SourceFlags, define_format, require_files, source_help
from tf1compat.apps._lint_flag import LintFlag
from tf1compat.apps._printing import complain, error_line, json_head, say, say_json
from tf1compat.apps._quiet import import_keras
from tf1compat.apps._target_flags import TargetFlags
from tf1compat.apps.usage_text import Usage
from tf1compat.errors import VerificationError

__all__ = ["APP", "run"]

_USAGE = Usage(
    "CHECKPOINT MODEL",
    about="Says which variable goes to which weight of a Keras model, and why. Writes nothing.",
    examples=(
        ("plan model.ckpt-1000 my_models:build", "what would go where"),
        ("plan model.ckpt-1000 my_models:build --rules=rules.toml", "with rules of your own"),
    ),
    exits={
        0: "the plan is complete: each variable and each weight is accounted for",
        1: "something is open, ambiguous or refused; all of it is listed",
    },
)
_FLAGS = flags.FlagValues()
_SOURCE = SourceFlags(_FLAGS)
_TARGET = TargetFlags(_FLAGS)
_FORMAT = define_format(_FLAGS)
_LINT = LintFlag(_FLAGS)


def _main() -> int:
    checkpoint = _SOURCE.open()  # a wrong path should not wait for Keras
    require_files(_TARGET.files())

    import_keras()

    from tf1compat.apps._planned import make_plan, print_offenders, print_plan

    plan, index = make_plan(checkpoint, _TARGET)
    lint = _LINT.found(plan, index, checkpoint)
    if _FORMAT.value == "json":
        told = json.loads(plan.to_json())
        say_json({**json_head("plan", told["format"]), **told, "lint": lint.record()})
    else:
        print_plan(plan)
        if lint.findings:
            say(lint)
    if not plan.complete:
        print_offenders(plan, checkpoint, index, _TARGET)
        return EXIT_FOUND
    if why := _LINT.refusal(lint):
        complain(error_line("plan", why, code=VerificationError.code))
        return EXIT_FOUND
    return EXIT_OK


APP = App("plan", _main, flag_values=_FLAGS, usage=_USAGE, notes=(source_help,))
run = APP.run


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
