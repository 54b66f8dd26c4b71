"""Architectures of keras.applications under made-up v1 namings: right or ambiguous, never wrong."""

import random
import re

import keras
import pytest
from shares import share

from tf1compat.keras3 import build_model, index_model
from tf1compat.migration.matching import Item, match_items
from tf1compat.migration.planning._flows import target_flow, target_joins


def _numbered(nodes):
    return {node.path: f"net/layer_{n}" for n, node in enumerate(nodes)}


def _backwards(nodes):
    return {node.path: f"net/layer_{len(nodes) - n}" for n, node in enumerate(nodes)}


def _shuffled(nodes):
    numbers = random.Random(4).sample(range(len(nodes)), len(nodes))
    return {node.path: f"net/layer_{n}" for n, node in zip(numbers, nodes, strict=True)}


def _wordless(nodes):
    words = random.Random(5)
    return {n.path: "net/" + "".join(words.choices("bcdfghjklm", k=7)) for n in nodes}


def _automatic(nodes):
    counts, scopes = {}, {}
    for node in nodes:
        base = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", node.class_name).lower()
        counts[base] = counts.get(base, -1) + 1
        scopes[node.path] = f"{base}_{counts[base]}" if counts[base] else base
    return scopes


NETWORKS = ("MobileNetV3Small", "NASNetMobile", "DenseNet121", "ResNet50V2")


@pytest.fixture(scope="module", params=share(NETWORKS, 2))
def index(request):
    keras.utils.clear_session()
    return index_model(
        build_model(lambda: getattr(keras.applications, request.param)(weights=None))
    )


NAMINGS = (_numbered, _backwards, _shuffled, _wordless, _automatic)
# Each naming of each network, with its flow or without.
WAYS = share([(naming, flow) for flow in (True, False) for naming in NAMINGS], 2)


@pytest.mark.slow
@pytest.mark.parametrize(("naming", "with_flow"), WAYS)
def test_no_weight_gets_another_ones_source(index, naming, with_flow):
    scopes = naming([node for node in index.layers if node.weights])
    weights = [w for w in index.values() if w.kind == "weight"]
    truth = {f"{scopes[w.layer_path]}/{w.name}": w.path for w in weights}
    assert len(truth) == len(weights)
    sources = [
        Item(name, name.rpartition("/")[0], index[path].role, index[path].shape)
        for name, path in truth.items()
    ]
    random.Random(6).shuffle(sources)
    targets = [Item(w.path, w.layer_path, w.role, w.shape) for w in weights]
    known = {"target_flow": target_flow(index), "target_joins": target_joins(index)}
    found = match_items(sources, targets, **known if with_flow else {})
    wrong = {s: t for s, (t, _) in found.pairs.items() if truth[s] != t}
    assert not wrong
    tied = [path for tie in found.ties for path in tie.targets]
    assert len(found.pairs) + len(tied) == len(weights)
