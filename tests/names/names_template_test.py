"""Templates: every reference is checked before anything is matched."""

import re

import pytest

from tf1compat.names._template import Template, TemplateError, escape_template

PATTERN = re.compile(r"(?P<scope>.*)/(w)(_\d)?")


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        (r"\1/kernel", "a/b/kernel"),
        (r"\g<scope>/\g<2>", "a/b/w"),
        (r"x\g<0>y", "xa/b/wy"),
        (r"\1\3", "a/b"),  # a group that took no part is empty
        (r"\\1", "\\1"),
        ("$1", "$1"),
        ("", ""),
    ],
)
def test_expands(text, expanded):
    assert Template(text, PATTERN).expand(PATTERN.fullmatch("a/b/w")) == expanded


@pytest.mark.parametrize(
    ("text", "expected", "found"),
    [
        (r"\4", "a group from 1 to 3", r"'\\4'"),
        (r"\0", r"\g<0> is the whole name", r"'\\0'"),
        (r"\01", "the first group and a digit", r"'\\01'"),  # to `re` a character's code
        (r"\101", "the first group and a digit", r"'\\101'"),
        (r"\g<" + "9" * 5000 + ">", "a group from 1 to 3", r"'\\g<" + "9" * 37 + "'"),
        (r"\g<nope>", "a named group of the pattern (scope)", r"'\\g<nope>'"),
        (r"\g<9>", "a group from 1 to 3", r"'\\g<9>'"),
        (r"a\n", "after a backslash", r"'\\n'"),
        ("a\\", "after a backslash", r"'\\'"),
        (r"\g<", "after a backslash", r"'\\g'"),
    ],
)
def test_a_bad_reference_says_what_there_is(text, expected, found):
    with pytest.raises(TemplateError) as raised:
        Template(text, PATTERN)
    assert expected in raised.value.expected
    assert raised.value.found == found


def test_an_escaped_text_expands_to_itself():
    text = r"a\1\g<scope>\\"
    assert Template(escape_template(text), PATTERN).expand(PATTERN.fullmatch("/w")) == text


def test_a_few_bytes_dont_stand_for_gigabytes():
    with pytest.raises(TemplateError, match="expected at most 100 references to groups, found 101"):
        Template(r"\1" * 101, re.compile("(a*)"))
    many = Template(r"\1" * 100, re.compile("(a*)"))
    assert many.expand(re.fullmatch("(a*)", "a" * 40)) == "a" * 4000
    with pytest.raises(TemplateError, match="a name of at most 4,200 characters, found 100,000"):
        many.expand(re.fullmatch("(a*)", "a" * 1000))
