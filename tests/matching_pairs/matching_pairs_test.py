"""Plans for architectures that this project did not write are right or say that they don't know.

Also that the pairs themselves make sense: what they hold is the standard of the first.
"""

import importlib
import pathlib

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import write_checkpoint
from tf1compat.keras3 import index_model
from tf1compat.migration import plan_migration

HERE = pathlib.Path(__file__).parent
LARGE = ("vgg16", "vgg19")  # half a gigabyte each
HELPERS = ("__init__", "chains", "judge", "matching_pairs_test", "support")
PAIRS = sorted(
    path.stem
    for path in HERE.glob("*.py")
    if path.stem not in HELPERS and not path.stem.endswith("_layer_names")
)
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


@pytest.fixture(autouse=True)
def tests_on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(HERE.parent))


def indexed(pair):
    keras.utils.clear_session()
    with keras.StatelessScope(initialize_variables=False):
        return index_model(pair.build())


def judged(name, folder):
    judge = importlib.import_module("matching_pairs.judge")
    pair = judge.load_pair(name)
    zero = np.float32(0)
    values = {source: np.broadcast_to(zero, shape) for source, shape in pair.SOURCES.items()}
    write_checkpoint(str(folder / "model.ckpt"), values)
    return judge.judge(plan_migration(folder / "model.ckpt", indexed(pair)), pair.TRUTH)


def marked(names):
    return [pytest.param(n, marks=[pytest.mark.slow] if n in LARGE else []) for n in names]


@pytest.mark.parametrize("name", marked(PAIRS))
def test_a_plan_is_never_wrong(name, tmp_path):
    verdict = judged(name, tmp_path)
    counts = {k: len(v) for k, v in vars(verdict).items()}
    print(name, counts)
    assert not verdict.wrong
    if name in COMPLETE:
        assert not verdict.ambiguous
        assert not verdict.unfilled


@pytest.mark.parametrize("name", PAIRS)
def test_the_truth_fits_model_and_sources(name):
    pair = importlib.import_module(f"matching_pairs.{name}")
    shapes = {path: w.shape for path, w in indexed(pair).items() if w.kind == "weight"}
    assert set(pair.TRUTH) == set(shapes)
    used = [source for source in pair.TRUTH.values() if isinstance(source, str)]
    assert len(used) == len(set(used))
    for target, source in pair.TRUTH.items():
        candidates = (source,) if isinstance(source, str) else source or ()
        for candidate in candidates:
            assert np.prod(pair.SOURCES[candidate]) == np.prod(shapes[target]), (target, candidate)
