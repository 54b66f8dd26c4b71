"""Names and patterns of a megabyte, made to be slow: in a child that is ended if it were."""

import contextlib
import os
import resource

import pytest

from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.matching.places import make_places
from tf1compat.migration.meaning._numbered_scopes import numbered
from tf1compat.names import parse_name, rules_from_toml
from tf1compat.names._template import Template
from tf1compat.names.op_types import changes_variables, is_aside
from tf1compat.names.order import natural_key
from tf1compat.names.roles import role_of

MANY = 100_000
PATIENCE = 20  # seconds; what is quadratic takes minutes
DO = {
    "leaf": lambda text: role_of(text, text),
    "op": lambda text: (changes_variables(text), is_aside(text)),
    "name": parse_name,
    "order": natural_key,
    "place": lambda text: make_places([text]),
    "number": numbered,
    "layout": parse_layout,
    "layout of a number": lambda text: parse_layout("scale(" + text + ")"),
    "template": lambda text: Template(r"\g<" * (MANY // 3) + text, None),
    "rules": lambda text: rules_from_toml('rules = ["' + "\\" * MANY + text),
}
TEXTS = "1" * MANY + "x", "Print" * MANY + ">", "a" + " " * MANY + "!", "_" * MANY + "/"


def work(told):
    """Gives each text to each parser, and tells a file what comes next."""
    for what, do in DO.items():
        for text in TEXTS:
            told.write(f"{what} {text[:20]}\n")
            told.flush()
            with contextlib.suppress(ValueError):
                do(text)
    told.write("all done\n")
    told.flush()


def test_names_made_to_be_slow_are_not(tmp_path):
    """In a fork, whose work is Python alone and which has no end of its own."""
    with open(tmp_path / "told", "w") as told:
        child = os.fork()
        if not child:
            try:
                resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, PATIENCE))
                work(told)
            finally:
                os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    said = (tmp_path / "told").read_text()
    assert (status, said[-9:]) == (0, "all done\n"), f"ended with {status} in {said[-80:]!r}"


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
