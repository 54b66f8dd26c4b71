"""Small programs about cells answer as they do under TensorFlow 1.15.5.

`records/generate_cells_programs.py`, run under TensorFlow 1.15.5, wrote the answers.
"""

import importlib.util
import json
import pathlib

import pytest
import tensorflow as tf

v1 = tf.compat.v1


def shared():
    path = pathlib.Path(__file__).parent / "records" / "cells_here.py"
    spec = importlib.util.spec_from_file_location("cells_here", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


here = shared()
_PARTS = ("programs_states", "programs_arguments", "programs_scopes", "programs_graphs")
here.load("cells_answers", *(f"cells_{part}" for part in _PARTS))
PROGRAMS = here.load("cells_programs").PROGRAMS
ANSWERS = json.loads((here.RECORDS / "cells_programs.json").read_text())


def test_every_program_is_recorded():
    assert set(PROGRAMS) == set(ANSWERS)


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_program_answers_as_in_1_15(name):
    with tf.Graph().as_default():
        answer = PROGRAMS[name](v1, here.NAMES)
    assert json.loads(json.dumps(answer)) == ANSWERS[name]


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_program_answers_alike_under_v1_behaviour(name):
    with here.v1_behaviour(), tf.Graph().as_default():
        answer = PROGRAMS[name](v1, here.NAMES)
    assert json.loads(json.dumps(answer)) == ANSWERS[name]
