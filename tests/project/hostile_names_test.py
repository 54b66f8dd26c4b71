"""Names and patterns of a megabyte, made to be slow: in a child that is ended if it were."""

import subprocess
import sys

import pytest

CODE = r"""
import resource
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.matching.places import make_places
from tf1compat.migration.meaning._numbered_scopes import numbered
from tf1compat.names import parse_name, rules_from_toml
from tf1compat.names._template import Template
from tf1compat.names.op_types import changes_variables, is_aside
from tf1compat.names.order import natural_key
from tf1compat.names.roles import role_of

MANY = 300_000
DO = {
    "leaf": lambda text: role_of(text, text),
    "op": lambda text: (changes_variables(text), is_aside(text)),
    "name": parse_name,
    "order": natural_key,
    "place": lambda text: make_places([text]),
    "number": numbered,
    "layout": parse_layout,
    "layout of a number": lambda text: parse_layout("scale(" + text + ")"),
    "template": lambda text: Template(r"\g<" * 100_000 + text, None),
    "rules": lambda text: rules_from_toml('rules = ["' + "\\" * MANY + text),
}
TEXTS = "1" * MANY + "x", "Print" * MANY + ">", "a" + " " * MANY + "!", "_" * MANY + "/"

start = resource.getrusage(resource.RUSAGE_SELF).ru_utime
resource.setrlimit(resource.RLIMIT_CPU, (int(start) + 60, int(start) + 60))  # quadratic: hours
for what, do in DO.items():
    for text in TEXTS:
        print(what, text[:20], flush=True)
        try:
            do(text)
        except ValueError:
            pass
print("all done")
"""


def test_names_made_to_be_slow_are_not():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert done.stdout.endswith("all done\n"), (done.stdout[-80:], done.stderr[-2000:])


@pytest.mark.parametrize("start", ["[", "(?#", "(?P<", "\\N{", "\\g<", "{1", "[\\N{"])
def test_patterns_that_never_end_are_refused_at_once(start):
    from tf1compat.names.patterns import PatternError, compile_pattern

    with pytest.raises(PatternError, match=r"expected a regular expression, found .*: bad escape"):
        compile_pattern((start * 10_000)[:9_999] + "\\")


@pytest.mark.parametrize("digits", [4, 18, 19, 5000])
def test_numbers_of_any_length_are_compared(digits):
    from tf1compat.names.order import number_of

    less, more = "1" * digits, "2" * digits
    assert number_of(less) < number_of(more) < number_of("1" + more)


def test_a_count_of_thousands_of_digits_is_refused_as_any_large_one():
    from tf1compat.names.patterns import PatternError, compile_pattern

    with pytest.raises(PatternError, match="a repeat of more than 1,000 times"):
        compile_pattern("a{" + "1" * 5000 + "}")
