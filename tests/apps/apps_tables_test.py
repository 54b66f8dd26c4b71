"""Tables: whole lines in a pipe, folded to the width of a terminal."""

import json
import os
import pty
import subprocess
import sys

import pytest

from tf1compat.apps._printing import say_json
from tf1compat.apps._tables import print_table

_ROWS = [["tower/conv_1/weights", "(3, 3, 64, 64)", "147"], ["b", "()", "4"]]


def test_a_pipe_gets_one_line_a_row(capsys):
    print_table(["name", "shape", "n"], _ROWS, right=["n"])
    assert capsys.readouterr().out.splitlines() == [
        "name                  shape             n",
        "tower/conv_1/weights  (3, 3, 64, 64)  147",
        "b                     ()                4",
    ]
    print_table(["name"], [])
    assert capsys.readouterr().out == "name\n"


def test_a_row_is_a_line_whatever_is_in_a_cell(capsys):
    print_table(["why", "n"], [["the heads\nnobody trains", "1"]])
    assert capsys.readouterr().out.splitlines()[1:] == ["the heads\\nnobody trains  1"]


def test_what_controls_a_terminal_is_shown(capsys):
    print_table(["why"], [["the heads\x1b[2J \x9b1m"]])
    assert capsys.readouterr().out.splitlines()[1:] == [r"the heads\x1b[2J \x9b1m"]


def test_json_is_strict(capsys):
    nan, inf = float("nan"), float("inf")
    say_json({"gaps": [1.5, nan, {"largest": (inf, -inf)}], "why": "\x1b[2J"})
    out = capsys.readouterr().out
    assert json.loads(out, parse_constant=pytest.fail) == {
        "gaps": [1.5, None, {"largest": [None, None]}],
        "why": "\x1b[2J",
    }
    assert "\x1b" not in out


def on_a_terminal(rows, width):
    """Returns the lines that a real terminal of that width gets."""
    code = (
        "from tf1compat.apps._tables import print_table\n"
        f"print_table(['name', 'shape', 'n'], {rows!r}, right=['n'])"
    )
    leader, follower = pty.openpty()
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": str(width)}
    env["TERM"] = "xterm"
    env.pop("NO_COLOR", None)
    done = subprocess.run([sys.executable, "-c", code], stdout=follower, env=env, check=False)
    os.close(follower)
    text = os.read(leader, 1 << 16).decode()
    os.close(leader)
    assert done.returncode == 0
    return text.replace("\r", "").splitlines()


def test_on_a_terminal():
    """The header is bold, and nothing is wider than the terminal."""
    lines = on_a_terminal(_ROWS, 32)
    assert lines[0].startswith("\x1b[1mname")
    assert all(len(line) <= 32 for line in lines[1:])
    assert [line.rstrip() for line in lines[1:]] == [
        "tower/conv_1  (3, 3, 64,     147",
        "/weights      64)",
        "b             ()               4",
    ]


def test_what_controls_a_terminal_is_shown_on_one_too():
    (line,) = on_a_terminal([["a\x1b[2J", "()", "1"]], 40)[1:]
    assert line.startswith(r"a\x1b[2J")


def test_wide_characters_take_two_places_and_words_stay_whole():
    lines = on_a_terminal([["模型/w", "of many words", "1"]], 22)
    assert [line.rstrip() for line in lines[1:]] == [
        "模型/w  of many      1",
        "        words",
    ]


def test_no_column_vanishes_on_a_narrow_terminal():
    lines = on_a_terminal([["a" * 30, "b" * 30, "3"]], 10)
    assert "".join(lines[1:]).count("a") == "".join(lines).count("b") == 30
