"""Checkpoints with their graphs, and SavedModels with other values."""

import errno
import os
import pathlib
import shutil

import numpy as np
import pytest

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.checkpoint.containers import CONTAINERS, V1SavedModel
from tf1compat.checkpoint.meta.meta_graph import meta_graph_bytes
from tf1compat.checkpoint.served_graph import ServedGraph
from tf1compat.errors import CheckpointError, CheckpointExistsError, OutputError, UsageError
from tf1compat.testing import assert_arrays_equal

GOLDENS = pathlib.Path(__file__).parents[1] / "goldens"
CHECKPOINT, SAVED_MODEL = CONTAINERS["checkpoint"], CONTAINERS["saved_model"]


@pytest.fixture
def served():
    return open_checkpoint(GOLDENS / "saved_model")


def test_a_saved_model_is_copied_with_other_values_alone(served, tmp_path):
    values = {name: entry.read() + 1 for name, entry in served.items()}
    manifest = SAVED_MODEL.write(served, str(tmp_path / "export" / ""), values.items())
    assert {one.name for one in manifest.tensors} == set(served)
    found = open_checkpoint(tmp_path / "export")
    for name, value in values.items():
        assert_arrays_equal(found[name].read(), value)
    for name in ("saved_model.pb", "assets/words.txt"):
        copied = (tmp_path / "export" / name).read_bytes()
        assert copied == (GOLDENS / "saved_model" / name).read_bytes()
    assert sorted(os.listdir(tmp_path / "export")) == ["assets", "saved_model.pb", "variables"]


def test_nothing_is_left_of_a_saved_model_that_fails(served, tmp_path):
    def items():
        yield "w", np.ones(3)
        raise ZeroDivisionError("a value that can't be made")

    with pytest.raises(ZeroDivisionError, match="a value that can't be made"):
        SAVED_MODEL.write(served, str(tmp_path / "export"), items())
    assert os.listdir(tmp_path) == []


def test_a_disk_that_fails_leaves_no_assets_out(served, tmp_path, monkeypatch):
    asked = os.lstat

    def failing(path, **options):
        if str(path).endswith("assets"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return asked(path, **options)

    with monkeypatch.context() as patched:
        patched.setattr(os, "lstat", failing)
        with pytest.raises(CheckpointError, match=r"assets: can't be looked up \(Input/output err"):
            SAVED_MODEL.write(served, str(tmp_path / "export"), [("w", np.ones(3))])
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("there", ["folder", "file", "link"])
def test_what_is_there_is_never_replaced(served, tmp_path, there):
    output = tmp_path / "export"
    {
        "folder": output.mkdir,
        "file": output.touch,
        "link": lambda: output.symlink_to(tmp_path / "nowhere"),
    }[there]()
    what = "a link to .*nowhere'" if there == "link" else f"a {there}"
    with pytest.raises(CheckpointExistsError, match=f"export: {what} is there; choose another"):
        SAVED_MODEL.write(served, str(output), [("w", np.ones(3))])
    assert os.listdir(tmp_path) == ["export"]


def test_a_saved_model_goes_where_there_is_a_folder(served, tmp_path):
    with pytest.raises(OutputError, match="is not a directory; create it"):
        SAVED_MODEL.write(served, str(tmp_path / "no" / "export"), [("w", np.ones(3))])


def test_links_to_files_are_followed_and_links_to_folders_are_not(tmp_path):
    model = tmp_path / "model"
    shutil.copytree(GOLDENS / "saved_model", model)
    (model / "assets" / "words.txt").rename(tmp_path / "blob")
    (model / "assets" / "words.txt").symlink_to(tmp_path / "blob")
    source = open_checkpoint(model)
    SAVED_MODEL.write(source, str(tmp_path / "one"), source.items())
    copied = tmp_path / "one" / "assets" / "words.txt"
    assert not copied.is_symlink()
    assert copied.read_bytes() == (tmp_path / "blob").read_bytes()
    (model / "assets" / "round").symlink_to(model)
    with pytest.raises(UsageError, match=r"round: expected a folder .*, found a link to one"):
        SAVED_MODEL.write(source, str(tmp_path / "two"), source.items())
    assert sorted(os.listdir(tmp_path)) == ["blob", "model", "one"]


def test_a_graph_of_another_origin_is_framed_and_its_files_go_along(tmp_path):
    """The frame is what TensorFlow itself wrote around a graph."""
    words = GOLDENS / "saved_model/assets/words.txt"
    whole = (GOLDENS / "saved_model/saved_model.pb").read_bytes()
    meta = bytes(meta_graph_bytes(GOLDENS / "saved_model/saved_model.pb"))
    made = ServedGraph.of_meta_graph(meta, {"words.txt": str(words)})
    assert made.files["saved_model.pb"] == whole
    bert = open_checkpoint(GOLDENS / "bert")
    V1SavedModel(made).write(bert, str(tmp_path / "export"), [("w", np.ones(2))])
    assert (tmp_path / "export/assets/words.txt").read_bytes() == words.read_bytes()
    assert list(open_checkpoint(tmp_path / "export")) == ["w"]


def test_a_graph_that_no_message_holds_is_refused(monkeypatch):
    monkeypatch.setattr("tf1compat.checkpoint.meta.meta_graph._LARGEST", 10)
    with pytest.raises(UsageError, match=r"a graph of less than 10 bytes, .* found 14; write a ch"):
        ServedGraph.of_meta_graph(b"0123456789", {})


def test_frozen_graphs_have_no_way_back(tmp_path):
    for name in ("reference.pb", "saved_model"):
        source = open_checkpoint(GOLDENS / "frozen" / name)
        for container in CONTAINERS.values():
            with pytest.raises(
                UsageError, match="found a frozen graph, whose values are constants"
            ):
                container.require(source, ())


def test_a_saved_model_needs_one_and_all_its_variables(served, tmp_path):
    bert = open_checkpoint(GOLDENS / "bert")
    with pytest.raises(UsageError, match=r"expected the graph of its \.meta as one that serves"):
        SAVED_MODEL.write(bert, str(tmp_path / "export"), [])
    write_checkpoint(tmp_path / "m", {"w": np.ones(2)})
    with pytest.raises(UsageError, match=r"with a \.meta, or in a SavedModel, found no graph"):
        SAVED_MODEL.require(open_checkpoint(tmp_path / "m"), ())
    with pytest.raises(UsageError, match=r"nothing is left out of a SavedModel, .* found 2"):
        SAVED_MODEL.require(served, ("a", "b"))
    SAVED_MODEL.require(served, ())
    CHECKPOINT.require(bert, ("a",))
