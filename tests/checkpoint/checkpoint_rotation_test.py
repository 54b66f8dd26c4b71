"""Checkpoint management on directories that TensorFlow's own Saver filled."""

import os

import pytest
import tensorflow as tf

from tf1compat.checkpoint import keep_checkpoints, list_checkpoints
from tf1compat.errors import CheckpointNotFoundError, UsageError

v1 = tf.compat.v1


@pytest.fixture
def directory(tmp_path):
    with tf.Graph().as_default():
        v1.get_variable("w", [2])
        saver = v1.train.Saver(max_to_keep=10)
        with v1.Session() as session:
            session.run(v1.global_variables_initializer())
            for step in (9, 10, 100):
                saver.save(session, str(tmp_path / "model.ckpt"), step)
    return tmp_path


def test_list_by_step(directory):
    found = list_checkpoints(directory)
    assert list(found) == [9, 10, 100]
    assert found[100] == tf.train.latest_checkpoint(directory)
    (directory / "model.ckpt-200.data-00000-of-00001").write_bytes(b"half written")
    assert list(list_checkpoints(directory)) == [9, 10, 100]


def test_keep_the_newest(directory):
    (directory / "model.ckpt-9.notes").write_text("mine")
    removed = keep_checkpoints(directory, 2)
    assert removed == (str(directory / "model.ckpt-9"),)
    assert sorted(p.name for p in directory.iterdir() if "-9." in p.name) == ["model.ckpt-9.notes"]
    state = tf.train.get_checkpoint_state(directory)
    assert state.model_checkpoint_path == str(directory / "model.ckpt-100")
    assert list(state.all_model_checkpoint_paths) == [
        str(directory / "model.ckpt-10"),
        str(directory / "model.ckpt-100"),
    ]
    assert keep_checkpoints(directory, 2) == ()
    assert tf.train.load_variable(str(directory / "model.ckpt-10"), "w").shape == (2,)


def test_two_series(directory):
    for path in directory.glob("model.ckpt-10.*"):
        (directory / path.name.replace("model", "other")).write_bytes(path.read_bytes())
    with pytest.raises(UsageError, match="step 10 of two series"):
        list_checkpoints(directory)
    assert list(list_checkpoints(directory, name="other.ckpt")) == [10]


def test_wrong_uses(directory):
    with pytest.raises(CheckpointNotFoundError, match="expected a directory"):
        list_checkpoints(directory / "none")
    with pytest.raises(UsageError, match="at least 1, found 0"):
        keep_checkpoints(directory, 0)


def test_an_index_goes_before_its_data(directory, monkeypatch):
    gone = []
    unlink = os.unlink
    monkeypatch.setattr(os, "unlink", lambda path: (gone.append(str(path)), unlink(path)))
    keep_checkpoints(directory, 2)
    assert next(path.rsplit("-9.")[-1] for path in gone if "-9." in path) == "index"


@pytest.mark.parametrize("path", ["no/where", "a\0b"])
def test_a_directory_that_there_is_none_of_is_named(path):
    with pytest.raises(CheckpointNotFoundError, match="expected a directory, found none"):
        list_checkpoints(path)
