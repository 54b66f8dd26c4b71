"""What causes each kind of error and what cures it: ``tf1compat help errors``, docs/errors.md."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from tf1compat import errors
from tf1compat.errors import Tf1CompatError, UsageError

__all__ = ["error_classes", "error_page", "error_pages"]

_WIDTH = 80


class _Page(NamedTuple):
    """What is said of a class of errors."""

    cause: str
    cure: str


_PAGES: Mapping[type[Tf1CompatError], _Page] = MappingProxyType(
    {
        errors.Tf1CompatError: _Page(
            "Any error of this package; what it raises itself is always of a kind below.",
            "Catch it to catch them all. `problems` has every offender, however many a message "
            "shows.",
        ),
        errors.CheckpointError: _Page(
            "A checkpoint's files can't be read, or don't belong together: a disk that fails, a "
            "store that can't be asked, a part that is missing or of another write.",
            "See which file the message names; copy it anew, together with all that stands beside "
            "it. `tf1compat inspect CHECKPOINT --health` lists everything that is wrong.",
        ),
        errors.CheckpointNotFoundError: _Page(
            "Nothing stands where a checkpoint was named, or a directory has none, or not of the "
            "`--step` that was asked for.",
            "Name its prefix (`model.ckpt-1000`, without `.index`), one of its files or its "
            "directory; the message says what is there and what is nearest.",
        ),
        errors.CheckpointExistsError: _Page(
            "A checkpoint would be written where one, or a part of one, or anything else stands.",
            "Write to another prefix, or remove what stands there; nothing was touched.",
        ),
        errors.UnsupportedCheckpointError: _Page(
            "The file can be read and is something else: a graph without values, a pickle, a model "
            "of another framework, an archive, a type of values that isn't known.",
            "The message says what it is and what to do with it. `docs/sources.md` lists what is "
            "read.",
        ),
        errors.CorruptCheckpointError: _Page(
            "Bytes contradict their checksums or their own structure: a copy that was cut off, a "
            "damaged disk, files of two checkpoints under one name.",
            "Copy the file anew from where it came from and compare sizes; `file`, `variable` and "
            "`offset` say where it is damaged. Other variables of it can still be read.",
        ),
        errors.BudgetError: _Page(
            "A file would take far more memory or time than its size warrants, as one that was "
            "made to would; a very sparse one of one's own may, too.",
            "If you trust the file, `--budget=N` grants N times as much.",
        ),
        errors.UnknownNameError: _Page(
            "A name isn't there: of a variable, a weight, a scope, a task, a thing of a registry.",
            "The message gives the nearest names that are; `tf1compat inspect` lists all.",
        ),
        errors.RuleError: _Page(
            "A rename rule can't be read, matches nothing, or claims what another claims.",
            "The message names the file and line and the nearest names. Patterns match whole "
            "names; `docs/rules.md` has every key, `tf1compat help layouts` the layouts.",
        ),
        errors.LayoutError: _Page(
            "A layout can't be applied to a shape or dtype, or isn't one.",
            "See `tf1compat help layouts` for the arguments each takes, and the shapes on both "
            "sides in `tf1compat plan`.",
        ),
        errors.PlanError: _Page(
            "A plan doesn't account for every variable and every weight, or was made for another "
            "checkpoint or model.",
            "Answer what it asks by a rule for each open name: `{source=..., target=...}`, "
            "`{source=..., drop='why'}` or `{target=..., keep='why'}`. Make a plan anew when the "
            "checkpoint or the model changed.",
        ),
        errors.ModelError: _Page(
            "A Keras model can't be used as it is: it isn't built, can't be saved, or its code "
            "raised an error.",
            "Build it on inputs (`keras.Input`) before it is returned, and try the function by "
            "itself in Python.",
        ),
        errors.ModelNotFoundError: _Page(
            "No module, function or file where `--model` names one.",
            "Write `module:function`, the module as for `import`; the current directory is on the "
            "path. The message gives the nearest names.",
        ),
        errors.OutputError: _Page(
            "An output couldn't be written or read back: a full disk, no permission, another "
            "writer at the same time.",
            "The message says what stands there: what stood there before, or nothing. Make room, "
            "or choose another path.",
        ),
        errors.VerificationError: _Page(
            "Weights or outputs differ from what they were converted from, or settings differ that "
            "change outputs where that is refused.",
            "Begin with the first layer that is named. Outputs that differ where weights are equal "
            "speak of a setting (an activation, an epsilon, padding: `docs/lint.md`) or of a "
            "layout (`docs/proof.md`).",
        ),
        errors.GraphError: _Page(
            "A graph, a collection or a session doesn't hold what was asked of it.",
            "Look at what it holds with `tf1compat.graph.query`; `docs/graph_state.md` is a guide.",
        ),
        errors.SharingError: _Page(
            "A shared scope would create a variable that its first call didn't create.",
            "Build the same layers in every call, under the same names; what differs goes into a "
            "scope of its own. `docs/variable_scope.md` says how sharing works.",
        ),
        errors.UsageError: _Page(
            "A flag that is none of the task's, an argument too few or too many, a value that "
            "can't be one, a file that isn't there, a Keras that can't be imported.",
            "The message says what was expected; `tf1compat help TASK` has usage, flags and "
            "examples.",
        ),
        errors.MisfitError: _Page(
            "What files hold doesn't allow what is to be made of it: values that a narrower dtype "
            "would lose, parts or checkpoints that don't fit one another, two variables of one "
            "name, a dtype that a format hasn't.",
            "The message names each of them, and what may be done with it; nothing was written. "
            "`docs/surgery.md` says what each task asks of its checkpoints.",
        ),
    }
)


def error_classes() -> dict[str, type[Tf1CompatError]]:
    """Returns the kinds of errors by their codes."""
    return {kind.code: kind for kind in _PAGES}


def error_page(code: str) -> list[str]:
    """Returns what there is to say of a code.

    Raises:
      UsageError: there is no such error.
    """
    known = error_classes()
    if code not in known:
        raise UsageError(
            f"expected the code of an error, {min(known)} to {max(known)}, found {code!r}"
        )
    head, *lines = _page(known[code])
    return [head.removeprefix("## ").replace("`", ""), *lines]


def error_pages() -> list[str]:
    """Returns the page of all errors."""
    about = (
        "Every error of this package has a code, which stands behind its message on the command "
        "line and in `error.code`. `tf1compat help TF1C017` prints what is said here of one. All "
        "derive from `Tf1CompatError`, and from the builtin that a caller would catch without "
        "knowing this package."
    )
    lines = ["# Errors", "", *_wrapped(about)]
    for kind in error_classes().values():
        lines += ["", *_page(kind)]
    return lines


def _page(kind: type[Tf1CompatError]) -> list[str]:
    return [line for part in _section(kind) for line in _wrapped(part)]


def _wrapped(text: str) -> list[str]:
    if not text or text.startswith("#"):  # a heading is one line
        return [text]
    return textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _section(kind: type[Tf1CompatError]) -> Iterator[str]:
    builtin = next(base for base in kind.__mro__ if base.__module__ == "builtins")
    also = "" if builtin is Exception else f", a `{builtin.__name__}`"
    page = _PAGES[kind]
    yield f"## {kind.code}: `{kind.__name__}`{also}"
    yield ""
    yield (kind.__doc__ or "").strip().split("\n")[0]
    yield ""
    yield f"Cause: {page.cause}"
    yield ""
    yield f"Cure: {page.cure}"
