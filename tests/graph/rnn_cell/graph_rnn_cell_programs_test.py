"""Small programs about cells answer as they do under TensorFlow 1.15.5.

Regenerate the answers: see tests/graph/records/cell_programs/generate.py.
"""

import json
import pathlib

import pytest
import tensorflow as tf
from records.cell_programs.all_programs import PROGRAMS
from records.replay import CELLS, defaults_and_dimensions_of_1_15, plain
from shares import share

v1 = tf.compat.v1
RECORDS = pathlib.Path(__file__).parents[1] / "records" / "cell_programs"
ANSWERS = json.loads((RECORDS / "answers.json").read_text())


def test_every_program_is_recorded():
    assert set(PROGRAMS) == set(ANSWERS)


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_program_answers_as_in_1_15(name):
    with tf.Graph().as_default():
        assert plain(PROGRAMS[name](v1, CELLS)) == ANSWERS[name]


# That 1.15's defaults change no answer, a share shows.
@pytest.mark.parametrize("name", share(sorted(PROGRAMS), 9))
def test_program_answers_alike_under_v1_behaviour(name):
    with defaults_and_dimensions_of_1_15(), tf.Graph().as_default():
        assert plain(PROGRAMS[name](v1, CELLS)) == ANSWERS[name]


def test_no_answer_is_nan():
    """Answers are compared with ==, which a NaN must not pass."""
    assert "NaN" not in (RECORDS / "answers.json").read_text()
    assert plain([float("nan")]) != [0.0]
