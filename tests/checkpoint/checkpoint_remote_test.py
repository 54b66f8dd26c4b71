"""Checkpoints at URLs: what is read of them is what is read of their files here."""

import os
import pathlib
import shutil
import sys

import fsspec
import h5py
import numpy as np
import pytest
from range_server import serving

from tf1compat import keras3  # noqa: F401 - adds the formats of Keras
from tf1compat.checkpoint import (
    find_prefix,
    list_checkpoints,
    open_checkpoint,
    read_meta,
    write_checkpoint,
)
from tf1compat.errors import (
    CheckpointError,
    CheckpointNotFoundError,
    CorruptCheckpointError,
    UsageError,
)
from tf1compat.files import _http_parts, _remote
from tf1compat.testing import assert_arrays_equal

TESTDATA = pathlib.Path(__file__).parent / "testdata"
GOLDENS = pathlib.Path(__file__).parents[1] / "goldens"
KINDS = {
    "V2": TESTDATA / "trained" / "model.ckpt-3",
    "V2 sharded": TESTDATA / "sharded_v2" / "model.ckpt-7",
    "V1": TESTDATA / "single_v1" / "model.ckpt-7",
    "V1 sharded": TESTDATA / "sharded_v1" / "model.ckpt-7",
    "objects": TESTDATA / "object_based" / "model.ckpt-1",
    "safetensors": TESTDATA / "safetensors" / "model.safetensors.index.json",
    "npz": TESTDATA / "npz" / "weights.npz",
    "frozen": next((GOLDENS / "frozen").glob("*.pb")),
    "keras h5": next((GOLDENS / "keras_h5").glob("**/*.h5")),
    "saved model": next((GOLDENS / "saved_model").glob("**/saved_model.pb")).parent,
}


@pytest.fixture
def memory():
    """Puts folders into fsspec's store in memory; returns their URLs."""
    store = fsspec.filesystem("memory")

    def put(folder, name):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                store.pipe_file(f"/{name}/{path.relative_to(folder)}", path.read_bytes())
        return f"memory://{name}"

    yield put
    store.rm("/", recursive=True)


@pytest.fixture
def served(tmp_path):
    with serving(tmp_path) as server:
        yield server


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch):
    monkeypatch.setattr(_remote, "_PAUSES", (0, 0, 0))


@pytest.mark.parametrize("kind", KINDS)
def test_each_format_reads_the_same_from_a_store(kind, memory):
    here = open_checkpoint(KINDS[kind])
    there = open_checkpoint(f"{memory(KINDS[kind].parent, 'b/run')}/{KINDS[kind].name}")
    assert (there.format, list(there)) == (here.format, list(here))
    for name, entry in here.items():
        assert (there[name].shape, there[name].dtype_name) == (entry.shape, entry.dtype_name)
        assert_arrays_equal(there[name].read(), entry.read())
    assert there.audit().found == []


def test_a_directory_of_a_store_has_a_latest_checkpoint_and_steps(memory):
    url = memory(TESTDATA / "trained", "runs/a")
    assert find_prefix(url) == find_prefix(f"{url}/checkpoint") == f"{url}/model.ckpt-3"
    assert list_checkpoints(url) == {3: f"{url}/model.ckpt-3"}
    meta = read_meta(TESTDATA / "trained" / "model.ckpt-3")
    assert read_meta(f"{url}/model.ckpt-3").variables == meta.variables
    with pytest.raises(CheckpointNotFoundError, match=r"memory://runs/a/model\.ckpt-4: .*nearest"):
        open_checkpoint(f"{url}/model.ckpt-4")


def test_a_state_file_sends_nobody_to_another_place(memory, tmp_path, monkeypatch):
    elsewhere = memory(TESTDATA / "trained", "elsewhere")
    state = f'model_checkpoint_path: "{elsewhere}/model.ckpt-3"\n'
    monkeypatch.chdir(tmp_path)
    pathlib.Path("checkpoint").write_text(state)
    with pytest.raises(CheckpointNotFoundError, match=r"^model\.ckpt-3: "):
        open_checkpoint("checkpoint")
    # nor from a store to a file of this machine
    store = tmp_path / "store"
    store.mkdir()
    path = str(TESTDATA / "trained" / "model.ckpt-3")
    (store / "checkpoint").write_text(f'model_checkpoint_path: "{path}"\n')
    with pytest.raises(CheckpointNotFoundError, match="there is no such checkpoint"):
        open_checkpoint(memory(store, "sending"))


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A checkpoint of a small tensor between one of a megabyte and one of three."""
    folder = tmp_path_factory.mktemp("large")
    a, b = (np.arange(1 << 18, dtype="f4").reshape(2, -1) + i for i in range(2))
    write_checkpoint(folder / "model.ckpt", {"a": a, "c": np.float32(3), "b": np.tile(b, (3, 1))})
    return folder


def test_no_more_is_fetched_than_the_tensors_own_bytes(large, served):
    shutil.copytree(large, served.folder, dirs_exist_ok=True)
    checkpoint = open_checkpoint(f"{served.url}/model.ckpt")
    index = (large / "model.ckpt.index").stat().st_size
    assert served.sent < 8 * (index + (64 << 10))  # never the data files
    for name in "bac":
        before = served.sent
        entry = checkpoint[name]
        assert_arrays_equal(entry.read(), open_checkpoint(large / "model.ckpt")[name].read())
        assert served.sent - before <= entry.nbytes + (64 << 10)


def test_a_large_tensor_is_asked_for_at_once(large, served):
    shutil.copytree(large, served.folder, dirs_exist_ok=True)
    checkpoint = open_checkpoint(f"{served.url}/model.ckpt")
    asked = []
    served.before = asked.append
    checkpoint["b"].read()
    assert len(asked) == 3  # looked up, read, looked up


def test_what_fails_for_a_while_is_asked_again(large, served):
    shutil.copytree(large, served.folder, dirs_exist_ok=True)
    checkpoint = open_checkpoint(f"{served.url}/model.ckpt")
    served.failures = 4  # of two looks at the file: each asks in two ways
    assert checkpoint["a"].read()[0, 7] == 7
    served.failures = 99
    with pytest.raises(CheckpointError, match=r"can't be read \(503.*is its store reached"):
        checkpoint["a"].read()


def test_a_store_that_gives_nothing_is_waited_for_once(served, monkeypatch):
    tries = []

    def fails(*asked):
        tries.append(asked)
        raise ConnectionResetError("nothing came")

    monkeypatch.setattr(_http_parts.HttpPart, "read", fails)
    shutil.copytree(TESTDATA / "single_v1", served.folder, dirs_exist_ok=True)
    with pytest.raises(CheckpointError, match=r"can't be read \(nothing came\); is its store"):
        open_checkpoint(f"{served.url}/model.ckpt-7")
    assert len(tries) == 1 + len(_remote._PAUSES)  # though several ask what it is before it is read


def test_a_file_that_is_replaced_while_it_is_read_is_told(large, served):
    shutil.copytree(large, served.folder, dirs_exist_ok=True)
    data = pathlib.Path(served.folder, "model.ckpt.data-00000-of-00001")
    checkpoint = open_checkpoint(f"{served.url}/model.ckpt")
    looks = iter(range(99))

    def replaced(path):  # once it was looked up
        if path.endswith(data.name) and next(looks) == 1:
            os.utime(data, ns=(1, 1))

    served.before = replaced
    with pytest.raises(CorruptCheckpointError, match="replaced or written to while it was read"):
        checkpoint["a"].read()


def test_an_open_file_that_is_replaced_is_told(served):
    path = pathlib.Path(served.folder, "m.weights.h5")
    with h5py.File(path, "w") as file:
        file["layers/dense/vars/0"] = np.ones((200, 100), "f4")
    checkpoint = open_checkpoint(f"{served.url}/{path.name}")
    os.utime(path, ns=(1, 1))
    with pytest.raises(CorruptCheckpointError, match="found that it was changed since"):
        checkpoint["layers/dense/vars/0"].read()


def test_a_graph_that_is_replaced_is_read_anew(memory):
    url = memory(TESTDATA / "trained", "b")
    first = read_meta(f"{url}/model.ckpt-3")
    other = next(GOLDENS.glob("cells/basic_lstm/*.meta"))
    fsspec.filesystem("memory").pipe_file("/b/model.ckpt-3.meta", other.read_bytes())
    (fsspec.filesystem("memory")).rm_file("/b/model.ckpt-3.index")
    assert read_meta(f"{url}/model.ckpt-3").variables != first.variables


def test_a_server_without_ranges_is_told_before_all_is_fetched(large, served):
    shutil.copytree(large, served.folder, dirs_exist_ok=True)
    checkpoint = open_checkpoint(f"{served.url}/model.ckpt")
    served.ranges = False
    with pytest.raises(CheckpointError, match=r"can't be read in parts .*; fetch it first"):
        checkpoint["b"].read()


def test_who_may_not_read_is_told(large, served):
    served.failures, served.status = 999, 403
    with pytest.raises(CheckpointError, match=r"model.*: can't be opened \(403"):
        open_checkpoint(f"{served.url}/model.ckpt")


def test_what_a_page_holds_is_not_guessed(served):
    with pytest.raises(CheckpointNotFoundError, match=r"/run: .* isn't listed: name the prefix"):
        open_checkpoint(f"{served.url}/run")


def test_nobody_there_is_told(served):
    served.shutdown()
    served.server_close()
    with pytest.raises(CheckpointError, match=r"can't be read .*is its store reached from here"):
        open_checkpoint(f"{served.url}/model.ckpt")


def test_what_is_needed_to_read_urls_is_named(monkeypatch):
    with pytest.raises(UsageError, match=r"^abc://x/m.*: expected a URL that fsspec knows"):
        open_checkpoint("abc://x/m")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(UsageError, match=r"needs fsspec.*pip install 'tf1compat\[remote\]'"):
        open_checkpoint("gs://bucket/model.ckpt")
