"""Checkpoints written as each format: read back by what reads it, refused where it can't be."""

import dataclasses
import os

import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy
import tensorflow as tf

from tf1compat.checkpoint import Partitioned, open_checkpoint, write_checkpoint
from tf1compat.checkpoint import checkpoint_writers as writers
from tf1compat.checkpoint.checkpoint_writers import write_planned
from tf1compat.checkpoint.surgery import planned
from tf1compat.errors import (
    CheckpointExistsError,
    CorruptCheckpointError,
    MisfitError,
    OutputError,
    UsageError,
)
from tf1compat.testing import assert_arrays_equal

TABLE = np.arange(12, dtype="f4").reshape(4, 3)
VALUES = {
    "a/w": TABLE,
    "a/t": Partitioned((4, 3), [((0, 0), TABLE[:1]), ((1, 0), TABLE[1:])]),
    "b": np.array(True),
    "empty": np.zeros((0, 2), "f8"),
    "n": np.int64(-3),
}


@pytest.fixture
def tensors(tmp_path):
    write_checkpoint(tmp_path / "source", VALUES)
    return planned(open_checkpoint(tmp_path / "source"))


def as_arrays(path):
    return {name: entry.read() for name, entry in open_checkpoint(path).items()}


@pytest.mark.parametrize("name", ["out", "out.safetensors", "out.npz"])
def test_each_format_holds_what_was_to_be_written(tensors, tmp_path, name):
    output = str(tmp_path / name)
    manifest = write_planned(output, tensors)
    found, expected = as_arrays(output), as_arrays(tmp_path / "source")
    assert list(found) == list(expected)
    for key, value in expected.items():
        assert_arrays_equal(found[key], value)
    if name != "out":  # slices have digests of their own
        assert {one.name for one in manifest.tensors} == set(expected)
    outside = {
        "out.npz": lambda: dict(np.load(output)),
        "out.safetensors": lambda: safetensors.numpy.load_file(output),
        "out": lambda: {n: tf.train.load_variable(output, n) for n in expected},
    }[name]()
    for key, value in expected.items():
        assert_arrays_equal(np.asarray(outside[key], value.dtype), value)


def test_a_v2_checkpoint_keeps_slices(tensors, tmp_path):
    write_planned(tmp_path / "out", tensors)
    assert len(open_checkpoint(tmp_path / "out")["a/t"].slices) == 2


@pytest.mark.parametrize("name", ["out", "out.safetensors", "out.npz"])
def test_what_is_there_is_never_replaced(tensors, tmp_path, name):
    write_planned(tmp_path / name, tensors)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(CheckpointExistsError, match=r"there; choose another|there \("):
        write_planned(tmp_path / name, tensors[:1])
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


@pytest.mark.parametrize("name", ["out", "out.safetensors", "out.npz"])
def test_damage_met_on_the_way_leaves_nothing(tensors, tmp_path, name):
    with open(tmp_path / "source.data-00000-of-00001", "r+b") as file:
        file.seek(5)
        file.write(b"!")
    with pytest.raises(CorruptCheckpointError, match="checksum"):
        write_planned(tmp_path / name, tensors)
    assert all(path.name.startswith("source") for path in tmp_path.iterdir())


@pytest.mark.parametrize("name", ["out.safetensors", "out.npz"])
def test_what_a_format_cannot_hold_is_named(tmp_path, name):
    values = {"text": np.array([b"x"], object), "q": np.zeros(2, [("qint8", "i1")]), "w": TABLE}
    write_checkpoint(tmp_path / "s", values)
    with pytest.raises(MisfitError, match=r"(?s)can't hold all of this:\n  q: .*\n  text: "):
        write_planned(tmp_path / name, planned(open_checkpoint(tmp_path / "s")))
    assert not os.path.exists(tmp_path / name)


def test_an_npz_file_has_no_half_floats_of_others(tmp_path):
    write_checkpoint(tmp_path / "s", {"w": TABLE.astype(ml_dtypes.bfloat16)})
    half = planned(open_checkpoint(tmp_path / "s"))
    with pytest.raises(
        MisfitError, match="w: expected a dtype of numpy's own, found bfloat16; cast"
    ):
        write_planned(tmp_path / "out.npz", half)
    write_planned(tmp_path / "out.safetensors", half)


@pytest.mark.parametrize("suffix", ["h5", "weights.h5", "keras", "pb", "index", "meta", "KERAS"])
def test_suffixes_of_other_formats_are_no_prefixes(tensors, tmp_path, suffix):
    with pytest.raises(UsageError, match=r"expected a prefix, or a file of \.safetensors, \.npz"):
        write_planned(tmp_path / f"out.{suffix}", tensors)


def test_nothing_is_no_checkpoint(tmp_path):
    with pytest.raises(UsageError, match="expected something to write, found no variable"):
        write_planned(tmp_path / "out", ())


@pytest.mark.parametrize("name", ["out.safetensors", "out.npz"])
def test_what_reads_back_otherwise_is_not_written(tensors, tmp_path, name, monkeypatch):
    other = [
        dataclasses.replace(one, item=lambda: TABLE * 2) for one in tensors if one.name == "a/w"
    ]
    write_planned(tmp_path / f"other.{name}", other)
    found = open_checkpoint(tmp_path / f"other.{name}")
    monkeypatch.setattr(writers, "Checkpoint", lambda path: found)
    for what, told in (("a/w", r"the disk \(a/w\)"), ("n", r"the disk \(n\)")):
        with pytest.raises(OutputError, match=f"reads back otherwise, .*{told}"):
            write_planned(tmp_path / name, [one for one in tensors if one.name == what])
    assert not os.path.exists(tmp_path / name)


def test_without_its_object_graph_variables_go_by_their_paths(tmp_path):
    net = tf.Module()
    net.w = tf.Variable(TABLE)
    path = tf.train.Checkpoint(net=net).save(str(tmp_path / "o"))
    tensors = planned(open_checkpoint(path))
    write_planned(tmp_path / "same", tensors)
    tf.train.Checkpoint(net=net).restore(str(tmp_path / "same")).assert_consumed()
    bare = [one for one in tensors if one.name == "net/w"]
    write_planned(tmp_path / "bare", bare)
    assert tf.train.list_variables(str(tmp_path / "bare")) == [("net/w", [4, 3])]
