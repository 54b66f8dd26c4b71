"""What is printed to standard error by its number, put aside and given back."""

import os
import subprocess
import sys

from tf1compat.files.stderr_aside import stderr_aside

CLOSED = """
import os
from tf1compat.files.stderr_aside import stderr_aside
os.close(2)
with stderr_aside() as printed:
    print(repr(printed()))
"""


def test_what_is_printed_by_number_is_kept_and_later_text_is_not(capfd):
    with stderr_aside() as printed:
        os.write(2, "first: \u00fc\n".encode())
        assert printed() == "first: \u00fc\n"
        os.write(2, b"second")
        assert printed() == "first: \u00fc\nsecond"
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


def test_a_closed_one_stays_closed():
    done = subprocess.run([sys.executable, "-c", CLOSED], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "''\n")
