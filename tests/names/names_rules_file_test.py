"""Rules files: TOML with lines in every error, and rules ready to paste."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf1compat.budget import budget_times
from tf1compat.errors import RuleError
from tf1compat.names import load_rules, paste_rule, rules_from_toml

GOOD = r"""
# how the old names became the new ones
rules = [
  {source='(.*)/weights', target='\1/kernel', layout='transpose'},  # { not a rule
  # {source='never', drop='commented out'},
  {source='head\{\}/.*', drop="the {new} model's \"own\" head"},

  {target='classifier/.*', keep='trained from scratch'},
]
"""


def error_of(text):
    with pytest.raises(RuleError) as raised:
        rules_from_toml(text, origin="rules.toml")
    return str(raised.value)


def test_reads_rules_in_order_with_their_lines(tmp_path):
    path = tmp_path / "my_rules.toml"
    path.write_text(GOOD, encoding="utf-8")
    rules = load_rules(path)
    assert [rule.origin for rule in rules] == [f"my_rules.toml:{line}" for line in (4, 6, 8)]
    assert [rule.action for rule in rules] == ["map", "drop", "keep"]
    assert rules[0].layout == "transpose"
    assert rules[1].reason == 'the {new} model\'s "own" head'
    assert load_rules(str(path)) == rules


def test_windows_newlines_and_a_byte_order_mark(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_rules(path)[0].origin == "rules.toml:4"


def test_array_of_tables_form():
    rules = rules_from_toml(
        "\n[[rules]]\nsource='a'\ntarget='b'\n\n[[rules]]\nsource='c'\ndrop='d'"
    )
    assert [rule.origin for rule in rules] == ["rules:2", "rules:6"]


def test_every_bad_rule_is_reported_with_its_line():
    message = error_of(
        "rules = [\n {source='(a', target='b'},\n {source='a', drop=''},\n"
        " {source='a', target='b'},\n {source='a', traget='b'},\n"
        " {source='(a)', target='\\2'},\n\n {},\n]"
    )
    for line, words in {
        2: "expected a regular expression",
        3: "expected a reason",
        5: "did you mean 'target'?",
        6: "expected a group from 1 to 1",
        8: "found {}",
    }.items():
        assert any(f"rules.toml:{line}]" in row and words in row for row in message.split("\n")), (
            line
        )
    assert "rules.toml:4" not in message


def test_lines_with_an_element_that_is_no_table_fall_back_to_numbers():
    message = error_of("rules = [\n {source='a', drop='b'},\n 'x',\n {source='a', drop=''},\n]")
    assert "rules.toml, rule 2" in message
    assert "rules.toml, rule 3" in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rules = [\n {source='a'\n]", "rules.toml:"),  # parsers see it in this line or the next
        ('rules = [\n {source="a\\d", drop="b"}]', "'single quotes'"),
        ('rules = [\n {source="a\1", drop="b"}]', "mend that place"),
        ("rule = []", "found no such key"),
        ("rule = []", "expected the key 'rules' only, found 'rule'"),
        ("rules = 3", "expected an array of rules, found a int"),
        ("rules = {source='a', drop='b'}", "found a dict"),
        ("", "found no such key"),
        ("rules = [ {source='a', source='b', drop='c'} ]", "TOML syntax"),
        ("rules = [ {source=3, drop='c'} ]", "source: expected text, found 3"),
        ("rules = [\n {source={a='b'}, drop='c'} ]", "rules.toml:2"),
        ("rules = [ {source='a', drop=true} ]", "drop: expected text, found True"),
        ("rules = [ {source='a', target='b', origin='x'} ]", "found 'origin'"),
        ("rules = " + "[" * 5000, "TOML"),
        ("a." * 300 + "b = 1", "parts of a key or more"),
        ("'a'." * 300 + "b = 1", "parts of a key or more"),
        ("rules = " + "{a = " * 200_000, "keys, brackets and commas or more"),
        ("rules = " + "9" * 5000, "digits of a number or more"),
        ("rules = 0x" + "f" * 5000, "digits of a number or more"),
        ("\0", "TOML syntax"),
    ],
)
def test_what_is_wrong_with_a_file(text, words):
    assert words in error_of(text)


def test_an_empty_array_is_an_empty_set():
    assert len(rules_from_toml("rules = []")) == 0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "No such file"),
        (lambda path: path.mkdir(), "found a directory; check"),
        (os.mkfifo, "a FIFO"),
        (lambda path: path.write_bytes(b"rules = ['\xff']"), "byte 10 is not"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, make, words):
    path = tmp_path / "rules.toml"
    make(path)
    with pytest.raises(RuleError) as raised:
        load_rules(path)
    assert words in str(raised.value)
    assert str(path) in str(raised.value)


def test_a_path_that_cannot_be_one():
    with pytest.raises(RuleError, match="a readable rules file"):
        load_rules("a\0b")


def test_paste_rule_escapes_what_a_pattern_would_read():
    assert paste_rule("a/w", "dense/kernel") == "{source='a/w', target='dense/kernel'},"
    assert paste_rule("a.b+c/w", drop="unused") == r"{source='a\.b\+c/w', drop='unused'},"
    assert paste_rule("w", "k", layout="transpose").endswith("layout='transpose'},")
    assert paste_rule(None, "head/b", keep="new") == "{target='head/b', keep='new'},"


def test_paste_rule_refuses_what_makes_no_rule():
    with pytest.raises(RuleError, match="add target"):
        paste_rule("a")
    with pytest.raises(RuleError, match="expected a reason"):
        paste_rule("a", drop="")


TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


@given(st.text(min_size=1, max_size=12), TEXTS.filter(str.strip), TEXTS.filter(str.strip))
def test_pasted_rules_mean_exactly_the_names(source, target, reason):
    lines = [paste_rule(source, target), paste_rule(source + "x", drop=reason)]
    mapping, dropping = rules_from_toml("rules = [\n" + "\n".join(lines) + "\n]")
    assert mapping.apply(source) == target
    assert mapping.apply(source + source) is None
    assert dropping.apply(source + "x").reason == reason


def test_rules_whose_patterns_together_are_far_too_large_are_refused():
    lines = "".join(f"{{source='(abc|abd|x){{1000}}{n}',target='t{n}'}},\n" for n in range(80))
    with (
        budget_times(1 / 8),
        pytest.raises(RuleError, match=r"instructions of patterns .*--budget=\d+ allows more"),
    ):
        rules_from_toml(f"rules=[\n{lines}]")


def test_brackets_too_deep_are_said_so():
    with pytest.raises(RuleError, match="expected TOML syntax, found brackets too deep"):
        rules_from_toml("rules = " + "[" * 5000)
