"""Patterns: as Python's ``re`` reads them, matched in linear time, refused where that can't be."""

import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tf1compat.budget import Budget, budget_times
from tf1compat.errors import BudgetError
from tf1compat.names.patterns import Match, Pattern, PatternError, compile_pattern, patterns_of

_LONG = "_".join("ab" for _ in range(40)) + "/" + "a" * 60 + "!"

CATASTROPHES = [
    *(
        r"(\w+/?)+/kernel",
        r"(a+)+b",
        r"(a|a)*b",
        r"(a|aa)+b",
        r"(?:a*)*b",
        r"(\w*)*/w",
        r"([a-z]+)*1",
    ),
    *(
        r"(.*)*x1",
        r"(?:\w+_?)+/w",
        r"(a?){50}a{50}b",
        r"(.*a){20}b",
        r"(\w+\s?)+:",
        r"(?:(?:a+)+)+1",
    ),
    *(
        r"((a+)?)+b",
        r"(?:a+){2,}b",
        r"(?P<n>[^/]+/?)*kernel1",
        r"(?i)(A+)+B",
        r"^(\w+/?)+$",
        r"(a*?)*?b",
    ),
    *(
        r"(\w|_)+:",
        r"(\w|\d|_)*/kernel",
        r"((?:[^/]*/?)*)w",
        r"(a+a+)+b",
        r"(?:\w+/*)*/b",
        r"(.+)+\dw",
    ),
    *(r"(?:(a)|(a))+b", r"([\w/]+)+:0", r"((\w+)_?)+:"),
]


@pytest.mark.parametrize("pattern", [r"^b\B\w", r"\Ab\B\w", r"^b\b.", r"\Ab\b.?"])
def test_a_boundary_behind_the_beginning(pattern):
    """Of such RE2 says too narrow a range of what may match."""
    for text in ("b", "bc", "b/", "b-", "cb"):
        assert bool(compile_pattern(pattern).fullmatch(text)) == bool(re.fullmatch(pattern, text))


@pytest.mark.parametrize("pattern", CATASTROPHES)
def test_patterns_that_take_re_for_ever_end(pattern):
    made = compile_pattern(pattern)
    assert made.fullmatch(_LONG) is None
    assert made.fullmatch("é" + _LONG) is None
    made.search(_LONG)


_TEXTS = [
    *(
        "conv1/w",
        "CONV1/W",
        "слой1/w",
        "слой٣/w",
        "a b\tc",
        "two\nlines",
        "a\x1cb",
        "a\u2003b",
        "",
        "x²",
    ),
    *(
        "a.b-c[0]",
        "{}",
        "a{2}",
        "K",
        "\u212a",
        "ſs",
        "ß",
        "aaa",
        "a\\b",
        "naïve",
        "a\x0bb",
        "\ud800",
    ),
]
_PATTERNS = [
    *(
        r"(\w+)/(\w)",
        r"\W*",
        r"[^\W\d]+(\d)/w",
        r"\D+\d/w",
        r"\S+",
        r"a\sb",
        r"a[\s/]b",
        r".*",
        r"(?s).*",
    ),
    *(
        r"(?m)two$\n^lines",
        "(?x) a\x1cb",  # of `(?x)` blanks are those of ASCII
        "(?x) a\u2003b # one",
        r"\Atwo.lines\Z",
        r"(?i)conv(\d)/w",
        r"(?i)k",
        r"(?i:S)\w?",
        r"[ß-ÿ]",
        r"[]a-]+",
    ),
    *(
        r"[^]a]",
        r"a{2}",
        r"a{,3}",
        r"a{",
        r"{}",
        r"\x61\u0061\141",
        r"a|ab|aaa",
        r"(a|aa)(a*)",
        r"(a+?)(a*)",
    ),
    *(
        r"(?x) conv (\d) / w # a comment",
        r"(?a)\w+/w",
        r"(?a:\D+)\d/w",
        r"[[:alpha:]]",
        r"a[\\]b",
        r"\.b|a\.b-c\[0\]",
    ),
    *(
        r"(?P<scope>.*)/(?P<leaf>w)",
        r"(?P<слой>.*)1/w",
        r"\N{LATIN SMALL LETTER SHARP S}",
        r"a\b.*",
        r"(?:)",
    ),
    *(r"[\W_]*", r"x\w", r"(?#what)conv1/w", r"[^\S\n]?two\n.*", r"[\x61-c.]+(-)c.*"),
]


@pytest.mark.parametrize("pattern", _PATTERNS)
@pytest.mark.filterwarnings("ignore:Possible nested set")
def test_matches_are_those_of_pythons_engine(pattern):
    reference, made = re.compile(pattern), compile_pattern(pattern)
    assert (made.groups, dict(made.groupindex)) == (reference.groups, dict(reference.groupindex))
    for text in _TEXTS:
        if r"\b" in pattern and not text.isascii():
            continue
        for how in ("fullmatch", "search"):
            expected, found = getattr(reference, how)(text), getattr(made, how)(text)
            assert (found is None) == (expected is None), (how, text)
            if found is not None:
                assert told(found) == told(expected), (how, text)


def told(match):
    groups = range(match.re.groups + 1)
    return (
        [match.span(group) for group in groups],
        *(
            match[0],
            match.groups(),
            match.groups("-"),
            match.groupdict(),
            match.start(),
            match.end(),
        ),
    )


def test_a_match_has_what_the_functions_of_rules_use():
    match = compile_pattern(r"(?P<scope>.*)/(w)(x)?").fullmatch("слой/w")
    assert isinstance(match, Match)
    assert (match.string, match["scope"], match.group("scope", 2)) == (
        "слой/w",
        "слой",
        ("слой", "w"),
    )
    assert match.expand(r"\g<scope>_\2\3\\") == "слой_w\\"
    assert match.span(3) == (-1, -1)
    with pytest.raises(IndexError, match="no such group"):
        match[4]
    with pytest.raises(IndexError, match="no such group"):
        match["leaf"]


@pytest.mark.parametrize(
    ("pattern", "found", "remedy"),
    [
        (r"a(?=b)", "a look-ahead, (?= at character 2", "a rule of their own above"),
        (r"(?!Adam).*", "a look-ahead, (?! at character 1", "a rule of their own above"),
        (r"(?<=a)b", "a look-behind, (?<= at character 1", "capture what is needed"),
        (r"b(?<!a)", "a look-behind, (?<! at character 2", "capture what is needed"),
        (r"(a)\1", r"a back-reference, \1 at character 4", "write the alternatives out"),
        (r"(?P<n>a)(?P=n)", "a back-reference, (?P= at character 9", "write the alternatives out"),
        (r"(a)?(?(1)b|c)", "a condition, (?( at character 5", "as alternatives"),
        (r"(?>a)b", "an atomic group, (?> at character 1", "write (?:...)"),
        (r"a++b", "a possessive repeat, ++ at character 2", "write +: "),
        (r"a{1,2}+b", "a possessive repeat, {1,2}+ at character 2", "write {1,2}: "),
        (r"a{1001}", "a repeat of more than 1,000 times, {1001} at character 2", "write * or +"),
        (r"(?ia)w", "the flags a and i together, (?ia) at character 1", "leave out the a"),
        (r"(?:a{100}){100}", "'(?:a{100}){100}': ", "multiply: write * or + for them"),
        (r"(", "'(': missing ), unterminated subpattern", "Python's re syntax"),
        (r"a**", "multiple repeat", "Python's re syntax"),
        (r"\pN", "bad escape", "Python's re syntax"),
        ("", "an empty one", "mend the pattern"),
        ("x" * 10_001, "10,001", "mend the pattern"),
        ("(" * 5000 + ")" * 5000, "characters)", "mend"),
    ],
)
def test_what_cant_be_matched_is_refused_with_what_to_write_instead(pattern, found, remedy):
    with pytest.raises(PatternError) as raised:
        compile_pattern(pattern)
    assert found in raised.value.found
    assert remedy in raised.value.remedy
    assert f"found {raised.value.found}; {raised.value.remedy}" in str(raised.value)
    assert len(str(raised.value)) < 600


def test_what_stands_in_brackets_or_behind_a_backslash_is_no_look_around():
    for pattern, text in (
        (r"[(?!a)]+", "(?!"),
        (r"\(\?=b", "(?=b"),
        (r"[\]a++]", "+"),
        (r"\\1", r"\1"),
    ):
        assert compile_pattern(pattern).fullmatch(text) is not None


def test_the_end_is_the_end_of_the_name():
    made = compile_pattern("w$")
    assert made.search("a/w") is not None
    assert made.search("a/w\n") is None  # re: before a last line end too


def test_words_bounds_cant_tell_of_names_beyond_ascii():
    made = compile_pattern(r"\bw")
    assert made.search("a/w") is not None
    with pytest.raises(
        PatternError, match=r"a name in ASCII where .*found \\b in .*write what stands"
    ):
        made.search("слой/w")


def test_a_pattern_that_is_too_large_for_other_names_alone_says_so_when_it_meets_one():
    made = compile_pattern(r"\w{900}\w{900}")
    assert made.fullmatch("w" * 1800) is not None
    with pytest.raises(PatternError, match="expected a smaller regular expression"):
        made.fullmatch("й" * 1800)


_TOO_MUCH = r"r\.toml: .*15\d,\d.* instructions of patterns or more, .*allowed 150,000"


def _compile_each(pattern: str, count: int) -> None:
    for n in range(count):
        compile_pattern(f"{pattern}{n}")


def _match_each(patterns: list[Pattern], text: str) -> None:
    for pattern in patterns:
        assert pattern.fullmatch(text) is None


def _refuse_each(pattern: str, count: int) -> None:
    for _ in range(count):
        with pytest.raises(PatternError, match="expected a smaller regular expression"):
            compile_pattern(pattern)


@contextlib.contextmanager
def a_twentieth() -> Iterator[None]:
    """Has patterns be of a file that may cost a twentieth of what any may."""
    with budget_times(1 / 20), patterns_of(Budget("r.toml", 100)):
        yield


def test_patterns_of_one_file_share_what_their_programs_may_take():
    with a_twentieth():
        _compile_each("(abc|abd|x){300}", 10)  # of 1,800 instructions each, of 150,000
        with pytest.raises(BudgetError, match=_TOO_MUCH):
            _compile_each("(abc|abd|x){300}", 100)
    compile_pattern("(abc|abd|x){300}")  # of no file


def test_what_names_beyond_ascii_ask_for_is_counted_with_the_file_of_the_pattern():
    with a_twentieth():
        made = [compile_pattern(rf"\w{{100}}{n}") for n in range(3)]
    _match_each(made, "w" * 100)
    with pytest.raises(BudgetError, match=_TOO_MUCH):
        _match_each(made, "й" * 100)


def test_a_pattern_that_ends_up_too_large_is_counted_too():
    with patterns_of(Budget("r.toml", 100)):
        _refuse_each("(?:a{900}){900}", 12)
        with pytest.raises(
            BudgetError, match=r"r\.toml: .*3,\d.* instructions of patterns or more"
        ):
            _refuse_each("(?:a{900}){900}", 12)


def test_a_literal_is_found_within_a_name():
    assert compile_pattern("conv/w").search("my/conv/w2").span() == (3, 9)
    assert compile_pattern("conv/w").search("my/conv2/w") is None


def test_names_of_any_length_are_matched():
    name = "a/" * 200_000 + "kernel"
    assert compile_pattern(r"(\w+/?)+/kernel").fullmatch(name) is not None
    assert compile_pattern(r"(\w+/?)+/kernel").fullmatch(name + "s") is None


def test_listing_doesnt_wait_for_the_engine():
    code = "import sys, tf1compat.names.rules, tf1compat.apps.inspect; print('re2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
