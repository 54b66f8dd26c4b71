"""Targets of texts that need no TensorFlow: state files, rules, names, templates, manifests."""

from __future__ import annotations

import contextlib
import re
import shutil

import numpy as np
from fuzz_scratch import ROOT, place, written

from tf1compat.checkpoint import Manifest, TensorDigest, tensor_digest, update_checkpoint_state
from tf1compat.checkpoint.state_file import is_state_file, read_state, read_state_file
from tf1compat.errors import Tf1CompatError
from tf1compat.names import (
    fold_names,
    in_scope,
    load_rules,
    nearest_names,
    parse_name,
    parse_names,
    strip_output,
    unfold_names,
)
from tf1compat.names._template import Template, TemplateError, escape_template
from tf1compat.names.parse import find_part, scopes_around, split_part

_NAMES = ("a/kernel", "block3/conv/weights", "a/kernel/Adam", "x:0", "é/w", "t/part_0")
_PATTERN = re.compile(r"(?P<first>a+)(b)?(?P<last>.*)", re.DOTALL)


def state_file(data: bytes) -> None:
    """What a state file names is what it names when it is written anew."""
    path = written("state/checkpoint", data)
    is_state_file(path)
    try:
        latest, every = read_state_file(path)
    except Tf1CompatError:
        return
    folder = place("state2/checkpoint").removesuffix("/checkpoint")
    update_checkpoint_state(folder, latest, every=every)
    assert read_state(folder) == (latest, every if latest in every else (*every, latest))
    shutil.rmtree(folder)


def state_file_seeds() -> list[bytes]:
    return [
        b'model_checkpoint_path: "m-7"\nall_model_checkpoint_paths: "m-7"\n',
        b"model_checkpoint_path: 'a\\303\\251\\n\\x41\\'' ; all_model_checkpoint_timestamps: 1.5e3",
        b'model_checkpoint_path: "\\0651"\nlast_preserved_timestamp: 1\n',
        b"",
    ]


def rules(data: bytes) -> None:
    """A rules file is refused, or says the same of the same names each time."""
    path = written("rules.toml", data)
    try:
        found = load_rules(path)
    except Tf1CompatError:
        return
    assert found == load_rules(path)
    with contextlib.suppress(Tf1CompatError):
        outcome = found.apply(_NAMES, targets=("a/kernel", "b"))
        assert set(outcome.sources) <= set(_NAMES)
        assert str(outcome.problems) == str(found.apply(_NAMES, targets=("a/kernel", "b")).problems)


def rules_seeds() -> list[bytes]:
    seeds = [path.read_bytes() for path in sorted((ROOT / "examples").rglob("*.toml"))[:6]]
    return [
        *seeds,
        b"rules = [\n {source='(.*)/weights', target='\\1/kernel', layout='transpose'},\n"
        b" {source='head/.*', drop='new'},\n {target='b', keep='scratch'},\n"
        b" {scope='block(\\d+)', layer='blocks/\\1', shared=true},\n"
        b" {source='x', role='kernel'}, {source='a.*', drop='c', copy_of='b'},\n]\n",
        b"[[rules]]\nsource = '(?P<n>[a-z]+)/w'\ntarget = '\\g<n>/kernel'\ncross_roles = true\n",
        b'rules = [{source="a\\\\d", target="b"}]',
        b"rules = [{source='a', drop=1979-05-27T07:32:00.5+01:00, keep=0x1F, role=1_0.5e+1}]",
    ]


def names(data: bytes) -> None:
    """Names, a line each: each alone, all together, and folded into few and back."""
    given = list(dict.fromkeys(data.decode("utf-8", "replace").split("\n")))[:40]
    for name in given:
        found = parse_name(name)
        assert found.full == name
        assert found.kind in ("variable", "global_step")
        assert all(in_scope(name, scope) for scope in scopes_around(name))
        base, part = split_part(name)
        assert part is None or (f"{base}/part_{part}" == name and find_part(name) == part)
        assert name.startswith(strip_output(name))
    parsed = parse_names(given)
    assert list(parsed) == given
    known = {None, *parsed, *(split_part(name)[0] for name in parsed)}
    for name, found in parsed.items():
        assert found.full == name
        assert found.slot_of in known
    assert set(nearest_names(given[0], given)) <= set(given)
    folded = fold_names(given)
    assert sorted(unfold_names(folded)) == sorted(given)


def names_seeds() -> list[bytes]:
    return [
        b"a/kernel\na/kernel/Adam\na/kernel/Adam_1\na/bias\nbeta1_power\nglobal_step",
        b"bn/moments/Squeeze/ExponentialMovingAverage\nbn/gamma:0\nbn/bn/moments/mean/"
        b"ExponentialMovingAverage",
        b"t/part_0\nt/part_1\nt/part_0/Adagrad\nt/part_01\n/part_1",
        b"layer_0/w\nlayer_1/w\nlayer_10/w\nbert/encoder/layer_1/kernel/adam_m",
        b"",
    ]


def templates(data: bytes) -> None:
    """What a template makes is what `re` makes of it, where that takes it too."""
    text = data.decode("utf-8", "replace")
    matches = [_PATTERN.fullmatch(name) for name in ("aab/c\n", "aa")]  # all groups, and not all
    assert Template(escape_template(text), _PATTERN).expand(matches[0]) == text
    try:
        template = Template(text, _PATTERN)
    except TemplateError:
        return
    with contextlib.suppress(re.error, IndexError):
        for match in matches:
            made, expected = template.expand(match), match.expand(text)
            assert made == expected, (made, expected)


def templates_seeds() -> list[bytes]:
    return [b"\\1/\\g<last>", b"\\\\1\\g<0>", b"a\\2b\\g<2>", b"\\g<first>\\3", b"\\g<9>", b"\\n"]


def manifest(data: bytes) -> None:
    """A manifest says what it says when it is written anew."""
    with contextlib.suppress(Tf1CompatError):
        found = Manifest.from_json(data.decode("utf-8", "replace"))
        assert Manifest.from_json(found.to_json()).to_json() == found.to_json()
        assert len(found.by_name()) == len(found.tensors)


def manifest_seeds() -> list[bytes]:
    value = np.arange(6, dtype="float32").reshape(2, 3)
    tensors = [TensorDigest(name, (2, 3), "float32", tensor_digest(value)) for name in ("a/w", "é")]
    notes = {"proof": {"max_rel": 1e-7, "outputs": ["y"]}, "n": None}
    made = (Manifest(tuple(tensors)), Manifest((), notes), Manifest(tuple(tensors[:1]), notes))
    return [one.to_json().encode() for one in made]
