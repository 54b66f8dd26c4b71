"""A partitioned variable from whatever parts a checkpoint has it in, under one path or another."""

import pathlib
import re

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.checkpoint import open_checkpoint
from tf1compat.errors import CheckpointNotFoundError, GraphError, UsageError
from tf1compat.graph import Assigner, assign_checkpoint, get_variable, query
from tf1compat.names import Rule
from tf1compat.testing import assert_arrays_equal

v1 = tf.compat.v1
WHOLE = np.arange(120, dtype=np.float32).reshape(30, 4)


def save(directory, arrays):
    """Saves arrays as variables of their own by TensorFlow's Saver; returns the prefix."""
    with tf.Graph().as_default(), v1.Session() as session:
        for name, value in arrays.items():
            get_variable(name, initializer=value)
        session.run(v1.global_variables_initializer())
        return v1.train.Saver().save(session, str(directory / "m.ckpt"), write_meta_graph=False)


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """A checkpoint of the parts of model/softmax_w each by itself, 11 of them, and of a bias."""
    arrays = {f"model/softmax_w/part_{n}": a for n, a in enumerate(np.array_split(WHOLE, 11))}
    return save(tmp_path_factory.mktemp("parts"), {**arrays, "model/b": np.float32([1, 2])})


def load(checkpoint, *, shape=(30, 4), pieces=None, name="model", **options):
    """Returns what is loaded into a softmax_w of that many pieces, and what became of the names."""
    partitioner = v1.fixed_size_partitioner(pieces) if pieces else None
    with tf.Graph().as_default() as graph, v1.Session() as session:
        with v1.variable_scope(name):
            get_variable("softmax_w", shape, partitioner=partitioner)
            get_variable("b", [2])
        assigner = Assigner(query(graph))
        found = assign_checkpoint(session, assigner, checkpoint, **options)
        return assigner.read(session)[f"{name}/softmax_w"], found


@pytest.mark.parametrize("pieces", [None, 3, 11])
def test_parts_are_joined_by_their_numbers(parts, pieces):
    value, found = load(parts, pieces=pieces)
    assert_arrays_equal(value, WHOLE)
    names = tuple(f"model/softmax_w/part_{n}" for n in range(11))  # part_10 after part_9
    assert found.joined == {"model/softmax_w": names}
    assert found.assigned == {"model/b": "model/b"}
    assert "2 assigned\n" in str(found)
    assert "  model/softmax_w <- model/softmax_w/part_0, model/softmax_w/part_1" in str(found)


def test_along_the_axis_that_makes_up_the_shape(tmp_path):
    halves = {f"model/softmax_w/part_{n}": WHOLE[15 * n :][:15] for n in range(2)}
    prefix = save(tmp_path, {**halves, "model/b": np.float32([1, 2])})
    assert_arrays_equal(load(prefix)[0], WHOLE)
    side_by_side, _ = load(prefix, shape=(15, 8))
    assert_arrays_equal(side_by_side, np.concatenate(list(halves.values()), 1))


@pytest.mark.parametrize(
    "rules",
    [
        {"model/": "new/"},
        {"model/softmax_w": "new/softmax_w", "model/b": "new/b"},
        [Rule("model/(.*)", r"new/\1")],
    ],
    ids=["scope", "names", "pattern"],
)
def test_renamed(parts, rules):
    value, found = load(parts, name="new", rules=rules)
    assert_arrays_equal(value, WHOLE)
    assert list(found.joined) == ["new/softmax_w"]


def test_kept(parts):
    rules = [Rule(target="model/softmax_w", keep="trained anew")]
    with tf.Graph().as_default() as graph, v1.Session() as session:
        with v1.variable_scope("model"):
            get_variable("softmax_w", [30, 4])
            get_variable("b", [2])
        found = assign_checkpoint(session, Assigner(query(graph)), parts, rules=rules)
    assert found.kept == {"model/softmax_w": "trained anew"}
    assert found.skipped["model/softmax_w/part_3"] == "kept: trained anew"


def test_parts_that_don_t_make_up_the_variable(parts, tmp_path):
    message = (
        r"model/softmax_w: expected parts that make up shape \(31, 4\), found .*part_0 float32"
    )
    with pytest.raises(GraphError, match=message):
        load(parts, shape=(31, 4))
    lacking = {f"model/softmax_w/part_{n}": WHOLE[:15] for n in (0, 2)}
    prefix = save(tmp_path, {**lacking, "model/b": np.float32([1, 2])})
    with pytest.raises(GraphError, match=r"1 problem.*\n.*softmax_w: expected a part_1 too, found"):
        load(prefix)


def test_both_the_whole_and_parts(tmp_path):
    arrays = {"model/softmax_w": WHOLE, "model/softmax_w/part_0": WHOLE}
    prefix = save(tmp_path, {**arrays, "model/b": np.float32([1, 2])})
    with pytest.raises(
        GraphError, match="softmax_w: expected one source, found model/softmax_w, mod"
    ):
        load(prefix)
    value, _ = load(prefix, rules=[Rule("model/softmax_w/part_0", drop="the whole is there")])
    assert_arrays_equal(value, WHOLE)


def test_two_for_one_part(tmp_path):
    halves = {f"model/softmax_w/part_{n}": WHOLE[15 * n :][:15] for n in range(2)}
    prefix = save(tmp_path, {**halves, "other": WHOLE[:15], "model/b": np.float32([1, 2])})
    with pytest.raises(
        GraphError, match=r"softmax_w/part_1: expected one source, found .* and other"
    ):
        load(prefix, rules={"other": "model/softmax_w/part_1"})


@pytest.mark.parametrize("kind", [str, pathlib.Path, open_checkpoint])
def test_a_path_stands_for_its_checkpoint(parts, kind):
    assert_arrays_equal(load(kind(parts))[0], WHOLE)


def test_a_directory_stands_for_its_latest(parts):
    assert_arrays_equal(load(pathlib.Path(parts).parent)[0], WHOLE)


def test_neither_checkpoint_nor_path(parts):
    with pytest.raises(CheckpointNotFoundError, match=re.escape("m.ckpt")):
        load(parts + "-7")
    with pytest.raises(UsageError, match=r"checkpoint: expected a path, .* found NoneType"):
        load(None)
