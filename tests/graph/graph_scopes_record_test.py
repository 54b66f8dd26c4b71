"""Programs about scopes, templates, partitions and layers, against what TensorFlow 1.15.5 gave.

Regenerate the record: see tests/graph/records/generate_scopes.py.
"""

import contextlib
import importlib
import json
import pathlib
import sys
import types

import pytest
import tensorflow as tf

from tf1compat import graph
from tf1compat.graph import layers

RECORDS = pathlib.Path(__file__).parent / "records"
EXPECTED = json.loads((RECORDS / "scopes.json").read_text())


def load_programs():
    sys.path.insert(0, str(RECORDS))
    try:
        for path in sorted(RECORDS.glob("programs_*.py")):
            importlib.import_module(path.stem)
        return importlib.import_module("program_tools").PROGRAMS
    finally:
        sys.path.remove(str(RECORDS))


PROGRAMS = load_programs()


class Namespace(types.ModuleType):
    """`tf.compat.v1` with this package's scopes and layers in place of its own."""

    layers = layers
    get_variable = staticmethod(graph.get_variable)
    make_template = staticmethod(graph.make_template)
    variable_scope = graph.variable_scope

    def __getattr__(self, name):
        return getattr(tf.compat.v1, name)


@contextlib.contextmanager
def as_in_1x():
    resource = tf.compat.v1.resource_variables_enabled()
    flow = tf.compat.v1.control_flow_v2_enabled()
    tf.compat.v1.disable_resource_variables()
    tf.compat.v1.disable_control_flow_v2()
    try:
        yield
    finally:
        if resource:
            tf.compat.v1.enable_resource_variables()
        if flow:
            tf.compat.v1.enable_control_flow_v2()


def plain(value):
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_program(name):
    with as_in_1x(), tf.Graph().as_default():
        assert plain(PROGRAMS[name](Namespace("tf"))) == EXPECTED[name]


def test_the_record_is_of_these_programs():
    assert sorted(PROGRAMS) == sorted(EXPECTED)
    assert len(PROGRAMS) >= 150
