"""Ten training steps, initial values and penalties, against TensorFlow 1.15.5's.

Regenerate the record: see tests/graph/records/training/generate.py.
"""

import contextlib
import itertools
import json
import pathlib

import numpy as np
import pytest
from records.replay import CONTRIB, TF, defaults_of_1_15, plainly
from records.training import initial_values, models
from shares import share

from tf1compat.testing import assert_arrays_close

RECORDS = pathlib.Path(__file__).parents[1] / "records" / "training"
EXPECTED = json.loads((RECORDS / "curves_spreads_penalties.json").read_text())


def compare_curves(found, expected):
    assert_arrays_close(found["losses"], expected["losses"], of_largest=1e-5, atol=1e-5)
    assert_arrays_close(found["ends"], expected["ends"], rtol=1e-4, atol=1e-4)


def compare_initial_values(found, expected):
    assert_arrays_close(found, expected, atol=2e-6)


def compare_spreads(found, expected):
    """Each is a standard deviation and a greatest size."""
    assert_arrays_close(
        {name: deviation for name, (deviation, _) in found.items()},
        {name: deviation for name, (deviation, _) in expected.items()},
        rtol=0.02,
    )
    assert_arrays_close(
        {name: greatest for name, (_, greatest) in found.items()},
        {name: greatest for name, (_, greatest) in expected.items()},
        rtol=0.15,
    )


def compare_penalties(found, expected):
    """Each is an operation's name, a value and, for one, how many losses there are."""
    names = {name: [op, *rest] for name, (op, _, *rest) in found.items()}
    assert names == {name: [op, *rest] for name, (op, _, *rest) in expected.items()}
    values = {name: entry[1] for name, entry in found.items()}
    assert_arrays_close(values, {name: entry[1] for name, entry in expected.items()}, rtol=1e-6)


_WAYS = itertools.product([defaults_of_1_15, contextlib.nullcontext], sorted(models.MODELS))


@pytest.mark.parametrize(("defaults", "model"), share(_WAYS, 2))
def test_ten_steps_agree(model, defaults):
    with defaults():
        found = models.curves(TF, models.MODELS[model], plainly())
    compare_curves(found, EXPECTED["curves"][model])


@pytest.fixture(scope="module")
def recorded_values():
    with np.load(RECORDS / "initial_values.npz") as values:
        return dict(values)


def test_initializers_draw_the_same_values(recorded_values):
    with defaults_of_1_15():
        found = initial_values.initial_values(TF, CONTRIB)
    compare_initial_values(found, recorded_values)


def test_named_initializers_have_the_same_distribution():
    with defaults_of_1_15():
        found = initial_values.spreads(TF)
    compare_spreads(found, EXPECTED["spreads"])


def test_penalties_and_their_names():
    with defaults_of_1_15():
        found = initial_values.penalties(TF, CONTRIB)
    compare_penalties(found, EXPECTED["penalties"])


def test_a_loss_that_became_nan_is_seen():
    expected = EXPECTED["curves"]["gan"]
    losses = [[float("nan"), *row[1:]] for row in expected["losses"]]
    with pytest.raises(AssertionError, match="10 of 20 elements differ, by at most inf"):
        compare_curves({**expected, "losses": losses}, expected)
    name = next(iter(expected["ends"]))
    ends = {**expected["ends"], name: float("nan")}
    with pytest.raises(AssertionError, match="1 of 1 elements differ, by at most inf"):
        compare_curves({**expected, "ends": ends}, expected)


def test_wrong_initial_values_are_seen(recorded_values):
    name = "glorot_uniform|[6, 4]"
    value = recorded_values[name]
    for wrong, words in (
        (value * np.float32("nan"), "24 of 24 elements differ, by at most inf"),
        (value.T, r"expected shape \(6, 4\), found \(4, 6\)"),
        (value.astype(np.float64), "expected dtype float32, found float64"),
    ):
        with pytest.raises(AssertionError, match=words):
            compare_initial_values({**recorded_values, name: wrong}, recorded_values)


def test_wrong_spreads_and_penalties_are_seen():
    nan = float("nan")
    for compare, key in ((compare_spreads, "spreads"), (compare_penalties, "penalties")):
        name, (first, _, *rest) = next(iter(EXPECTED[key].items()))
        with pytest.raises(AssertionError, match="1 of 1 elements differ, by at most inf"):
            compare({**EXPECTED[key], name: [first, nan, *rest]}, EXPECTED[key])
    name, (_, greatest) = next(iter(EXPECTED["spreads"].items()))
    with pytest.raises(AssertionError, match="by at most inf"):
        compare_spreads({**EXPECTED["spreads"], name: [nan, greatest]}, EXPECTED["spreads"])
