"""What op types are said to do, against TensorFlow's own signatures of all ops."""

import inspect

import tensorflow as tf

from tf1compat.names.op_types import changes_variables

# Those that take a variable and leave it as it is.
READING = {"DestroyTemporaryVariable", "IsVariableInitialized"}


def _taking_variables():
    """Yields types of ops whose first input is called as that of ops on variables is."""
    for name in dir(tf.raw_ops):
        op = getattr(tf.raw_ops, name)
        if name[0].isupper() and callable(op):
            first = next(iter(inspect.signature(op).parameters), "")
            if first in ("ref", "var"):
                yield name


def test_what_takes_a_variable_changes_it_and_nothing_else_does():
    taking = set(_taking_variables())
    assert len(taking) > 60
    assert {name for name in taking if not changes_variables(name)} == READING
    changing = {n for n in dir(tf.raw_ops) if n[0].isupper() and changes_variables(n)}
    others = changing - taking
    assert {n for n in others if not n.endswith("VariableOp")} == {
        f"ResourceScatter{how}" for how in ("Add", "Div", "Max", "Min", "Mul", "Sub", "Update")
    } | {"AssignVariableXlaConcatND", "ResourceCountUpTo"}
