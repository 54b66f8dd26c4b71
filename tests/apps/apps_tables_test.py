"""Tables: whole lines in a pipe, folded to the width of a terminal."""

import os
import pty
import subprocess
import sys

from tf1compat.apps._tables import print_table, table_lines

_ROWS = [["tower/conv_1/weights", "(3, 3, 64, 64)", "147"], ["b", "()", "4"]]
_CODE = (
    "from tf1compat.apps._tables import print_table\n"
    f"print_table(['name', 'shape', 'n'], {_ROWS!r}, right=['n'])"
)


def test_a_pipe_gets_one_line_a_row(capsys):
    print_table(["name", "shape", "n"], _ROWS, right=["n"])
    assert capsys.readouterr().out.splitlines() == [
        "name                  shape             n",
        "tower/conv_1/weights  (3, 3, 64, 64)  147",
        "b                     ()                4",
    ]
    print_table(["name"], [])
    assert capsys.readouterr().out == "name\n"


def test_the_widest_columns_are_folded_to_the_room():
    rows = list(table_lines([["name", "shape", "n"], *_ROWS], 30, right=[False, False, True]))
    assert all(len(line) <= 30 for lines in rows for line in lines)
    assert rows[1] == ["tower/conv_  (3, 3, 64,   147", "1/weights    64)"]
    assert [len(lines) for lines in rows] == [1, 2, 1]


def test_no_column_vanishes_on_a_narrow_terminal():
    rows = list(table_lines([["a" * 30, "b" * 30]], 3, right=[False, False]))
    assert "".join(line.replace(" ", "") for line in rows[0]).count("a") == 30


def test_on_a_terminal():
    """A real one, 30 columns wide: the header bold, nothing wider than it."""
    leader, follower = pty.openpty()
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "30", "TERM": "xterm"}
    env.pop("NO_COLOR", None)
    done = subprocess.run([sys.executable, "-c", _CODE], stdout=follower, env=env, check=False)
    os.close(follower)
    text = os.read(leader, 1 << 16).decode()
    os.close(leader)
    assert done.returncode == 0
    lines = text.replace("\r", "").splitlines()
    assert lines[0].startswith("\x1b[1mname")
    assert lines[1:3] == ["tower/conv_  (3, 3, 64,   147", "1/weights    64)"]
