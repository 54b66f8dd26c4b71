"""Architectures of keras.applications under the names of their v1 originals, without rules."""

import importlib
import pathlib

import keras
import pytest

from tf1compat.keras3 import build_model, index_model
from tf1compat.migration.flows import target_flow
from tf1compat.migration.matching import Item, match_items
from tf1compat.names import parse_names

TESTS = pathlib.Path(__file__).parents[1]
PAIRS = sorted(
    path.stem
    for path in (TESTS / "matching_pairs").glob("*.py")
    if "\ndef build()" in path.read_text()
)
COMPLETE = {"vgg16", "vgg19", "inception_v3", "mobilenet", "resnet50", "resnet50_biased"}


def _match(pair):
    keras.utils.clear_session()
    index = index_model(build_model(pair.build))
    names = parse_names(pair.SOURCES, pair.SOURCES)
    sources = [
        Item(name, parsed.scope, parsed.role, tuple(pair.SOURCES[name]))
        for name, parsed in names.items()
        if parsed.kind == "variable"
    ]
    weights = [w for w in index.values() if w.kind == "weight"]
    targets = [Item(w.path, w.layer_path, w.role, w.shape) for w in weights]
    return weights, match_items(sources, targets, target_flow=target_flow(index))


@pytest.mark.parametrize("name", PAIRS)
def test_right_or_ambiguous_never_wrong(name, monkeypatch):
    monkeypatch.syspath_prepend(str(TESTS))
    pair = importlib.import_module(f"matching_pairs.{name}")
    weights, found = _match(pair)
    assert {w.path for w in weights} == set(pair.TRUTH)
    filled = {target: source for source, (target, _) in found.pairs.items()}
    wrong = {t: (s, pair.TRUTH[t]) for t, s in filled.items() if pair.TRUTH[t] != s}
    assert not wrong
    wanted = {t for t, s in pair.TRUTH.items() if isinstance(s, str)}
    tied = {t for tie in found.ties for t in tie.targets}
    print(f"{name}: {len(filled)} of {len(wanted)} right, {len(tied)} ambiguous")
    assert wanted <= filled.keys() | tied
    if name in COMPLETE:
        assert wanted == filled.keys()
