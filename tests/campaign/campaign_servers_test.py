"""Answers that no honest server gives, each to a reader of one small file."""

import itertools
import pathlib
import re

import numpy as np
import pytest
import servers

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.checkpoint.checkpoint_writers import write_planned
from tf1compat.checkpoint.surgery import planned
from tf1compat.errors import CheckpointError
from tf1compat.files import _http_parts, _remote
from tf1compat.testing import assert_arrays_equal

VALUE = np.arange(30_000, dtype=np.float32)
PARTS = "can't be read in parts"
TOLD = {
    "a size that is no number": "can't be read",
    "half its size": "expected an answer with bytes",
    "a huge size": "expected 120416 bytes, found 1125899906842624",
    "no size": "doesn't tell its size",
    "all for a part": PARTS,
    "another body for a part": PARTS,
    "another part": r"expected an answer with bytes \d+-120415/120416, found bytes 0-",
    "a part of which nothing is said": r"found none \(status 206\)",
    "a part of a larger file": "expected an answer with bytes",
    "a part that is cut": "can't be read",
    "a part without end": "bytes from 0, found more",
    "packed parts": f"{PARTS} .*packed by gzip",
    "other tags": "was replaced or written to while it was read",
    "another tag for parts": "was replaced or written to while it was read",
    "on to a file": "sends on to another place, which isn't followed: file:///etc/passwd",
    "silence in a part": r"can't be read \(.*[Tt]imeout",
    "endless headers": "can't be read",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A file whose last 120,000 bytes are one tensor, so that it is read in two parts."""
    folder = tmp_path_factory.mktemp("served")
    write_checkpoint(folder / "m", {"w": VALUE})
    write_planned(folder / "m.safetensors", planned(open_checkpoint(folder / "m")))
    return folder


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(_remote, "_PAUSES", (0, 0, 0))
    monkeypatch.setattr(_http_parts, "_SILENCE", 0.2)
    monkeypatch.setattr(_http_parts, "_TOGETHER", 1.0)


@pytest.mark.parametrize("what", TOLD)
def test_what_is_no_answer_is_told(what, folder):
    with servers.serving(str(folder), servers.ANSWERS[what]) as server:
        url = f"http://127.0.0.1:{server.server_port}/m.safetensors"
        with pytest.raises(CheckpointError, match=f"^{re.escape(url)}(?s:.*){TOLD[what]}"):
            open_checkpoint(url)["w"].read()


def test_where_a_store_sends_on_to_is_no_other_file(folder):
    with servers.serving(str(folder), servers.ANSWERS["on, signed anew"]) as server:
        read = open_checkpoint(f"http://127.0.0.1:{server.server_port}/m.safetensors")["w"].read()
    assert_arrays_equal(read, VALUE)


def test_credentials_go_to_no_other_server(folder):
    with servers.serving(str(folder), servers.Asked.honest) as second:
        other = f"http://localhost:{second.server_port}"
        with servers.serving(str(folder), servers.ANSWERS["on to others"], other=other) as server:
            url = f"http://user:secret@127.0.0.1:{server.server_port}/m.safetensors"
            assert_arrays_equal(open_checkpoint(url)["w"].read(), VALUE)
    assert any(server.credentials)
    assert second.credentials
    assert not any(second.credentials)


def test_what_failed_once_is_read_into_what_can_be_cut(folder, monkeypatch):
    """What keeps the frames of a failure keeps no view of what the next try fills."""
    failing = itertools.cycle([True, False])
    kept = []

    def once(self, size, etag):
        if next(failing):
            try:
                raise OSError("it went away")
            except OSError as error:
                kept.append(error)
                raise
        return read(self, size, etag)

    read = _http_parts.HttpPart.read
    monkeypatch.setattr(_http_parts.HttpPart, "read", once)
    with servers.serving(str(folder), servers.Asked.honest) as server:
        assert open_checkpoint(f"http://127.0.0.1:{server.server_port}/m")["w"].shape == (30_000,)
    assert kept


def test_files_of_json_are_looked_at_before_they_are_held(tmp_path):
    for name, text in (("m.safetensors.index.json", "{"), ("m.manifest.json", "{")):
        pathlib.Path(tmp_path, name).write_text(text)
        with open(tmp_path / name, "r+b") as file:
            file.truncate(1 << 42)
    with pytest.raises(CheckpointError, match="bytes of a file of JSON or more"):
        open_checkpoint(tmp_path / "m.safetensors.index.json")
    write_checkpoint(tmp_path / "m2", {"w": VALUE})
    (tmp_path / "m.manifest.json").rename(tmp_path / "m2.manifest.json")
    assert "bytes of a file of JSON" in str(open_checkpoint(tmp_path / "m2").audit().found[0])
