"""Each kind of error has a code of its own, a page with its cause and cure, and words."""

import contextlib
import inspect
import io
import pathlib
import re
import sys

import numpy as np
import pytest

from tf1compat import errors
from tf1compat.apps._error_pages import error_classes
from tf1compat.apps._printing import error_line
from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.errors import Problem, Tf1CompatError, UsageError

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "errors.md"


class Terminal(io.StringIO):
    """Where text goes that somebody looks at."""

    def isatty(self):
        return True


KINDS = [
    one for one in vars(errors).values() if inspect.isclass(one) and issubclass(one, Tf1CompatError)
]
# What a caller would catch without knowing this package.
BUILTINS = {
    "CheckpointNotFoundError": FileNotFoundError,
    "CheckpointExistsError": FileExistsError,
    "UnknownNameError": KeyError,
    "OutputError": OSError,
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_has_a_code_a_section_and_words(app, kind):
    assert re.fullmatch(r"TF1C[0-9]{3}", vars(kind)["code"])
    assert error_classes()[kind.code] is kind
    section = PAGE.read_text(encoding="utf-8").partition(f"## {kind.code}: `{kind.__name__}`")[2]
    section = section.partition("\n## ")[0]
    for word in ("Cause: ", "Cure: "):
        assert len(section.partition(f"\n\n{word}")[2].partition("\n\n")[0].split()) > 5
    code, out, _ = app("help", kind.code.lower())
    assert (code, out.partition("\n")[2].strip()) == (0, section.partition("\n")[2].strip())
    problems = [Problem("a/w\n", "shape (2,)", "shape (3,)", "m.ckpt", "drop it")] * 40
    error = kind.from_problems("40 don't fit:", problems)
    *lines, last = str(error).split("\n")
    assert lines[0] == "40 don't fit:"
    assert lines[1] == r"  a/w\n: expected shape (2,), found shape (3,) [m.ckpt]; drop it"
    assert (len(lines), last) == (31, "  ... and 10 more (the error's .problems has all)")
    with pytest.raises(BUILTINS.get(kind.__name__, Exception), match="40 don't fit"):
        raise error


def test_codes_are_unlike_and_never_move():
    """A code that is in somebody's notes means the same for ever: add behind the last one."""
    codes = [kind.code for kind in KINDS]
    assert sorted(set(codes)) == sorted(codes) == [f"TF1C{n:03}" for n in range(len(KINDS))]
    known = {"TF1C002": "CheckpointNotFoundError", "TF1C010": "PlanError", "TF1C017": "UsageError"}
    assert {code: error_classes()[code].__name__ for code in known} == known


def test_the_page_is_that_of_the_classes(app):
    command = "python -m tf1compat help errors > docs/errors.md"
    assert app("help", "errors")[1] == PAGE.read_text(encoding="utf-8"), command


def test_the_page_of_one_is_plain_text(app):
    code, out, _ = app("help", "tf1c017")
    assert (code, out.split("\n")[0]) == (0, "TF1C017: UsageError, a ValueError")


def test_a_code_that_is_none_is_told(app):
    code, _, err = app("help", "TF1C999")
    assert (code, "expected the code of an error, TF1C000 to TF1C0" in err) == (2, True)


def test_a_message_is_followed_by_its_code(app, tmp_path):
    assert error_line("plan", "2 files are gone:", code="TF1C017").endswith(" gone (TF1C017):")
    code, _, err = app("inspect", str(tmp_path / "gone.ckpt"))
    assert code == 2
    assert err.split("\n")[0].endswith("(TF1C002)")
    assert app("inspekt")[2].endswith("see `tf1compat help` (TF1C007)\n")
    assert app("inspect")[2].endswith(" [--flag=value ...] (TF1C017)\n")


def test_words_of_what_is_raised(tmp_path):
    write_checkpoint(str(tmp_path / "m.ckpt"), {"net/kernel": np.ones(2)})
    checkpoint = open_checkpoint(str(tmp_path / "m.ckpt"))
    with pytest.raises(KeyError, match=r"net/kernels.*net/kernel") as raised:
        checkpoint["net/kernels"]
    assert raised.value.code == "TF1C007"
    with pytest.raises(
        FileExistsError, match=r"m\.ckpt: a checkpoint, or a part of one, is there"
    ) as raised:
        write_checkpoint(str(tmp_path / "m.ckpt"), {"net/kernel": np.ones(2)})
    assert raised.value.code == "TF1C003"
    with pytest.raises(FileNotFoundError, match=r"n\.ckpt: there is no such") as raised:
        open_checkpoint(str(tmp_path / "n.ckpt"))
    assert raised.value.code == "TF1C002"
    assert UsageError("x").code == "TF1C017"


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_errors_are_red_on_a_terminal(app, monkeypatch, variables, coloured):
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with contextlib.redirect_stderr(Terminal()) as shown:
        app("inspekt")
    assert ("tf1compat: \x1b[1;31merror\x1b[0m: expected" in shown.getvalue()) == coloured
    assert "\x1b" not in app("inspekt")[2]


def test_a_keras_or_a_backend_that_is_missing_is_to_be_installed(app, tmp_path, monkeypatch):
    needed = "tf1compat.keras3.index.model_index"

    class Missing:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == needed:
                raise ModuleNotFoundError("No module named 'jax'", name="jax")

    write_checkpoint(str(tmp_path / "m.ckpt"), {"a": np.ones(2)})
    monkeypatch.delitem(sys.modules, needed, raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing, *sys.meta_path])
    code, _, err = app("plan", str(tmp_path / "m.ckpt"), "my_models:build")
    assert code == 2
    assert "No module named 'jax'; pip install jax, or see what KERAS_BACKEND" in err
