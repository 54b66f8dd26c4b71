"""What setup.cfg requires is imported, and what is imported is required."""

import configparser
import re
import sys

import pytest
import reaching
import source_tree as tree

# Distributions whose modules are called otherwise.
MODULES = {
    "absl-py": "absl",
    "ai-edge-litert": "ai_edge_litert",
    "google-crc32c": "google_crc32c",
    "google-re2": "re2",
    "orbax-checkpoint": "orbax",
}
# Imported where it is there, or under a name of its own; nothing has to install it.
UNDECLARED = {"pandas", "jax", "tomllib"}
# Run by CI as commands, or chosen as Keras' backend by name.
NOT_IMPORTED = {"ruff", "mypy", "torch"}
OF_TESTS = ("test", "fuzz", "backends")


@pytest.fixture(scope="module")
def config():
    parser = configparser.ConfigParser()
    parser.read(tree.ROOT / "setup.cfg", encoding="utf-8")
    return parser


def required(text):
    """Returns the modules that lines of requirements bring."""
    names = [re.match(r"[A-Za-z0-9_-]+", line)[0] for line in text.strip().splitlines()]
    return {MODULES.get(name, name) for name in names}


def imported(paths):
    found = set()
    for path in paths:
        for one in reaching.every_import(tree.parse(path)):
            found.add(one.module.split(".")[0])
    return found - {"tf1compat", ""} - set(sys.stdlib_module_names)


def named_in_tests(modules):
    texts = [path.read_text(encoding="utf-8") for path in tree.files_under("tests")]
    every = re.compile(r"^\s*(?:import|from) (\w+)|importorskip\(\"(\w+)", re.MULTILINE)
    return modules & {a or b for text in texts for a, b in every.findall(text)}


def test_every_requirement_is_imported(config):
    extras = config["options.extras_require"]
    wanted = required(config["options"]["install_requires"])
    wanted |= {m for name in extras if name not in OF_TESTS for m in required(extras[name])}
    assert wanted - imported(tree.library_files()) == set()
    tools = {m for name in OF_TESTS for m in required(extras[name])}
    assert tools - named_in_tests(tools) - wanted == NOT_IMPORTED


def test_what_is_imported_is_required(config):
    extras = config["options.extras_require"]
    declared = required(config["options"]["install_requires"])
    declared |= {m for name in extras if name not in OF_TESTS for m in required(extras[name])}
    assert imported(tree.library_files()) - declared == UNDECLARED - set(sys.stdlib_module_names)


def test_every_mark_is_used(config):
    marks = [line.split(":")[0] for line in config["tool:pytest"]["markers"].strip().splitlines()]
    texts = [path.read_text(encoding="utf-8") for path in tree.files_under("tests")]
    assert [mark for mark in marks if not any(f"mark.{mark}" in text for text in texts)] == []
