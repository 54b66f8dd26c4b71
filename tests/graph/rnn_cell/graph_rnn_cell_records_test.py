"""Every recorded cell against TensorFlow 1.15.5: names, shapes, collections, numbers, nodes.

Regenerate the record: see tests/graph/records/cells/generate.py.
"""

import json
import pathlib
import types

import numpy as np
import pytest
import tensorflow as tf
from records.cells import running
from records.cells.all_cases import CASES
from records.cells.kinds import CONTRIB, CORE, STACKS
from records.replay import CELLS, defaults_and_dimensions_of_1_15, plainly
from shares import WHOLE, share

from tf1compat.testing import assert_arrays_close

v1 = tf.compat.v1
RECORDS = pathlib.Path(__file__).parents[1] / "records" / "cells"
AGAIN = "if meant: tests/graph/records/cells/generate.py"
GRAPHS = json.loads((RECORDS / "graphs.json").read_text())
# Other operations than 1.15.5's inside give the outputs other names.
RENAMED = ("ntm:steps", "time_freq:frequencies", "weight_norm:once", "weight_norm:static")
# What 1.15.5 and this package put side by side may differ by, relative to the largest.
TOLERANCE = {"float16": 4e-3, "float32": 1e-5, "float64": 1e-12}


@pytest.fixture(scope="module")
def numbers():
    with np.load(RECORDS / "numbers.npz") as recorded:
        yield recorded


def expected_arrays(name, recorded, values):
    """Returns the arrays of a case as 1.15.5 computed them, None where it had no gradient.

    The record holds them in one row of float32 or float64: shapes and dtypes are those that graphs
    and inputs say. Outputs whose shape isn't known before the run, and gradients of them, take the
    shape of `values`; their sizes are recorded.
    """
    record = GRAPHS[name]
    parts = iter(np.split(recorded, np.cumsum(record["sizes"])[:-1]))
    count = len(record["missing"]) + len(record["sizes"])
    parts = [None if at in record["missing"] else next(parts) for at in range(count)]
    shapes = [(shape, dtype) for _, shape, dtype in record["outputs"]]
    shapes += [
        (shape, dtype)
        for _, shape, dtype, collections in record["variables"]
        if "trainable_variables" in collections
    ]
    return [
        part if part is None else _shaped(part, at, shapes=shapes, values=values)
        for at, part in enumerate(parts)
    ]


def _shaped(part, at, *, shapes, values):
    value = values[at] if at < len(values) and values[at] is not None else part
    shape, dtype = shapes[at] if at < len(shapes) else (None, None)
    if shape is None or None in shape:
        shape = value.shape if value.size == part.size else part.shape
    return part.reshape(shape).astype(dtype or value.dtype)


def compare(name, values, recorded):
    """Compares a case's outputs, and gradients if it has any, with the recorded; None is none."""
    expected = expected_arrays(name, recorded, values)
    outputs = len(GRAPHS[name]["outputs"])
    assert len(values) in (outputs, len(expected)), f"{name}: {len(values)} values; {AGAIN}"
    expected = expected[: len(values)]
    absent = [at for at, value in enumerate(values) if value is None]
    missing = [at for at, value in enumerate(expected) if value is None]
    assert absent == missing, f"{name}: other gradients; {AGAIN}"
    kept = {at: value for at, value in enumerate(values) if value is not None}
    wanted = {at: value for at, value in enumerate(expected) if value is not None}
    share = TOLERANCE.get(name.partition(":")[2], TOLERANCE["float32"])
    assert_arrays_close(kept, wanted, f"{name} differs from 1.15.5; {AGAIN}", of_largest=share)


def _of_zeros(case):
    """Returns a case whose variables begin with zeros.

    They get recorded values: drawing others before takes a tenth of the time.
    """

    def made(tf1, names, context):
        tf1.get_variable_scope().set_initializer(tf1.zeros_initializer())
        return case(tf1, names, context)

    return made


def replayed(name, numbers, *, gradients=True, made=lambda case: case):
    """Replays a case and compares its numbers; returns what can be read off its graph."""
    graph, outputs, context, record = running.build(v1, CELLS, made(CASES[name]))
    compare_graphs(name, record)
    values = running.compute(v1, graph, outputs, context, plainly(), gradients=gradients)
    compare(name, values, numbers[name])
    return record


def compare_graphs(name, record):
    expected = GRAPHS[name]
    for key in ("variables", "trainable_weights", "non_trainable_weights"):
        assert record[key] == expected[key], f"{key} of {name}; {AGAIN}"
    assert [o[1:] for o in record["outputs"]] == [o[1:] for o in expected["outputs"]]


def test_no_class_is_left_out():
    assert {_family(name) for name in EACH_IN_A_LOOP} == {_family(name) for name in _DYNAMIC}
    assert len(IN_LOOPS) > 4
    for kind in (_cell, _way):
        assert {kind(name) for name in STEPPED} == {kind(name) for name in STEP_BY_STEP}
    assert {_class(name) for name in DIFFERENTIATED} == {_class(name) for name in _SMALL}
    assert {_cell(name) for name in COUNTED} >= {_cell(name) for name in _NEVER_LOOPED}


def test_every_case_is_recorded(numbers):
    assert set(CASES) == set(GRAPHS) == set(numbers.files)
    assert len(GRAPHS) > 300


def _once_first(names):
    """Returns names so that a kind's first is a single step, where it has one, of a small graph."""
    return sorted(names, key=lambda n: (not n.endswith(":once"), GRAPHS[n]["nodes"], n))


def _cell(name):
    return name.partition(":")[0]


def _way(name):
    return name.partition(":")[2]


def _class(name):
    """The class that a case runs; a wrapper or stack, which is told by what it holds, by name."""
    cell = {**CORE, **CONTRIB}.get(_cell(name))
    return getattr(cell, "made", _cell(name))


def _family(name):
    """The class that a case runs; of wrappers and stacks, the first word of their names."""
    cell = {**CORE, **CONTRIB}.get(_cell(name))
    return getattr(cell, "made", _cell(name).partition("_")[0])


_DYNAMIC = sorted(name for name in CASES if name.endswith(":dynamic"))
STEP_BY_STEP = sorted(set(CASES) - set(_DYNAMIC))
_NEVER_LOOPED = [name for name in STEP_BY_STEP if f"{_cell(name)}:dynamic" not in _DYNAMIC]
_SPECIAL = [name for name in STEP_BY_STEP if _cell(name) not in {**CORE, **STACKS, **CONTRIB}]
_TIMES_WAYS = _once_first(set(STEP_BY_STEP) - set(_SPECIAL))
# What a cell makes of its options is seen in its first step: every cell takes one, every way to run
# cells takes some, and every case that is special is run. How cells are called is TensorFlow's, and
# loops are thinned: one in twenty of a class, or of wrappers alike, and of those a sixth; nodes are
# counted, and values compared, in the first step of them all.
STEPPED = sorted({*_SPECIAL, *share(_TIMES_WAYS, 9, _cell), *share(_TIMES_WAYS[::-1], 9, _way)})
EACH_IN_A_LOOP = share(_once_first(_DYNAMIC), 20, _family)
IN_LOOPS = share(EACH_IN_A_LOOP, 6)
# Nodes are counted in these loops, in what never runs in one, and in a share of the rest.
COUNTED = sorted({*share(_once_first(_NEVER_LOOPED), 4, _cell), *share(STEP_BY_STEP, 24)})
# Gradients are TensorFlow's, of operations whose values are compared: a class, or a cell that never
# loops, is asked for them of one of its options and of few ways to run it; loops, of an eighth.
_SMALL = [name for name in STEP_BY_STEP if WHOLE or GRAPHS[name]["nodes"] < 400]
DIFFERENTIATED = {
    *share(_once_first(_SMALL), 12, lambda name: name in _NEVER_LOOPED and _cell(name)),
    *share(_once_first(_SMALL), 30, _class),
}
THROUGH_LOOPS = EACH_IN_A_LOOP[::18]


def compare_nodes(name, record):
    assert record["nodes"] <= GRAPHS[name]["nodes"]
    if name not in RENAMED and "drop" not in name:  # today's dropout ends in another operation
        assert record["outputs"] == GRAPHS[name]["outputs"]


@pytest.mark.parametrize("name", STEPPED)
def test_cell_is_that_of_1_15(name, numbers):
    replayed(name, numbers, gradients=name in DIFFERENTIATED, made=_of_zeros)


@pytest.mark.parametrize("name", COUNTED)
def test_cell_under_v1_behaviour_makes_no_more_nodes(name):
    with defaults_and_dimensions_of_1_15():
        *_, record = running.build(v1, CELLS, CASES[name])
    compare_graphs(name, record)
    compare_nodes(name, record)


@pytest.mark.slow
@pytest.mark.parametrize("name", EACH_IN_A_LOOP[::8])
def test_cell_in_a_loop_of_today_is_that_of_1_15(name, numbers):
    """A loop of today calls a cell as the first step of any case does: a share of them is enough.

    The gradient through it is TensorFlow's; through 1.15's loops it is asked for below.
    """
    replayed(name, numbers, gradients=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", IN_LOOPS)
def test_cell_in_a_loop_of_v1_makes_no_more_nodes(name, numbers):
    with defaults_and_dimensions_of_1_15():
        record = replayed(name, numbers, gradients=name in THROUGH_LOOPS)
    compare_nodes(name, record)


class _Wrong(CELLS.RNNCell):
    """A cell whose outputs went through a function."""

    def __init__(self, inner, change):
        super().__init__()
        self.inner, self.change = inner, change

    state_size = property(lambda self: self.inner.state_size)
    output_size = property(lambda self: self.inner.output_size)

    def zero_state(self, batch_size, dtype):
        return self.inner.zero_state(batch_size, dtype)

    def __call__(self, inputs, state, **kwargs):
        output, state = self.inner(inputs, state, **kwargs)
        return self.change(output), state


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda y: y * float("nan"), r"\[0\]: 8 of 8 elements differ, by at most inf"),
        (lambda y: tf.where(y > 0, y, float("nan")), r"\[0\]: \d of 8 .*by at most inf"),
        (lambda y: tf.transpose(y), r"\[0\]: expected shape \(2, 4\), found \(4, 2\)"),
        (lambda y: tf.cast(y, tf.float64), r"\[0\]: expected dtype float32, found float64"),
        (lambda y: y * 1.0001, r"\[0\]: \d of 8 elements differ"),
        (lambda y: tf.stop_gradient(y), "other gradients|elements differ"),
    ],
    ids=["nan", "one nan", "transposed", "dtype", "a little off", "no gradient"],
)
def test_a_wrong_cell_is_seen(numbers, change, words):
    name, wrong = "gru:once", types.SimpleNamespace(**vars(CELLS))
    wrong.GRUCell = lambda *args, **kw: _Wrong(CELLS.GRUCell(*args, **kw), change)
    graph, outputs, context, _ = running.build(v1, wrong, CASES[name])
    values = running.compute(v1, graph, outputs, context)
    with pytest.raises(AssertionError, match=words):
        compare(name, values, numbers[name])


def test_a_kernel_turned_over_is_seen(numbers):
    name = "basic_rnn:once"
    graph, outputs, context, _ = running.build(v1, CELLS, CASES[name])
    values = running.compute(v1, graph, outputs, context)
    compare(name, values, numbers[name])
    gradients = range(len(outputs), len(values))
    kernel = next(at for at in gradients if values[at].ndim == 2)
    turned = [v.T if at == kernel else v for at, v in enumerate(values)]
    with pytest.raises(AssertionError, match=rf"\[{kernel}\]: expected shape"):
        compare(name, turned, numbers[name])
