"""Small programs about cells answer as they do under TensorFlow 1.15.5.

`records/generate_cells_programs.py`, run under TensorFlow 1.15.5, wrote the answers.
"""

import importlib.util
import json
import pathlib
import sys
import types

import pytest
import tensorflow as tf

from tf1compat.graph import rnn_cell

v1 = tf.compat.v1
RECORDS = pathlib.Path(__file__).parent / "records"
ANSWERS = json.loads((RECORDS / "cells_programs.json").read_text())
NAMES = types.SimpleNamespace(
    **{name: getattr(v1.nn, name) for name in dir(v1.nn) if "rnn" in name and name != "rnn_cell"}
    | {name: getattr(rnn_cell, name) for name in rnn_cell.__all__}
)


def load(name):
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, RECORDS / f"{name}.py")
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


for _part in (
    "answers",
    "programs_states",
    "programs_arguments",
    "programs_scopes",
    "programs_graphs",
):
    load(f"cells_{_part}")
PROGRAMS = load("cells_programs").PROGRAMS


def test_every_program_is_recorded():
    assert set(PROGRAMS) == set(ANSWERS)


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_program_answers_as_in_1_15(name):
    with tf.Graph().as_default():
        answer = PROGRAMS[name](v1, NAMES)
    assert json.loads(json.dumps(answer)) == ANSWERS[name]
