"""Plans for architectures that this project did not write are right or say that they don't know.

Also that the pairs themselves make sense: what they hold is the standard of the first.
"""

import importlib
import pathlib

import keras
import numpy as np
import pytest
from shares import share

from tf1compat.checkpoint.source_formats import SOURCE_FORMATS, ArrayIndex, OneFile, StoredArray
from tf1compat.keras3 import index_model
from tf1compat.migration import plan_migration

HERE = pathlib.Path(__file__).parent
HELPERS = ("__init__", "chains", "judge", "matching_pairs_test", "support")
# What differs from another, smaller one by its number of layers, its head or its biases alone, or
# is as deep and as regular.
ALIKE = {
    "densenet121": "mobilenet_v2",
    "efficientnet_b0": "mobilenet_v3_small",
    "inception_resnet_v2": "inception_v3",
    "mobilenet": "mobilenet_v2",
    "resnet101": "resnet50",
    "resnet50_biased": "resnet50",
    "resnet50v2_official": "resnet50_official",
    "vgg19": "vgg16",
    "xception": "inception_v3",
}
PAIRS = sorted(
    (
        path.stem
        for path in HERE.glob("*.py")
        if path.stem not in HELPERS and not path.stem.endswith("_layer_names")
    ),
    key=lambda name: (name in ALIKE, name),
)
CHOSEN = share(PAIRS, 4, lambda name: ALIKE.get(name, name))
COMPLETE = (  # as far as the checkpoint goes, without a rule
    "efficientnet_b0",
    "flat_names",
    "inception_v3",
    "mobilenet",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "natural_order",
    "resnet101",
    "resnet50",
    "resnet50_biased",
    "resnet50v2",
    "shifted_numbers",
    "vgg16",
    "vgg19",
)


@pytest.fixture(scope="module")
def judge():
    """Returns the module of verdicts; pairs and judge import each other from the tests' folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(HERE.parent))
        yield importlib.import_module("matching_pairs.judge")


@pytest.fixture(scope="module")
def indexed_pair(name, judge):
    """Returns a pair's module and its model's index: built once for both tests of the pair."""
    pair = judge.load_pair(name)
    keras.utils.clear_session()
    with keras.StatelessScope(initialize_variables=False):
        return pair, index_model(pair.build())


class Shapes(OneFile):
    """Variables of which nothing but the shapes is known: a plan reads no more."""

    name, suffix, summary = "shapes", ".shapes", "shapes by name"

    def __init__(self, shapes):
        self._shapes = shapes

    def open(self, prefix):
        zero = np.float32(0)
        values = {name: np.broadcast_to(zero, shape) for name, shape in self._shapes.items()}
        return ArrayIndex([prefix], {name: StoredArray.of(v) for name, v in values.items()})


def planned(pair, index, folder):
    path = folder / "model.shapes"
    path.touch()
    with SOURCE_FORMATS.with_(Shapes(pair.SOURCES)):
        return plan_migration(path, index)


@pytest.mark.parametrize("name", CHOSEN, scope="module")
def test_a_plan_is_never_wrong(name, judge, indexed_pair, tmp_path):
    pair, index = indexed_pair
    verdict = judge.judge(planned(pair, index, tmp_path), pair.TRUTH)
    assert not verdict.wrong
    if name in COMPLETE:
        assert not verdict.ambiguous
        assert not verdict.unfilled


@pytest.mark.parametrize("name", CHOSEN, scope="module")
def test_the_truth_fits_model_and_sources(name, indexed_pair):
    pair, index = indexed_pair
    shapes = {path: w.shape for path, w in index.items() if w.kind == "weight"}
    assert set(pair.TRUTH) == set(shapes)
    used = [source for source in pair.TRUTH.values() if isinstance(source, str)]
    assert len(used) == len(set(used))
    for target, source in pair.TRUTH.items():
        candidates = (source,) if isinstance(source, str) else source or ()
        for candidate in candidates:
            assert np.prod(pair.SOURCES[candidate]) == np.prod(shapes[target]), (target, candidate)
