"""Targets of texts within others: names as they are printed, keys, dtypes, flags, pasted rules."""

from __future__ import annotations

import contextlib
import unicodedata

import numpy as np
from absl import flags
from fuzz_pieces import packed, pieces

from tf1compat.apps._proving import ProofFlags
from tf1compat.checkpoint.object_based.keys import parse_key, readable_names
from tf1compat.errors import Tf1CompatError
from tf1compat.files.dtypes import numpy_dtype, resolution
from tf1compat.names import paste_rule, rules_from_toml
from tf1compat.printable import joined, printable, printable_name

_OBEYED = ("Cc", "Cf", "Cs", "Zl", "Zp")


def printed(data: bytes) -> None:
    """What is printed has nothing that a terminal obeys, and honest text is printed as it is."""
    text = data.decode("utf-8", "surrogateescape")
    for shown, kept in ((printable_name(text), ""), (printable(text), "\n\t")):
        assert not [c for c in shown if unicodedata.category(c) in _OBEYED and c not in kept]
        assert all(c in shown for c in text if c.isalnum())
        if text.isprintable():
            assert shown == text
    lines = text.split("|")
    assert joined(lines).split("\n") == [printable_name(line) for line in lines]


def printed_seeds() -> list[bytes]:
    return [b"a/kernel\x1b[2J|b\nc", "é/\u202eb\u200b|\u2028".encode(), b"\xff\x9b31m\r\0", b""]


def object_keys(data: bytes) -> None:
    """Keys, a line each: every one is found again, under a name of its own."""
    keys = list(dict.fromkeys(data.decode("utf-8", "replace").split("\n")))
    named = readable_names(keys)
    assert list(named.values()) == keys
    for key in keys:
        found = parse_key(key)
        assert (found.slot is None) == (found.slot_of is None)
        assert found.slot_of is None or len(found.slot_of) < len(key)


def object_keys_seeds() -> list[bytes]:
    return [
        b"fc/kernel/.ATTRIBUTES/VARIABLE_VALUE\nfc/bias/.ATTRIBUTES/VARIABLE_VALUE\nfc/kernel",
        b"fc/k/.OPTIMIZER_SLOT/opt/m/.ATTRIBUTES/VARIABLE_VALUE\nfc/k/opt/m\n"
        b"fc/k/.OPTIMIZER_SLOT/opt/m/.ATTRIBUTES/OBJECT_CONFIG_JSON",
        b"a..b/.Sc/.ATTRIBUTES/VARIABLE_VALUE\na.b//c/.ATTRIBUTES/VARIABLE_VALUE\n_CHECK",
    ]


def dtypes(data: bytes) -> None:
    """A dtype's name is refused, or is that of a dtype that has the same name again."""
    text = data.decode("utf-8", "replace")
    with contextlib.suppress(Tf1CompatError):
        found = numpy_dtype(text)
        assert isinstance(found, np.dtype)
        assert resolution(text) >= 0
        if found.kind in "biufc" and found.isbuiltin == 1:
            assert numpy_dtype(found.name) == found.newbyteorder("=")


def dtypes_seeds() -> list[bytes]:
    return [b"float32", b"bfloat16", b"float8_e4m3fn", b"<i4", b"S3", b"(2,3)f4, i2", b"M8[ns]"]


def feeds(data: bytes) -> None:
    """Flags of a proof, a line each, are refused, or name values that are numbers."""
    text = data.decode("utf-8", "replace")
    given = flags.FlagValues()
    proof = ProofFlags(given)
    names = ("--feed=", "--inputs=", "--outputs=", "--allow_ops=")
    texts = [names[min(n, 3)] + line for n, line in enumerate(text.split("\n")[:5])]
    with contextlib.suppress(Tf1CompatError, flags.Error):
        given(["app", *texts])
        options = proof.options()
        assert all(options.feeds)
        assert all(isinstance(value, bool | int | float) for value in options.feeds.values())
        assert len(options.feeds) <= 1
        for name, value in options.feeds.items():
            assert text.startswith(name)
            assert value == value, "not a number, which agrees with nothing"


def feeds_seeds() -> list[bytes]:
    return [
        b"is_training=false\nx:0,y:0\nlogits",
        b"keep=1e-3\nimage=input:0,mask=1\n",
        b"n=7\na=b=c,d=0.5\na,\nOp",
    ]


def pasted_rules(data: bytes) -> None:
    """A rule that is ready to paste says of its names, and of no others, what it was made for."""
    parts = [piece.decode("utf-8", "replace") for piece in pieces(data)]
    if len(parts) < 3 or not all(parts[:3]):
        return
    source, target, other = parts[:3]
    try:
        line = paste_rule(source, target)
    except Tf1CompatError:
        return
    assert "\n" not in line, "it is more than a line"
    rules = rules_from_toml(f"rules = [ # {{\n{line}\n]")
    assert [rule.origin for rule in rules] == ["rules:2"]
    found = rules.apply([source]).sources[source]
    assert found.target == target, f"{line}: {found.target!r} for {target!r}"
    changed = [source[:n] + "x" * count + source[n + 1 :] for n in range(16) for count in (0, 1, 2)]
    for name in {other, *changed} - {source}:
        assert not rules[0].matches(name), f"{line}: matches {name!r}"


def pasted_rules_seeds() -> list[bytes]:
    return [
        packed([b"a/w", b"dense/kernel", b"a/w_1"]),
        packed([b"a.b\\w'\"", b"\\1\\g<0>", b"axb"]),
        packed(["é\n\x00#{}[]".encode(), "\U0001f600".encode(), b"e"]),
    ]
