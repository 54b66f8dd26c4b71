"""Where a module stands: its path split into words and numbers.

Two places can be put in order when, at the first level where their paths differ, the two levels
are the same text but for numbers: ``block_2/conv`` comes before ``block_10/conv``, while ``left``
and ``right`` have no order. Alphabetical order is no evidence and is never used.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

__all__ = [
    "Place",
    "is_automatic",
    "is_kind_of_layer",
    "make_places",
    "totally_ordered",
    "words_of",
]

# `2d` in conv2d is a word; `5b` in Mixed_5b is a number with an ordinal letter.
_PIECE = re.compile(r"(?i)(?P<word>[a-z]+(?:[123]d(?![a-z0-9]))?)|(?P<number>\d+)|(?P<other>.)")
_ORDINAL = re.compile(r"\d+([a-z])(?![A-Za-z])")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_DIGITS = 18  # that a count of something may have
_COUNTED = re.compile(r"(.+)_(\d+)")

_SYNONYMS = {
    "attn": "attention",
    "q": "query",
    "k": "key",
    "v": "value",
    "val": "value",
    "bn": "norm",
    "ln": "norm",
    "normalization": "norm",
    "batchnorm": "norm",
    "layernorm": "norm",
    "conv2d": "conv",
    "conv1d": "conv",
    "conv3d": "conv",
    "convolution": "conv",
    "dw": "depthwise",
    "pw": "pointwise",
    "emb": "embedding",
    "embeddings": "embedding",
    "enc": "encoder",
    "dec": "decoder",
    "fw": "forward",
    "fwd": "forward",
    "bw": "backward",
    "bwd": "backward",
    "fc": "dense",
    "linear": "dense",
    "logits": "logit",
    "predictions": "prediction",
    "preds": "prediction",
}


# What 1.15's layers, tf-slim's and Keras' are called where their author gave no name.
_AUTOMATIC = frozenset(
    {
        *("dense", "conv1d", "conv2d", "conv3d", "conv1d_transpose", "conv2d_transpose"),
        *("conv3d_transpose", "separable_conv1d", "separable_conv2d", "depthwise_conv1d"),
        *("depthwise_conv2d", "batch_normalization", "layer_normalization", "embedding", "lstm"),
        *("gru", "simple_rnn", "rnn", "bidirectional", "multi_head_attention", "prelu", "p_re_lu"),
        *("conv", "fully_connected", "batchnorm", "layernorm", "variable"),
        *("model", "sequential", "functional"),
    }
)

_KINDS = _AUTOMATIC | {*map(_SYNONYMS.get, _AUTOMATIC & {*_SYNONYMS}), "", "layer", "layers"}

Level = tuple[str, tuple[int, ...]]


class Place(NamedTuple):
    """A path taken apart.

    Attributes:
      path: the path itself.
      levels: per level, its text with ``#`` for numbers, and the numbers.
      words: the words of all levels, lower case, common spellings unified.
      labels: for each number in order, the word that stands before it.
      chain: the path without its numbers: places of one chain are ordered by their numbers.
      numbers: all numbers of the path, outermost first.
    """

    path: str
    levels: tuple[Level, ...]
    words: frozenset[str]
    labels: tuple[str, ...]
    chain: tuple[str, ...]
    numbers: tuple[int, ...]


def make_places(paths: Iterable[str]) -> list[Place]:
    """Returns a place for each path.

    ``dense`` beside ``dense_1`` counts as ``dense_0``, as both TensorFlow 1 and Keras mean it.
    """
    split = [tuple(filter(None, path.split("/"))) for path in paths]
    counted = set()
    for levels in split:
        for depth, level in enumerate(levels):
            match = _COUNTED.fullmatch(level)
            if match:
                counted.add((levels[:depth], match[1]))
    cache: dict[str, _Parsed] = {}

    def parsed(parent: tuple[str, ...], level: str) -> _Parsed:
        text = f"{level}_0" if (parent, level) in counted else level
        if text not in cache:
            cache[text] = _parse_level(text)
        return cache[text]

    # Thousands of paths have a few chains: what they have in common is there once.
    shared: dict[Hashable, Any] = {}
    return [
        _place("/".join(s), [parsed(s[:i], level) for i, level in enumerate(s)], shared)
        for s in split
    ]


def is_automatic(place: Place) -> bool:
    """Tells whether a place's last level is what a layer is called without a name, or counted so.

    >>> [is_automatic(place) for place in make_places(["a/dense", "a/dense_1", "a/fc1"])]
    [True, True, False]
    """
    return bool(place.levels) and _is_automatic(place.levels[-1])


def is_kind_of_layer(word: str) -> bool:
    """Tells whether a word before a number only says what kind of thing is counted.

    >>> is_kind_of_layer("dense"), is_kind_of_layer(""), is_kind_of_layer("expert")
    (True, True, False)
    """
    return word in _KINDS


def _is_automatic(level: Level) -> bool:
    return level[0].removesuffix("_#") in _AUTOMATIC


class _Parsed(NamedTuple):
    """A level taken apart."""

    level: Level
    words: tuple[str, ...]
    labels: tuple[str, ...]


def _place(path: str, parsed: Sequence[_Parsed], shared: dict[Hashable, Any]) -> Place:
    levels = tuple([part.level for part in parsed])
    chain = tuple([text for text, _ in levels])
    words = frozenset([word for part in parsed for word in part.words])
    labels = tuple([label for part in parsed for label in part.labels])
    return Place(
        path,
        levels,
        shared.setdefault(words, words),
        shared.setdefault(labels, labels),
        shared.setdefault(chain, chain),
        tuple([number for _, numbers in levels for number in numbers]),
    )


def _parse_level(level: str) -> _Parsed:
    ordinals = {m.start(1) for m in _ORDINAL.finditer(level)}
    text = ""
    numbers: list[int] = []
    words: list[str] = []
    labels: list[str] = []
    position = 0
    while position < len(level):
        if position in ordinals:
            text, position = text + "@", position + 1
            numbers.append(ord(level[position - 1]))
            labels.append(words[-1] if words else "")
            continue
        match = _PIECE.match(level, position)
        if match is None:  # a line break: `.` doesn't match it
            position += 1
            continue
        if match["number"]:
            text += "#"
            numbers.append(_number(match["number"]))
            labels.append(words[-1] if words else "")
        else:
            text += match[0].lower()
            words.extend(_words(match["word"] or ""))
        position = match.end()
    return _Parsed((text, tuple(numbers)), tuple(words), tuple(labels))


def _number(digits: str) -> int:
    """Returns a number; of one with more digits than any count has, one in the same order.

    Python refuses thousands of digits, but for bases that are powers of two.
    """
    plain = digits.lstrip("0") or "0"
    return int(plain) if len(plain) <= _DIGITS else int(plain, 16)


def words_of(level: str) -> tuple[str, ...]:
    """Returns the words of one level of a path.

    >>> words_of("up_conv3")
    ('up', 'conv')
    """
    return _parse_level(level).words


def _words(text: str) -> list[str]:
    if re.fullmatch(r"(?i)[a-z]+[123]d", text):
        return [_SYNONYMS.get(text.lower(), text.lower())]
    return [_SYNONYMS.get(w.lower(), w.lower()) for w in _CAMEL.findall(text)]


def totally_ordered(places: Sequence[Place]) -> bool:
    """Tells whether every two of `places`, given sorted by their levels, have an order."""
    return all(_comparable(a, b) for a, b in pairwise(places))


def _comparable(a: Place, b: Place) -> bool:
    for (text_a, numbers_a), (text_b, numbers_b) in zip(a.levels, b.levels, strict=False):
        if text_a != text_b:
            return False
        if numbers_a != numbers_b:
            return True
    return False
