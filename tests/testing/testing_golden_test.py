"""Goldens: all differences at once, with the command that records them."""

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.errors import OutputError, UsageError
from tf1compat.testing import (
    GraphTestCase,
    assert_arrays_equal,
    assert_matches_golden,
    read_golden,
    write_golden,
)

VALUES = {"a/w": np.arange(6.0, dtype=np.float32).reshape(2, 3), "n": np.int64(3)}
COMMAND = "python tests/golden/make_it.py"


@pytest.fixture
def golden(tmp_path):
    path = tmp_path / "g.npz"
    write_golden(path, VALUES, command=COMMAND)
    return path


def test_round_trip(golden):
    assert_matches_golden(VALUES, golden)
    assert sorted(read_golden(golden)) == ["a/w", "n"]
    with np.load(golden, allow_pickle=False) as stored:  # an ordinary npz
        assert_arrays_equal(stored["a/w"], VALUES["a/w"])


def test_differences_and_command(golden):
    changed = {"a/w": VALUES["a/w"] + np.eye(2, 3, dtype=np.float32), "new": np.zeros(1)}
    with pytest.raises(AssertionError) as caught:
        assert_matches_golden(changed, golden)
    text = str(caught.value)
    assert text.startswith(f"3 difference(s) from the golden {golden}")
    assert "n: missing" in text
    assert "new: not in the golden" in text
    assert "a/w: 2 of 6 elements differ, by at most 1 (largest expected value 5)" in text
    assert text.endswith(f"if the change is meant, make it again with: {COMMAND}")


def test_tolerance(golden):
    near = {**VALUES, "a/w": VALUES["a/w"] * np.float32(1 + 1e-6)}
    assert_matches_golden(near, golden, rtol=1e-5)
    with pytest.raises(AssertionError, match="elements differ"):
        assert_matches_golden(near, golden)


def test_no_golden_says_how_to_make_it(tmp_path):
    with pytest.raises(AssertionError, match=r"there is no golden.*\n.*make it again with: go"):
        assert_matches_golden(VALUES, tmp_path / "none.npz", command="go")
    (tmp_path / "bad.npz").write_bytes(b"not a zip")
    with pytest.raises(AssertionError, match="is no golden"):
        assert_matches_golden(VALUES, tmp_path / "bad.npz")


def test_refuses_objects_and_leaves_the_old_one(golden):
    with pytest.raises(
        UsageError, match=r"expected arrays of numbers or fixed strings, found \['bad'\]"
    ):
        write_golden(golden, {"bad": np.array([b"x", None], object)}, command=COMMAND)
    assert_matches_golden(VALUES, golden)
    with pytest.raises(OutputError, match=r"g\.npz: can't be written, .*no is not a directory"):
        write_golden(golden.parent / "no" / "g.npz", VALUES, command=COMMAND)


class InACaseTest(GraphTestCase):
    def test_tensors_are_evaluated(self):
        path = self._path()
        write_golden(path, {"x": np.ones(2, np.float32)}, command=COMMAND)
        self.assert_matches_golden({"x": tf.ones([2])}, path)
        with pytest.raises(AssertionError, match=COMMAND):
            self.assert_matches_golden({"x": tf.zeros([2])}, path)

    def _path(self):
        import tempfile

        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        return f"{directory.name}/g.npz"
