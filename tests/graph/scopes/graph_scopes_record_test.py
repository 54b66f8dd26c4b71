"""Programs about scopes, templates, partitions and layers, against what TensorFlow 1.15.5 gave.

Regenerate the record: see tests/graph/records/scopes/generate.py.
"""

import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from records.replay import TF, defaults_of_1_15, plain
from records.scopes.all_programs import PROGRAMS
from shares import share

RECORDS = pathlib.Path(__file__).parents[1] / "records" / "scopes"
EXPECTED = json.loads((RECORDS / "answers.json").read_text())

# What 1.15's default of reference variables shows through, and resource variables don't.
OF_REFERENCE_VARIABLES = {"regularizer_ops", "validate_shape_off", "variable_types"}


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_program(name):
    with defaults_of_1_15(), tf.Graph().as_default():
        assert plain(PROGRAMS[name](TF)) == EXPECTED[name]


# All answer with the defaults of 1.15; that those of today change none, a share of them shows.
@pytest.mark.parametrize("name", share(sorted(set(PROGRAMS) - OF_REFERENCE_VARIABLES), 9))
def test_program_with_todays_defaults(name):
    with tf.Graph().as_default():
        assert plain(PROGRAMS[name](TF)) == EXPECTED[name]


def test_the_record_is_of_these_programs():
    assert sorted(PROGRAMS) == sorted(EXPECTED)
    assert len(PROGRAMS) >= 150


def test_a_wrong_answer_is_seen():
    """Answers are compared with ==, which no NaN passes, for none is recorded."""
    assert "NaN" not in (RECORDS / "answers.json").read_text()
    expected = EXPECTED["set_initializer"]
    assert plain(np.full((1, 2), np.float32(0.2)).tolist()) == expected
    assert plain([[float("nan"), expected[0][1]]]) != expected
