import pathlib
import re
import shutil

import pytest
import tensorflow as tf

from tf1compat.checkpoint import find_prefix, open_checkpoint, update_checkpoint_state
from tf1compat.checkpoint.source_formats import checkpoint_names
from tf1compat.errors import (
    CheckpointNotFoundError,
    CorruptCheckpointError,
    UnknownNameError,
    UnsupportedCheckpointError,
    UsageError,
)

TESTDATA = pathlib.Path(__file__).parent / "testdata"


@pytest.fixture
def folder(tmp_path):
    """Two steps of one checkpoint, and the state file that TensorFlow keeps with them."""
    for step in (3, 40):
        for path in (TESTDATA / "trained").glob("model.ckpt-3.*"):
            shutil.copy(path, tmp_path / path.name.replace("-3.", f"-{step}."))
    every = [str(tmp_path / f"model.ckpt-{step}") for step in (3, 40)]
    tf.compat.v1.train.update_checkpoint_state(str(tmp_path), every[1], every)
    return tmp_path


def test_a_directory_means_its_latest(folder):
    assert find_prefix(folder) == str(folder / "model.ckpt-40")
    assert find_prefix(folder) == tf.train.latest_checkpoint(str(folder))


def test_a_step_that_two_checkpoints_have_is_not_chosen_for_one(folder):
    for path in folder.glob("model.ckpt-3.*"):
        shutil.copy(path, folder / path.name.replace("model", "other"))
    with pytest.raises(UsageError, match=r"of step 3, found 2: model.ckpt-3, other.ckpt-3; name"):
        find_prefix(folder, step=3)
    for path in folder.glob("model.ckpt-3.*"):  # which its state file still names
        path.unlink()
    assert find_prefix(folder, step=3) == str(folder / "other.ckpt-3")


def test_a_step_is_chosen(folder):
    assert find_prefix(folder, step=3) == str(folder / "model.ckpt-3")
    assert find_prefix(folder / "model.ckpt", step=3) == str(folder / "model.ckpt-3")
    assert find_prefix(folder / "model.ckpt-40", step=3) == str(folder / "model.ckpt-3")
    with pytest.raises(CheckpointNotFoundError, match="-4: there is no such"):
        find_prefix(folder, step=4)


@pytest.mark.parametrize("suffix", ["", ".index", ".meta", ".data-00000-of-00001"])
def test_a_file_of_it_means_the_prefix(folder, suffix):
    assert find_prefix(folder / f"model.ckpt-40{suffix}") == str(folder / "model.ckpt-40")


@pytest.mark.parametrize("end", [".data", ".data-00000-of-", ".", ".ind", ".meta"])
def test_a_name_cut_off_means_the_prefix(folder, end):
    assert find_prefix(f"{folder}/model.ckpt-40{end}") == str(folder / "model.ckpt-40")


def test_a_state_file_means_the_checkpoint_that_it_names(folder):
    assert find_prefix(folder / "checkpoint") == str(folder / "model.ckpt-40")
    assert find_prefix(folder / "checkpoint", step=3) == str(folder / "model.ckpt-3")
    (folder / "checkpoint").rename(folder / "checkpoint.txt")
    assert find_prefix(folder / "checkpoint.txt") == str(folder / "model.ckpt-40")


def test_a_v1_file_may_be_called_as_the_state_file(tmp_path):
    shutil.copy(TESTDATA / "single_v1" / "model.ckpt-7", tmp_path / "checkpoint")
    assert open_checkpoint(tmp_path / "checkpoint").format == "V1"


@pytest.mark.parametrize(
    "written", [r"C:\\Users\\ann\\run 1\\model.ckpt-3", "gs://b/run/model.ckpt-3"]
)
def test_a_state_file_from_elsewhere_means_the_files_beside_it(folder, written):
    (folder / "checkpoint").write_text(f'model_checkpoint_path: "{written}"\n')
    assert find_prefix(folder) == find_prefix(folder / "checkpoint") == str(folder / "model.ckpt-3")


def test_a_state_file_that_names_what_is_not_there(folder):
    (folder / "checkpoint").write_text('model_checkpoint_path: "model.ckpt-50"\n')
    with pytest.raises(CheckpointNotFoundError, match=r"-50: .*nearest: .*model\.ckpt-40"):
        open_checkpoint(folder / "checkpoint")


def test_data_without_their_index_are_told(folder):
    (folder / "model.ckpt-40.index").unlink()
    for given in ("model.ckpt-40", "model.ckpt-40.data-00000-of-00001"):
        with pytest.raises(CheckpointNotFoundError, match=r"but not .*model\.ckpt-40\.index"):
            open_checkpoint(folder / given)


def test_a_graph_without_its_checkpoint_is_told(folder):
    (folder / "model.ckpt-40.meta").rename(folder / "alone.meta")
    with pytest.raises(UnsupportedCheckpointError, match="a graph without values"):
        open_checkpoint(folder / "alone.meta")


def test_a_directory_of_other_models_says_what_it_holds(tmp_path):
    (tmp_path / "tf_model").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(99))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(CheckpointNotFoundError, match=r"it holds tf_model \(an HDF5 file\)$"):
        open_checkpoint(tmp_path)


def test_a_moved_directory_still_opens(folder, tmp_path_factory):
    moved = tmp_path_factory.mktemp("moved") / "there"
    folder.rename(moved)
    assert find_prefix(moved) == str(moved / "model.ckpt-40")
    assert find_prefix(moved, step=3) == str(moved / "model.ckpt-3")


def test_v1_shards_go_by_their_prefix_a_pattern_or_one_of_them():
    prefix = str(TESTDATA / "sharded_v1" / "model.ckpt-7")
    for given in (prefix, prefix + "-?????-of-00003", prefix + "-00001-of-00003"):
        assert find_prefix(given) == prefix
    assert find_prefix(TESTDATA / "sharded_v1") == prefix


def test_a_file_called_as_the_pattern_is_no_shard(tmp_path):
    for path in (TESTDATA / "sharded_v1").glob("model*"):
        shutil.copy(path, tmp_path)
    (tmp_path / "model.ckpt-7-?????-of-00003").write_text("somebody's")
    assert list(open_checkpoint(tmp_path / "model.ckpt-7"))
    assert checkpoint_names(str(tmp_path)) == ("model.ckpt-7",)


def test_shards_of_one_format_are_none_of_the_other(folder):
    assert checkpoint_names(str(folder)) == ("model.ckpt-3", "model.ckpt-40")
    assert checkpoint_names(str(TESTDATA / "sharded_v2")) == ("model.ckpt-7",)
    assert checkpoint_names(str(TESTDATA / "sharded_v1")) == ("model.ckpt-7",)


def test_a_missing_v1_shard_is_an_error_because_it_hides_names(tmp_path):
    for path in (TESTDATA / "sharded_v1").glob("model*"):
        shutil.copy(path, tmp_path)
    (tmp_path / "model.ckpt-7-00001-of-00003").unlink()
    with pytest.raises(CorruptCheckpointError, match=r"1 of 3 shards are missing.*shard 1"):
        open_checkpoint(tmp_path / "model.ckpt-7")


def test_what_is_missing_is_told_with_what_is_near(folder):
    with pytest.raises(CheckpointNotFoundError, match=r"nearest: .*model\.ckpt-40") as caught:
        open_checkpoint(folder / "modle.ckpt-40")
    assert isinstance(caught.value, FileNotFoundError)
    (folder / "checkpoint").unlink()
    with pytest.raises(CheckpointNotFoundError, match=r"nearest: .*model\.ckpt-3"):
        open_checkpoint(folder)
    with pytest.raises(CheckpointNotFoundError, match="nowhere is not a directory"):
        open_checkpoint("nowhere/m")


@pytest.fixture
def runs(folder, tmp_path_factory, monkeypatch):
    """Directories of several runs, where one works."""
    runs = tmp_path_factory.mktemp("runs") / "here"
    for name in ("logs/run1", "logs/run2"):
        shutil.copytree(folder, runs / name)
    (runs / "logs/run2/model.ckpt-3.index").unlink()
    (runs / "logs/deep/within").mkdir(parents=True)
    (runs / "logs/deep/arrays.npz").mkdir()  # is called as a checkpoint, and is none
    monkeypatch.chdir(runs)
    return runs


@pytest.mark.parametrize(
    ("given", "said"),
    [
        # a folder is mistyped, the last, the first or one of an absolute path
        (
            "logs/rn2/model.ckpt-40",
            "rn2 is not a directory; nearest: logs/run2/model.ckpt-40, logs/run1/model.ckpt-40",
        ),
        ("lgos/run1/model.ckpt-3", "lgos/run1 is not a directory; nearest: logs/run1/model.ckpt-3"),
        ("{}/lgos/run1/model.ckpt-3", "nearest: {}/logs/run1/model.ckpt-3"),
        ("../hre/logs/run1/model.ckpt-3", "nearest: ../here/logs/run1/model.ckpt-3"),
        ("logs/depe/within/m", "logs/depe/within is not a directory; nearest: logs/deep/within/"),
        ("lgos/nothing/m", "lgos/nothing is not a directory; nearest: logs/"),
        ("logs/run1/model.ckpt-3.index/m", "is not a directory"),
        # it is one further down
        ("logs", "but folders in it do: logs/run1/model.ckpt-3, logs/run2/model.ckpt-40"),
        ("logs/model.ckpt-3", "do: logs/run1/model.ckpt-3, logs/run2/model.ckpt-40"),
    ],
)
def test_a_mistyped_way_is_told_with_what_is_near(runs, given, said):
    with pytest.raises(CheckpointNotFoundError, match=re.escape(said.format(runs)) + "$"):
        open_checkpoint(given.format(runs))


def test_an_empty_directory_is_said_to_be(tmp_path):
    with pytest.raises(CheckpointNotFoundError, match="holds no checkpoint"):
        open_checkpoint(tmp_path)


def test_an_unknown_name_is_told_with_what_is_near():
    checkpoint = open_checkpoint(TESTDATA / "trained")
    assert "net/hiden/kernel" not in checkpoint
    with pytest.raises(UnknownNameError, match="net/hidden/kernel") as caught:
        checkpoint["net/hiden/kernel"]
    assert isinstance(caught.value, KeyError)
    assert checkpoint.get("net/hiden/kernel") is None


@pytest.mark.parametrize(
    "text", ["", "junk", 'model_checkpoint_path: "m', "model_checkpoint_path: 3"]
)
def test_a_damaged_state_file_is_an_error(tmp_path, text):
    (tmp_path / "checkpoint").write_text(text)
    with pytest.raises(CorruptCheckpointError, match="checkpoint"):
        open_checkpoint(tmp_path)


def test_an_empty_state_file_is_one_by_its_name(tmp_path):
    (tmp_path / "checkpoint").touch()
    with pytest.raises(CorruptCheckpointError, match="it names no model_checkpoint_path"):
        open_checkpoint(tmp_path / "checkpoint")


def test_state_files_agree_with_tensorflows(tmp_path):
    odd = 'm "quoted" \\ \u00e9\n-1'
    update_checkpoint_state(tmp_path, odd, every=("m-0",))
    state = tf.compat.v1.train.get_checkpoint_state(str(tmp_path))
    assert state.model_checkpoint_path == str(tmp_path / odd)
    assert list(state.all_model_checkpoint_paths) == [str(tmp_path / "m-0"), str(tmp_path / odd)]
    for path in (TESTDATA / "trained").glob("model.ckpt-3.*"):
        shutil.copy(path, tmp_path / path.name.replace("model.ckpt-3", odd))
    assert find_prefix(tmp_path) == str(tmp_path / odd)


def test_a_checkpoint_that_is_kept_already_is_listed_once(tmp_path):
    update_checkpoint_state(tmp_path, "m-0", every=("m-0", "m-1"))
    text = (tmp_path / "checkpoint").read_text()
    assert [line.split()[1] for line in text.splitlines()] == ['"m-0"', '"m-0"', '"m-1"']


def test_a_state_file_beyond_belief_is_not_read(tmp_path):
    with open(tmp_path / "checkpoint", "wb") as file:
        file.truncate((16 << 20) + 1)  # a hole: it takes no room
    with pytest.raises(CorruptCheckpointError, match="are too many for a checkpoint state"):
        find_prefix(tmp_path)


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"<!DOCTYPE html><html></html>" * 9, "HTML page"),
        (b"\x89HDF\r\n\x1a\n" + b"\0" * 99, "HDF5"),
        (b"PK\x03\x04" + b"\0" * 99, "zip"),
        (b"", "too few"),
    ],
)
def test_what_is_no_checkpoint_is_told_by_what_it_is(tmp_path, content, hint):
    for name in ("v1", "v2.index"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises((CorruptCheckpointError, UnsupportedCheckpointError), match=hint):
            open_checkpoint(tmp_path / name)
