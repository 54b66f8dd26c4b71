"""Target of the regular expressions that users write, which RE2 matches as ``re`` would."""

from __future__ import annotations

import re
import warnings

from tf1compat.names.patterns import Pattern, PatternError, compile_pattern

_LONGEST = 12  # characters of a text: `re` takes time by powers of that
_MANY = re.compile(r"[|*+?{]")
_REPEATED_GROUP = re.compile(r"\)[*+?{]")  # of which it isn't said what it holds
_TURNS = 6


def patterns(data: bytes) -> None:
    """A pattern and texts, a line each: what is matched, and by which groups, is what `re` says."""
    pattern, *texts = data.decode("utf-8", "replace").split("\n")
    try:
        made = compile_pattern(pattern)
    except PatternError:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reference = re.compile(pattern)
    assert (made.groups, dict(made.groupindex)) == (reference.groups, dict(reference.groupindex))
    if len(_MANY.findall(pattern)) > _TURNS:
        return
    for text in texts[:4]:
        if not text and "\\B" in pattern:  # the empty text has one from Python 3.14 on
            continue
        _compare(made, reference, text[:_LONGEST])


def _compare(made: Pattern, reference: re.Pattern[str], text: str) -> None:
    for way in ("fullmatch", "search"):
        try:
            found = getattr(made, way)(text)
        except PatternError:  # of what it can't tell outside ASCII
            return
        expected = getattr(reference, way)(text)
        assert (found is None) == (expected is None), f"{way} of {text!r}: re gives {expected}"
        if found is None or _REPEATED_GROUP.search(made.text):
            continue
        assert found.span() == expected.span(), f"{way} of {text!r}: {found}, {expected}"
        assert found.groups() == expected.groups(), f"{way} of {text!r}: {expected.groups()}"
        assert found.groupdict() == expected.groupdict()


def patterns_seeds() -> list[bytes]:
    return [
        b"(.*)/(w|weights)(_\\d+)?\na/b/w_1\na/w\nw",
        b"(?P<scope>[a-z_]+)\\d{1,3}/[^/]+\nconv12/kernel\nb1/w",
        b"(?i)layer(?:_\\d+)*?/.*?\nLayer_1/w\nlayer/w",
        b"(?x) a + [ ] b # note\naa b",
        b"^\\w+\\s\\S\\W\\D$\na b-c\n1 2 3",
        b"[\\]\\-a-c[:alpha:]]+\na]-b",
        "é+\\x41\\u00e9\\N{BULLET}?\nééAé".encode(),
        b"(?s:.)(?m:^a$)|a{,2}b{2,}\naabb",
        b"\\Aa\\Z|\\bb\\B\\w\nbc",
    ]
