"""What SECURITY.md promises of inputs, flags and limits is there."""

import re

import source_tree as tree

from tf1compat.apps import diff, inspect, migrate, verify
from tf1compat.names import patterns

TEXT = (tree.ROOT / "SECURITY.md").read_text(encoding="utf-8")


def test_every_flag_that_it_names_is_one():
    known = {flag for app in (diff, inspect, migrate, verify) for flag in app._FLAGS}
    known |= {f"no{flag}" for flag in known} | {"budget"}
    named = set(re.findall(r"--([a-z_0-9]+)", TEXT))
    assert named <= known
    assert {"checkpoint", "other", "recording", "rules", "output", "model", "regex"} <= named


def test_files_and_limits_that_it_names_are_there():
    for path in re.findall(r"`(tf1compat/[\w/.]+)`", TEXT):
        assert (tree.ROOT / path).is_file()
    assert f"{patterns._LONGEST:,}" in TEXT
    assert f"{patterns._MEMORY >> 20} MiB of program" in " ".join(TEXT.split())


def test_readme_links_it():
    assert "(SECURITY.md)" in (tree.ROOT / "README.md").read_text(encoding="utf-8")


def test_nothing_stored_is_executed():
    """No module of the library unpickles, evaluates or allows objects in arrays."""
    for path in tree.library_files():
        source = path.read_text(encoding="utf-8")
        assert not re.search(
            r"(?<![\w.])(?:eval|exec)\(|import pickle|allow_pickle=True", source
        ), path
