"""What names say against a pair that nothing else speaks for.

A source that is alone with its shape is still not the source of whatever target is left: the
kernel of `aux_logits` is no `predictions`, and that of a `target` network no `online` one. Words
object where they mark something apart that the other side doesn't mark, where they are opposites,
where one is a table and the other a kernel, and where each is the other's neighbour by name.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from tf1compat.migration.matching._table_roles import TableRoles
from tf1compat.migration.matching.nodes import Node
from tf1compat.migration.matching.places import is_automatic

__all__ = ["MARKS", "Objections"]

Words = frozenset[str]

MARKS = frozenset(
    {
        *("aux", "auxiliary", "target", "teacher", "old", "previous", "prev", "backup", "replica"),
        *("ema", "average", "averaged", "avg", "shadow", "momentum", "copy", "slow", "temp", "tmp"),
    }
)
"""Words that set a part of a program apart from the part that it is like."""


def _choice(*spellings: str) -> Mapping[str, str]:
    """Returns a choice of several, each the spellings of one, separated by spaces."""
    return {word: words.split()[0] for words in spellings for word in words.split()}


_OPPOSITES: Sequence[Mapping[str, str]] = (
    {"fw": "forward", "fwd": "forward", "bw": "backward", "bwd": "backward", "reverse": "backward"}
    | {w: w for w in ("forward", "backward")},
    {w: w for w in ("encoder", "decoder")},
    {w: w for w in ("query", "key", "value")},
    {"pi": "actor", "policy": "actor", "actor": "actor"}
    | dict.fromkeys(("vf", "qf", "value", "critic"), "critic"),
    {"gen": "generator", "generator": "generator"}
    | dict.fromkeys(("disc", "dis", "discriminator", "critic"), "discriminator"),
    {w: w for w in ("advantage", "value")},
    {w: w for w in ("left", "right")},
    {w: w for w in ("user", "item")},
    {w: w for w in ("student", "teacher")},
    {w: w for w in ("online", "target")},
    {w: w for w in ("wide", "deep")},
    {w: w for w in ("depthwise", "pointwise")},
    {w: w for w in ("positive", "negative", "anchor")},
    {w: w for w in ("upper", "lower")},
    # What programs have two of, or a few, by what the parts are of, or for.
    _choice("mean mu", "std stddev sigma logvar logstd var variance"),
    _choice("start begin", "end stop finish"),
    _choice("src source", "tgt dst destination"),
    _choice("content", "style"),
    _choice("real", "fake", "imag"),
    _choice("top", "bottom"),
    _choice("inner", "outer"),
    _choice("word words", "char chars character"),
    _choice("premise", "hypothesis"),
    _choice("question", "passage context paragraph document", "answer"),
    _choice("local", "global"),
    _choice("up upsample upsampling", "down downsample downsampling"),
    _choice("contracting", "expansive expanding"),
    _choice("row rows", "column columns col cols"),
    _choice("horizontal", "vertical"),
    _choice("image img visual vision", "text txt language", "audio speech", "video"),
    _choice("rgb", "flow"),
    _choice("spatial", "temporal"),
    _choice("foreground fg", "background bg"),
    _choice("coarse", "fine"),
    _choice("prenet", "postnet"),
    _choice("head", "tail", "relation"),
    _choice("hidden", "visible"),
    _choice("first", "second", "third"),
    _choice("primary", "secondary"),
    _choice("box bbox boxes loc", "class cls conf", "mask masks", "landmark landmarks keypoint"),
    _choice("input in", "output out"),
)
"""Words of which one excludes the others, spellings unified; each mapping is one such choice."""


class _Said(NamedTuple):
    """What a name says that could object: marks, and for each choice what it chooses."""

    marks: Words
    poles: Mapping[int, Words]


_NOTHING = _Said(frozenset(), MappingProxyType({}))


class Objections:
    """What the names of both sides say against pairs."""

    def __init__(self, sources: Sequence[Node], targets: Sequence[Node]) -> None:
        self._said = {**_said_of(sources), **_said_of(targets)}
        self._named = _named(sources), _named(targets)
        self._roles = TableRoles(sources, targets)

    def between(self, source: Node, target: Node) -> str:
        """Returns the words that speak against a pair; ``""`` where none do."""
        mine, its = self._said.get(source, _NOTHING), self._said.get(target, _NOTHING)
        if mine.marks != its.marks:
            return min(mine.marks ^ its.marks)
        for choice in mine.poles.keys() & its.poles.keys():
            ours, others = mine.poles[choice], its.poles[choice]
            if not ours & others:
                return f"{', '.join(sorted(ours))} and {', '.join(sorted(others))}"
        return self._roles.against(source, target) or self._called_otherwise(source, target)

    def _called_otherwise(self, source: Node, target: Node) -> str:
        """Returns a name that only the source and another target have, or the other way round."""
        named_s, named_t = self._named
        mine, its = _name(source), _name(target)
        if named_t.get(mine, target) is not target and named_s.get(mine) is source:
            return mine
        if named_s.get(its, source) is not source and named_t.get(its) is target:
            return its
        return ""


def _said_of(nodes: Sequence[Node]) -> dict[Node, _Said]:
    """Returns what the names of nodes say, of those that say anything."""
    common = _common(nodes)
    by_words = {words: _said(words - common) for words in {node.place.words for node in nodes}}
    said = {node: by_words[node.place.words] for node in nodes}
    return {node: one for node, one in said.items() if one != _NOTHING}


def _said(words: Words) -> _Said:
    poles = {}
    for number, choice in enumerate(_OPPOSITES):
        chosen = frozenset(choice[word] for word in words if word in choice)
        if chosen:
            poles[number] = chosen
    return _Said(words & MARKS, poles)


def _common(nodes: Sequence[Node]) -> Words:
    """Returns the words that all nodes have, which tell nothing apart.

    None where all are of one scope or layer: its words are all that there is.
    """
    if len({item.module for node in nodes for _, item in node.members}) < 2:
        return frozenset()
    return functools.reduce(frozenset.intersection, (node.place.words for node in nodes))


def _name(node: Node) -> str:
    """Returns the last level of a path where its author chose it and it has no number, else ``""``.

    Numbers tell nothing: what one side calls ``layer_1`` the other may count as ``layer_0``.
    """
    text, numbers = node.place.levels[-1] if node.place.levels else ("", ())
    return "" if numbers or is_automatic(node.place) else text


def _named(nodes: Iterable[Node]) -> dict[str, Node]:
    """Returns the nodes by the names that no other node of their side has."""
    found: dict[str, list[Node]] = {}
    for node in nodes:
        found.setdefault(_name(node), []).append(node)
    return {name: held[0] for name, held in found.items() if name and len(held) == 1}
