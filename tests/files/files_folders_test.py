"""Outputs that are folders: replaced at one stroke, and only where they are wholly one's own."""

import os

import pytest

from tf1compat.checkpoint import Manifest
from tf1compat.errors import OutputError, UsageError
from tf1compat.files import _exchanging, sealed, staging
from tf1compat.files.distinct import require_distinct
from tf1compat.files.folders import (
    FOLDER_MANIFEST,
    damaged_files,
    file_digest,
    files_within,
    folder_manifest,
    format_within,
    write_folder_manifest,
)
from tf1compat.files.staging import staged_file


def digest(folder, name):
    return file_digest(os.path.join(folder, name))


def write(path, **texts):
    """Writes an output that is a folder, with a file in a folder within."""
    with staged_file(path) as staged:
        os.makedirs(os.path.join(staged, "inner"))
        for name, text in texts.items():
            with open(os.path.join(staged, "inner", name), "w", encoding="utf-8") as file:
                file.write(text)
        parts = {name: digest(staged, name) for name in files_within(staged)}
        return write_folder_manifest(staged, Manifest((), {"n": 1}, parts), kind="toy")


def held(folder):
    return {name: (folder / name).read_text() for name in files_within(folder)}


def test_it_is_written_and_written_anew(tmp_path):
    folder = tmp_path / "out"
    manifest = write(folder, a="1", b="2")
    assert folder_manifest(folder) == manifest
    assert (manifest.notes, format_within(folder)) == (
        {"n": 1, "output_format": "toy", "empty_folders": []},
        "toy",
    )
    folder.chmod(0o700)
    write(folder, a="3")
    assert held(folder).keys() == {"inner/a", FOLDER_MANIFEST}
    assert (folder / "inner/a").read_text() == "3"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert os.listdir(tmp_path) == ["out"]
    assert damaged_files(folder, folder_manifest(folder), digest) == []
    (folder / "inner/a").write_text("4")
    assert [one.name for one in damaged_files(folder, folder_manifest(folder), digest)] == [
        "inner/a"
    ]
    (folder / "inner/a").unlink()
    assert len(damaged_files(folder, folder_manifest(folder), digest)) == 1


def test_what_fails_leaves_the_older_one(tmp_path, monkeypatch):
    write(tmp_path / "out", a="1")
    with pytest.raises(TypeError, match=r"write\(\) argument must be str"):
        write(tmp_path / "out", a=2)
    monkeypatch.setattr(sealed, "exchange", _refused)
    with pytest.raises(OutputError, match=r"out: could not be written \(Input/output error"):
        write(tmp_path / "out", a="2")
    assert (tmp_path / "out/inner/a").read_text() == "1"
    assert os.listdir(tmp_path) == ["out"]


def _refused(staged, final):
    raise OSError(5, "Input/output error", final)


def test_a_system_without_exchanging_says_so(tmp_path, monkeypatch):
    write(tmp_path / "out", a="1")
    monkeypatch.setattr(_exchanging.ctypes, "CDLL", lambda *_, **__: object())
    with pytest.raises(OutputError, match="no way to replace a folder at one stroke; remove it"):
        write(tmp_path / "out", a="2")
    assert (tmp_path / "out/inner/a").read_text() == "1"


def test_a_file_and_a_folder_replace_each_other(tmp_path):
    (tmp_path / "out").write_text("a file")
    write(tmp_path / "out", a="1")
    with staged_file(tmp_path / "out") as staged, open(staged, "w", encoding="utf-8") as file:
        file.write("again")
    assert (tmp_path / "out").read_text() == "again"
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda f: (f / "mine.txt").write_text("x"),
            "1 of its files and folders weren't written with it: mine",
        ),
        (lambda f: (f / "inner/x").symlink_to("/"), "weren't written with it: inner/x"),
        (lambda f: (f / "inner/mine").mkdir(), "weren't written with it: inner/mine/; move them"),
        (lambda f: (f / FOLDER_MANIFEST).unlink(), "it has no manifest of this package"),
        (lambda f: (f / FOLDER_MANIFEST).write_text("{"), "its manifest can't be read"),
    ],
)
def test_a_folder_of_others_is_not_replaced(tmp_path, spoil, message):
    write(tmp_path / "out", a="1")
    spoil(tmp_path / "out")
    with pytest.raises(OutputError, match=message):
        write(tmp_path / "out", a="2")
    assert (tmp_path / "out/inner/a").read_text() == "1"


def test_a_folder_that_cannot_be_listed_is_not_replaced(tmp_path, monkeypatch):
    write(tmp_path / "out", a="1")
    scandir = os.scandir

    def fails(path="."):
        if os.path.basename(path) == "inner":
            raise OSError(5, "Input/output error")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", fails)
    with pytest.raises(
        OutputError, match=r"out: could not be written \(Input/output error\); what"
    ):
        write(tmp_path / "out", a="2")
    monkeypatch.undo()
    assert (tmp_path / "out" / "inner" / "a").read_text() == "1"


@pytest.mark.parametrize("name", ["../a", "/etc/hostname", "inner/../../a", "a\0", "\ud800", ""])
def test_a_path_that_leads_to_no_file_within_is_damage(tmp_path, name):
    manifest = Manifest((), {}, {name: "0" * 64})
    (problem,) = damaged_files(tmp_path, manifest, lambda *asked: pytest.fail(f"asked for {asked}"))
    assert (problem.name, problem.expected) == (name, "the path of a file within")


def test_folders_that_were_written_empty_or_were_emptied_since_may_go(tmp_path):
    """TensorFlow's `assets` is empty; a manifest of an earlier version doesn't say."""
    out = tmp_path / "out"
    write(out)
    assert folder_manifest(out).notes["empty_folders"] == ["inner"]
    write(out, a="1")
    (out / "inner/a").unlink()
    write(out, a="2")
    assert held(out)["inner/a"] == "2"
    manifest = folder_manifest(out)
    notes = {key: one for key, one in manifest.notes.items() if key != "empty_folders"}
    (out / FOLDER_MANIFEST).write_text(Manifest((), notes, manifest.parts).to_json())
    (out / "mine").mkdir()
    write(out, a="3")
    assert held(out)["inner/a"] == "3"


def test_a_folder_that_holds_what_is_read_is_no_output(tmp_path):
    write(tmp_path / "out", a="1")
    with pytest.raises(UsageError, match=r"out: expected a folder of its own, found .*out/inner/a"):
        require_distinct([tmp_path / "out"], [tmp_path / "out/inner/a"])
    (tmp_path / "link").symlink_to("out")
    with pytest.raises(UsageError, match="link: expected a folder of its own"):
        require_distinct([tmp_path / "link"], [tmp_path / "out/inner/a"])
    require_distinct([tmp_path / "out/other"], [tmp_path / "out/inner/a"])
    require_distinct([tmp_path / "ou"], [tmp_path / "out/inner/a"])


def test_a_folder_that_no_manifest_describes_says_no_format(tmp_path):
    assert format_within(tmp_path) == ""
    (tmp_path / FOLDER_MANIFEST).write_text("[]")
    assert format_within(tmp_path) == ""
    assert staging.destination(str(tmp_path)) == str(tmp_path)
