"""The manifest beside a written checkpoint is read by who checks the checkpoint."""

import os

import numpy as np
import pytest

from tf1compat.checkpoint import Partitioned, open_checkpoint, write_checkpoint

TABLE = np.arange(12, dtype=np.float32).reshape(3, 4)
ITEMS = {
    "dense/kernel": TABLE,
    "names": np.array([b"a", b"bc"], object),
    "step": np.int64(3),
    "table": Partitioned((3, 4), [((0, 0), TABLE[:2]), ((2, 0), TABLE[2:])]),
}


@pytest.fixture
def prefix(tmp_path):
    write_checkpoint(tmp_path / "m", ITEMS)
    return os.fspath(tmp_path / "m")


def said(prefix):
    return [error.message for error in open_checkpoint(prefix).check()]


def test_a_checkpoint_is_what_its_manifest_says(prefix):
    assert said(prefix) == []
    os.unlink(f"{prefix}.manifest.json")
    assert said(prefix) == []


def test_files_of_another_checkpoint_are_noticed(prefix, tmp_path):
    """Whole by their own checksums, and not those that were written."""
    write_checkpoint(tmp_path / "other", {**ITEMS, "step": np.int64(4)})
    for suffix in (".index", ".data-00000-of-00001"):
        os.replace(tmp_path / f"other{suffix}", prefix + suffix)
    (found,) = open_checkpoint(prefix).check()
    assert (found.file, found.variable) == (f"{prefix}.manifest.json", "step")
    assert "expected int64 of shape () and SHA-256" in found.message
    assert "remove the manifest" in found.message


def test_variables_that_come_or_go_are_noticed(prefix, tmp_path):
    items = {name: value for name, value in ITEMS.items() if name != "step"}
    write_checkpoint(tmp_path / "other", {**items, "more": np.ones(2)})
    for suffix in (".index", ".data-00000-of-00001"):
        os.replace(tmp_path / f"other{suffix}", prefix + suffix)
    step, more = said(prefix)
    assert "variable 'more': it wasn't written, by the manifest" in more
    assert "step was written, and isn't there" in step


@pytest.mark.parametrize("text", ["", "{}", "\udcff"])
def test_a_damaged_manifest_is_noticed(prefix, text):
    with open(f"{prefix}.manifest.json", "wb") as file:
        file.write(text.encode(errors="surrogateescape"))
    (found,) = open_checkpoint(prefix).check()
    assert found.file == f"{prefix}.manifest.json"
