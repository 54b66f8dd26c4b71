"""Ten training steps, initial values and penalties, against TensorFlow 1.15.5's.

Regenerate the record: see tests/graph/records/generate_training.py.
"""

import contextlib
import json
import pathlib
import sys

import numpy as np
import pytest

RECORDS = pathlib.Path(__file__).parent / "records"
sys.path.insert(0, str(RECORDS))

import initializer_cases  # noqa: E402
import training_programs  # noqa: E402
from stand_in import CONTRIB, TF, as_in_1x  # noqa: E402

EXPECTED = json.loads((RECORDS / "training.json").read_text())
INITIAL = np.load(RECORDS / "initializers.npz")


@pytest.mark.parametrize("defaults", [as_in_1x, contextlib.nullcontext], ids=["1.x", "today"])
@pytest.mark.parametrize("model", sorted(training_programs.MODELS))
def test_ten_steps_agree(model, defaults, record_property):
    expected = EXPECTED["curves"][model]
    with defaults():
        found = training_programs.curves(TF, training_programs.MODELS[model])
    losses, wanted = np.array(found["losses"]), np.array(expected["losses"])
    worst = float(np.max(np.abs(losses - wanted)))
    record_property("worst", worst)
    assert worst <= 1e-5 * max(1.0, float(np.max(np.abs(wanted))))
    assert set(found["ends"]) == set(expected["ends"])
    for name, end in expected["ends"].items():
        assert found["ends"][name] == pytest.approx(end, rel=1e-4, abs=1e-4), name


def test_initializers_draw_the_same_values():
    with as_in_1x():
        found = initializer_cases.initial_values(TF, CONTRIB)
    assert set(found) == set(INITIAL.files)
    for key in INITIAL.files:
        np.testing.assert_allclose(found[key], INITIAL[key], rtol=0, atol=2e-6, err_msg=key)


def test_named_initializers_have_the_same_distribution():
    with as_in_1x():
        found = initializer_cases.spreads(TF)
    for name, (deviation, greatest) in EXPECTED["spreads"].items():
        assert found[name][0] == pytest.approx(deviation, rel=0.02), name
        assert found[name][1] == pytest.approx(greatest, rel=0.15), name


def test_penalties_and_their_names():
    with as_in_1x():
        found = initializer_cases.penalties(TF, CONTRIB)
    assert found.keys() == EXPECTED["penalties"].keys()
    for name, (op, value, *rest) in EXPECTED["penalties"].items():
        assert [found[name][0], *found[name][2:]] == [op, *rest], name
        assert found[name][1] == pytest.approx(value, rel=1e-6), name
