"""Graphs in the text form of protocol buffers (``.pbtxt``), brought into the binary one."""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

from tf1compat.checkpoint.meta._text_schema import DATA_TYPES, GRAPH, MESSAGES, META_GRAPH, Slot
from tf1compat.checkpoint.wire import FIXED32, FIXED64, LENGTH, WireError, varint
from tf1compat.files.regular import RegularFile

__all__ = ["binary_of", "graph_bytes"]

_DEEPEST = 100  # messages within messages, as protobuf's own parser has it
_BLANK = re.compile(rb"[ \t\r\n\f\v]*(?:#[^\n]*\n[ \t\r\n\f\v]*)*")
_TOKEN = re.compile(
    rb"""(?P<name>[A-Za-z_][A-Za-z0-9_.]*)"""
    rb"""|(?P<number>[-+]?(?:[0-9.][0-9A-Za-z.]*(?:(?<=[eE])[-+][0-9]+[fF]?)?))"""
    rb"""|(?P<text>"[^"\\\n]*(?:\\.[^"\\\n]*)*"|'[^'\\\n]*(?:\\.[^'\\\n]*)*')"""
    rb"""|(?P<mark>[-{}<>:,;\[\]])""",
    re.DOTALL,
)
# Of `\?` TensorFlow's readers make two things, so it is none.
_WRONG = re.compile(rb"\\(?:[^0-7abfnrtvx'\"]|x(?![0-9A-Fa-f])|[4-7][0-7]{2})", re.DOTALL)
_ONE_DIGIT = re.compile(rb"(\\\\)|\\x([0-9A-Fa-f])(?![0-9A-Fa-f])")
_TRUE, _FALSE = (b"true", b"True", b"t", b"1"), (b"false", b"False", b"f", b"0")
_ENDS = {b"{": b"}", b"<": b">"}
_NO_FIELD = Slot(0, "")
_LIMITS = -(1 << 63), 1 << 64
_LONGEST = 40  # characters of a number


def graph_bytes(file: RegularFile) -> bytes:
    """Returns the GraphDef or MetaGraphDef that a text file says, without what nobody looks at.

    Raises:
      CorruptCheckpointError: it isn't the text of one.
    """
    data = bytes(file.read(0, file.size))
    try:
        return binary_of(data)
    except WireError as error:
        raise file.corrupt(f"not a sound graph as text: {error.message}", error.offset) from error


def binary_of(data: bytes) -> bytes:
    """Returns the message that a text is of, as bytes.

    Raises:
      WireError: it isn't the text of a GraphDef or a MetaGraphDef.
    """
    parser = _Parser(data)
    kind = META_GRAPH if parser.ahead().data in _OF_META else GRAPH
    return parser.message(kind, end=b"", depth=0)


_OF_META = frozenset(name.encode() for name in MESSAGES[META_GRAPH])


class _Token(NamedTuple):
    """A token: which group of the pattern it is of, and its bytes."""

    kind: str
    data: bytes
    offset: int


class _Parser:
    """Reads token by token."""

    def __init__(self, data: bytes) -> None:
        self._data = data + b"\n"  # that of a remark at the end
        self._position = 0
        self._ahead: _Token | None = None

    def ahead(self) -> _Token:
        """Returns the next token, which stays the next one; one of kind "" at the end."""
        if self._ahead is None:
            blank = _BLANK.match(self._data, self._position)
            start = blank.end() if blank else self._position
            match = _TOKEN.match(self._data, start)
            if match is None and start < len(self._data):
                raise WireError(f"found {_shown(self._data[start:])}", start)
            self._position = match.end() if match else start
            found = (match.lastgroup or "", match[0]) if match else ("", b"")
            self._ahead = _Token(*found, start)
        return self._ahead

    def take(self) -> _Token:
        """Returns the next token."""
        token, self._ahead = self.ahead(), None
        return token

    def passed(self, *marks: bytes) -> bytes:
        """Returns the next token if it is one of these marks, and takes it; else nothing."""
        token = self.ahead()
        if token.kind != "mark" or token.data not in marks:
            return b""
        return self.take().data

    def message(self, kind: str, *, end: bytes, depth: int) -> bytes:
        """Returns a message up to its end, its fields in the order of their numbers."""
        if depth > _DEEPEST:
            raise WireError(f"messages are nested more than {_DEEPEST} deep", self._position)
        known = MESSAGES[kind]
        found: list[tuple[int, bytes]] = []
        while True:
            token = self.take()
            if (token.kind, token.data) in (("mark", end), (end.decode(), b"")):
                return b"".join(data for _, data in sorted(found, key=lambda one: one[0]))
            number, what, _ = known.get(token.data.decode("latin-1"), _NO_FIELD)
            if token.kind != "name" or not number:
                raise WireError(f"{kind} has no field {_shown(token.data)}", token.offset)
            for value in self._values(what, depth):
                found.append((number, varint(number << 3 | value[0]) + value[1]))
            self.passed(b",", b";")

    def _values(self, what: str, depth: int) -> list[tuple[int, bytes]]:
        """Returns the wire type and the bytes of what a field says, of a list of each."""
        colon = self.passed(b":")
        if not self.passed(b"["):
            return self._value(what, colon, depth)
        found: list[tuple[int, bytes]] = []
        if self.passed(b"]"):
            return found
        while True:
            found += self._value(what, b":", depth)
            if self.passed(b"]"):
                return found
            if not self.passed(b","):
                raise WireError("a list without its end", self.ahead().offset)

    def _value(self, what: str, colon: bytes, depth: int) -> list[tuple[int, bytes]]:
        token = self.ahead()
        if what == "skip":
            self._skip(depth)
            return []
        opened = self.passed(b"{", b"<")
        if (what in MESSAGES) != bool(opened) or not (colon or opened):
            raise WireError(f"{_shown(token.data)} where {what} is expected", token.offset)
        if opened:
            data = self.message(what, end=_ENDS[opened], depth=depth + 1)
            return [(LENGTH, varint(len(data)) + data)]
        if what in ("text", "bytes"):
            data = self._text()
            return [(LENGTH, varint(len(data)) + data)]
        return [_number(self._signed(), what)]

    def _signed(self) -> _Token:
        """Returns a number or a word, which may have a minus by itself before it: ``-inf``."""
        minus, token = self.passed(b"-"), self.take()
        return token._replace(data=minus + token.data)

    def _text(self) -> bytes:
        """Returns a text; several one behind the other are one."""
        found = []
        if self.ahead().kind != "text":
            raise WireError("expected a text", self.ahead().offset)
        while self.ahead().kind == "text":
            found.append(_unescaped(self.take()))
        return b"".join(found)

    def _skip(self, depth: int) -> None:
        """Passes over a value of whatever kind."""
        level = depth
        while True:
            token = self.take()
            if not token.kind:
                raise WireError("it ends within a message", token.offset)
            if token.kind == "mark" and token.data in b"{<[":
                level += 1
            elif token.kind == "mark" and token.data in b"}>]":
                level -= 1
            elif token.data == b"-" or token.kind == self.ahead().kind == "text":
                continue
            if level > _DEEPEST:
                raise WireError(f"messages are nested more than {_DEEPEST} deep", token.offset)
            if level <= depth:
                return


def _shown(data: bytes) -> str:
    return repr(data[:40].decode("utf-8", "replace"))


def _number(token: _Token, what: str) -> tuple[int, bytes]:
    """Returns the wire type and the bytes of a number."""
    text = token.data
    try:
        if token.kind not in ("name", "number") or len(text) > _LONGEST:
            raise ValueError
        if what in ("float", "double"):
            value = _floating(text)
            if what == "double":
                return FIXED64, struct.pack("<d", value)
            return FIXED32, struct.pack("<f", value)
        if what == "bool":
            return 0, varint((*_FALSE, *_TRUE).index(text) // len(_FALSE))
        known = DATA_TYPES.get(text.decode("latin-1")) if what == "type" else None
        whole = _whole(text) if known is None else known
        if not _LIMITS[0] <= whole < _LIMITS[1]:
            raise ValueError
        return 0, varint(whole)
    except (ValueError, OverflowError) as error:
        raise WireError(f"{_shown(text)} where {what} is expected", token.offset) from error


def _floating(text: bytes) -> float:
    lower = text.lower()
    bare = lower if lower.lstrip(b"+-") in (b"inf", b"infinity", b"nan") else lower.rstrip(b"f")
    if b"_" in bare:
        raise ValueError
    return float(bare)


def _whole(text: bytes) -> int:
    """Returns an integer, decimal, octal or hexadecimal."""
    if b"_" in text:
        raise ValueError
    digits = text.lstrip(b"+-").lower()
    base = 16 if digits.startswith(b"0x") else 8 if digits.startswith(b"0") else 10
    return int(text, base if digits.strip(b"0") or base == 16 else 10)


def _unescaped(token: _Token) -> bytes:
    body = token.data[1:-1]
    if b"\\" not in body:
        return body
    wrong = _WRONG.search(body.replace(b"\\\\", b".."))
    if wrong is not None:
        raise WireError(f"an escape {_shown(wrong[0])}, which there is none", token.offset)
    plain = _ONE_DIGIT.sub(_two_digits, body) if b"\\x" in body else body
    return plain.decode("unicode_escape").encode("latin-1")


def _two_digits(match: re.Match[bytes]) -> bytes:
    return match[1] or b"\\x0" + match[2]
