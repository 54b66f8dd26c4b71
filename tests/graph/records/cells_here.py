"""What the tests of cells share: the recorded modules, the names, TensorFlow 1's behaviour."""

import contextlib
import importlib.util
import pathlib
import sys
import types

import tensorflow as tf

from tf1compat.graph import rnn_cell

v1 = tf.compat.v1
RECORDS = pathlib.Path(__file__).parent
NAMES = types.SimpleNamespace(
    **{name: getattr(v1.nn, name) for name in dir(v1.nn) if "rnn" in name and name != "rnn_cell"}
    | {name: getattr(rnn_cell, name) for name in rnn_cell.__all__}
)


def load(*names):
    """Imports modules of this folder, in the order in which they need each other."""
    for name in names:
        if name not in sys.modules:
            spec = importlib.util.spec_from_file_location(name, RECORDS / f"{name}.py")
            sys.modules[name] = module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
    return sys.modules[names[-1]]


@contextlib.contextmanager
def v1_behaviour():
    """Reference variables, control flow and shapes as TensorFlow 1.15 had them by default."""
    v1.disable_control_flow_v2()
    v1.disable_resource_variables()
    v1.disable_v2_tensorshape()
    try:
        yield
    finally:
        v1.enable_control_flow_v2()
        v1.enable_resource_variables()
        v1.enable_v2_tensorshape()
