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
    """A pattern and texts, a zero between: what is matched, by which groups, is what `re` says."""
    pattern, *texts = data.decode("utf-8", "replace").split("\0")
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
        # The empty text has one from Python 3.14 on; `$` is documented to be the very end.
        if ("\\B" in pattern and not text) or ("$" in pattern and text.endswith("\n")):
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
        b"(.*)/(w|weights)(_\\d+)?\0a/b/w_1\0a/w\0w",
        b"(?P<scope>[a-z_]+)\\d{1,3}/[^/]+\0conv12/kernel\0b1/w",
        b"(?i)layer(?:_\\d+)*?/.*?\0Layer_1/w\0layer/w",
        b"(?x) a + [ ] b # note\0aa b",
        b"^\\w+\\s\\S\\W\\D$\0a b-c\01 2 3",
        b"[\\]\\-a-c[:alpha:]]+\0a]-b",
        "é+\\x41\\u00e9\\N{BULLET}?\0ééAé".encode(),
        b"(?s:.)(?m:^a$)|a{,2}b{2,}\0aabb",
        b"[\\s\\D]+\\S\0\x1c\x1fa\0 \tb",
        b"(?m)^a\\Z(?s:.*)|^b$\0a\nb\0b\na\0a",
        b"\\Aa\\Z|\\bb\\B\\w\0bc",
    ]
