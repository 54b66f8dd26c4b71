"""A SavedModel named in place of the checkpoint that it holds."""

import shutil

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.checkpoint import find_prefix, open_checkpoint
from tf1compat.errors import CheckpointNotFoundError, UnsupportedCheckpointError
from tf1compat.testing import assert_arrays_equal

v1 = tf.compat.v1


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A SavedModel as an Estimator exports it: under a folder for all of them, by its time."""
    path = tmp_path_factory.mktemp("export") / "1600000000"
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 2], name="x")
        w = v1.get_variable("dense/kernel", initializer=np.array([[1.0], [2.0]], "f4"))
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(session, str(path), {"x": x}, {"y": tf.matmul(x, w)})
    return path


@pytest.mark.parametrize("given", ["", "saved_model.pb", "variables", "variables/variables.index"])
def test_its_values_are_read(saved, given):
    assert find_prefix(saved / given) == str(saved / "variables" / "variables")
    assert_arrays_equal(open_checkpoint(saved / given)["dense/kernel"].read(), [[1], [2]])


def test_a_slash_at_the_end_changes_nothing(saved):
    prefix = str(saved / "variables" / "variables")
    assert find_prefix(f"{saved}/") == find_prefix(f"{saved}/variables/") == prefix


def test_what_holds_some_says_so(saved):
    message = rf"holds no checkpoint, but SavedModels: {saved}$"
    with pytest.raises(CheckpointNotFoundError, match=message):
        open_checkpoint(saved.parent)


def test_without_values_it_is_refused(saved, tmp_path):
    shutil.copy(saved / "saved_model.pb", tmp_path / "renamed.pb")
    message = r"a SavedModel without values: there is no .*variables\.index; fetch the whole"
    with pytest.raises(UnsupportedCheckpointError, match=message):
        open_checkpoint(tmp_path / "renamed.pb")
    (tmp_path / "renamed.pb").rename(tmp_path / "saved_model.pb")
    with pytest.raises(UnsupportedCheckpointError, match=message):
        open_checkpoint(tmp_path)


def test_a_training_directory_s_own_checkpoint_comes_first(saved, tmp_path):
    shutil.copytree(saved, tmp_path / "both")
    tf.train.Checkpoint(w=tf.Variable(1.0)).save(str(tmp_path / "both" / "own"))
    assert find_prefix(tmp_path / "both") == str(tmp_path / "both" / "own-1")


def test_it_has_no_steps(saved):
    with pytest.raises(CheckpointNotFoundError, match=r"\*-3: there is no such checkpoint"):
        find_prefix(saved, step=3)
