"""Mutations that keep an input's form: bytes, pieces, protocol buffers, text, JSON.

Flips alone break the lengths of a message, and are refused at its door. These change what lies
within and write the lengths anew. The same serve atheris, beside its own, and the test without it.
"""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Callable
from typing import Any

from fuzz_pieces import packed, pieces

INTERESTING = (0, 1, 2, 3, 7, 63, 64, 127, 128, 255, 256, 65535, 1 << 31, (1 << 32) - 1)
HUGE = (1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
TOKENS = (
    *("{", "}", "[", "]", '"', "'", "\\", "\n", ":", ",", "=", "#", ".", "/", "(", ")", "|", "*"),
    *("null", "true", "-1", "1e999", "NaN", "9" * 30, "\\8", "\\g<1>", "\\1", "\0", "\x1b[1m"),
    *("\ud7ff", "\u202e", "é", "/part_0", ":0", "/Adam", "/ExponentialMovingAverage", "[[", "]]"),
    *("identity", "transpose(1, 0)", "split(0, 0, 1)", "(.*)", "_1", "{}", "[]", '""'),
)
_VALUES = (
    *(None, True, False, 0, -1, 1 << 70, 0.5, float("inf"), float("nan"), "", "a", "identity"),
    *([], {}, [[]], [None], {"": 1}, {"kind": "rule"}, [1 << 40, 1 << 40], "x" * 3000),
)
_DEEP = 7
Node = tuple[int, int, "int | bytes | list[Node]"]


def mutate_bytes(data: bytes, rng: random.Random) -> bytes:
    """Returns bytes with one place flipped, set, cut out, doubled, or filled with a number."""
    if not data:
        return rng.randbytes(rng.randrange(1, 9))
    start = rng.randrange(len(data))
    length = min(rng.choice((1, 1, 2, 4, 8, 32)), len(data) - start)
    part = data[start : start + length]
    how = rng.randrange(7)
    if how == 0:
        part = bytes([part[0] ^ 1 << rng.randrange(8)]) + part[1:]
    elif how == 1:
        part = rng.randbytes(length)
    elif how == 2:
        part = b""
    elif how == 3:
        part = part * rng.choice((2, 3, 20))
    elif how == 4:
        part = rng.choice((*INTERESTING, *HUGE)).to_bytes(8, "little")[:length]
    elif how == 5:
        part = rng.randbytes(length) + part
    else:
        return data[:start]
    return data[:start] + part + data[start + length :]


def mutate_pieces(data: bytes, rng: random.Random) -> bytes:
    """Returns pieces of which one is changed, left out, doubled, or put in another's place."""
    found = pieces(data)
    if not found:
        return packed([rng.randbytes(4)])
    at, other = rng.randrange(len(found)), rng.randrange(len(found))
    how = rng.randrange(8)
    if how == 0:
        del found[at]
    elif how == 1:
        found.insert(at, found[other])
    elif how == 2:
        found[at] = found[other]
    else:
        mutate = {3: mutate_proto, 4: mutate_proto, 5: mutate_text}.get(how, mutate_bytes)
        found[at] = mutate(found[at], rng)[:65535]
    return packed(found)


def mutate_text(data: bytes, rng: random.Random) -> bytes:
    """Returns text with a token put in, in place of a part, or a part of it doubled elsewhere."""
    start = rng.randrange(len(data) + 1)
    end = min(len(data), start + rng.choice((0, 0, 1, 4, 16)))
    how = rng.randrange(5)
    if how < 3:
        token = rng.choice(TOKENS).encode("utf-8", "surrogatepass")
        return data[:start] + token * rng.choice((1, 1, 1, 2, 50)) + data[end:]
    if how == 3:
        other = rng.randrange(len(data) + 1)
        return data[:start] + data[other : other + rng.choice((4, 16, 64))] + data[end:]
    return mutate_bytes(data, rng)


def mutate_json(data: bytes, rng: random.Random) -> bytes:
    """Returns JSON of which one value, at any depth, is changed; of what is none, text."""
    try:
        whole = [json.loads(data)]
    except (ValueError, RecursionError):
        return mutate_text(data, rng)
    level: Any = whole
    while True:
        keys = list(level) if isinstance(level, dict) else list(range(len(level)))
        key = rng.choice(keys)
        inner = level[key]
        if not isinstance(inner, dict | list) or not inner or rng.random() < 0.2:
            break
        level = inner
    how = rng.randrange(6)
    if how == 0 and level is not whole:
        del level[key]
    elif how == 1 and isinstance(level, dict):
        level[rng.choice(("", "kind", "x\0", "format", rng.choice(keys)))] = level[key]
    elif how == 1:
        level.insert(key, level[key])
    elif how == 2:
        level[key] = json.loads(json.dumps(level[rng.choice(keys)]))
    elif isinstance(inner, str) and how < 5:
        level[key] = mutate_text(inner.encode("utf-8", "replace"), rng).decode("utf-8", "replace")
    else:
        level[key] = rng.choice(_VALUES)
    with contextlib.suppress(ValueError, RecursionError):
        return json.dumps(whole[0]).encode()
    return data


def mutate_proto(data: bytes, rng: random.Random) -> bytes:
    """Returns a message of which one field, at any depth, is changed; lengths are right."""
    tree = _parsed(data, 0)
    if not tree:
        return mutate_bytes(data, rng)
    level = tree
    while True:
        at = rng.randrange(len(level))
        number, kind, value = level[at]
        if not isinstance(value, list) or not value or rng.random() < 0.15:
            break
        level = value
    how = rng.randrange(8)
    if how == 0:
        del level[at]
    elif how == 1:
        level.insert(rng.randrange(len(level) + 1), level[at])
    elif how == 2:
        level[at] = level[rng.randrange(len(level))]
    elif how == 3:
        level[at] = (rng.choice((1, 2, 3, 4, 5, 7, 8, 15)), kind, value)
    elif how == 4:
        level[at] = (number, 0, rng.choice((*INTERESTING, *HUGE)))
    else:
        level[at] = (number, *_changed(kind, value, tree, rng))
    return _serialized(tree)


def _changed(kind: int, value, tree: list[Node], rng: random.Random):
    """Returns the kind and value of a field that is changed: most often by another's value."""
    if kind == 0:
        return 0, rng.choice((*INTERESTING, *HUGE, value + 1, max(value - 1, 0), value ^ 4))
    if rng.random() < 0.4:
        other = rng.choice([one[2] for one in _all(tree) if one[1] == kind])
        return kind, _serialized(other) if isinstance(other, list) else other  # may hold this one
    plain = _serialized(value) if isinstance(value, list) else value
    if kind != 2:
        return kind, rng.randbytes(len(plain))
    as_text = plain.isascii() and plain.decode("ascii").isprintable() and rng.random() < 0.5
    return kind, (mutate_text if as_text else mutate_bytes)(plain, rng)


def _all(tree: list[Node]) -> list[Node]:
    found = list(tree)
    for _, _, value in tree:
        if isinstance(value, list):
            found += _all(value)
    return found


def _parsed(data: bytes, depth: int) -> list[Node] | None:
    """Returns a message's fields, those within them too where they look like one; None for none."""
    found: list[Node] = []
    position = 0
    while position < len(data):
        tag, position = _number(data, position)
        kind = tag & 7
        if position < 0 or not tag >> 3 or kind not in (0, 1, 2, 5):
            return None
        if kind == 0:
            value, position = _number(data, position)
            if position < 0:
                return None
            found.append((tag >> 3, 0, value))
            continue
        length = {1: 8, 5: 4}.get(kind, 0)
        if kind == 2:
            length, position = _number(data, position)
        if position < 0 or position + length > len(data):
            return None
        body = data[position : position + length]
        inner = _parsed(body, depth + 1) if kind == 2 and depth < _DEEP else None
        found.append((tag >> 3, kind, inner or body))
        position += length
    return found


def _number(data: bytes, position: int) -> tuple[int, int]:
    """Returns a varint and the position behind it, which is -1 where there is none."""
    number = 0
    for shift, byte in enumerate(data[position : position + 10]):
        number |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return number % (1 << 64), position + shift + 1
    return 0, -1


def _serialized(tree: list[Node]) -> bytes:
    out = bytearray()
    for number, kind, value in tree:
        out += _varint(number << 3 | kind)
        if kind == 0:
            out += _varint(value)
            continue
        body = _serialized(value) if isinstance(value, list) else value
        if kind == 2:
            out += _varint(len(body))
        out += body
    return bytes(out)


def _varint(number: int) -> bytes:
    number %= 1 << 64
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


FORMS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "bytes": mutate_bytes,
    "pieces": mutate_pieces,
    "proto": mutate_proto,
    "text": mutate_text,
    "json": mutate_json,
}


def mutated(form: str, data: bytes, rng: random.Random) -> bytes:
    """Returns `data` after one to four mutations of a form; now and then of its bytes."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        mutate = FORMS[form] if rng.random() < 0.85 else mutate_bytes
        data = mutate(data, rng)
    return data
