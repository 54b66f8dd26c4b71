"""Programs about scopes, templates, partitions and layers, against what TensorFlow 1.15.5 gave.

Regenerate the record: see tests/graph/records/generate_scopes.py.
"""

import importlib
import json
import pathlib
import sys

import pytest
import tensorflow as tf

RECORDS = pathlib.Path(__file__).parent / "records"
sys.path.insert(0, str(RECORDS))

import program_tools  # noqa: E402
from stand_in import TF, as_in_1x  # noqa: E402

for path in sorted(RECORDS.glob("programs_*.py")):
    importlib.import_module(path.stem)

PROGRAMS = program_tools.PROGRAMS
EXPECTED = json.loads((RECORDS / "scopes.json").read_text())

# What 1.15's default of reference variables shows through, and resource variables don't.
OF_REFERENCE_VARIABLES = {"regularizer_ops", "validate_shape_off", "variable_types"}


def plain(value):
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_program(name):
    with as_in_1x(), tf.Graph().as_default():
        assert plain(PROGRAMS[name](TF)) == EXPECTED[name]


@pytest.mark.parametrize("name", sorted(set(PROGRAMS) - OF_REFERENCE_VARIABLES))
def test_program_with_todays_defaults(name):
    with tf.Graph().as_default():
        assert plain(PROGRAMS[name](TF)) == EXPECTED[name]


def test_the_record_is_of_these_programs():
    assert sorted(PROGRAMS) == sorted(EXPECTED)
    assert len(PROGRAMS) >= 150
