"""What .ci/run checks is what the project says of itself."""

import configparser
import os
import re

import pytest
import source_tree as tree

RUN = tree.ROOT / ".ci" / "run"


def requirement(package):
    config = configparser.ConfigParser()
    config.read(tree.ROOT / "setup.cfg")
    lines = config["options"]["install_requires"].split()
    return next(line for line in lines if re.match(rf"{package}\b", line))


@pytest.mark.parametrize("package", ["tensorflow", "keras", "numpy"])
def test_the_oldest_that_is_tried_is_the_floor_of_setup_cfg(package):
    pinned = re.search(
        rf"^{package}==([0-9.]+)$", (tree.ROOT / ".ci" / "oldest.txt").read_text(), re.MULTILINE
    )
    floor = requirement(package).removeprefix(f"{package}>=")
    assert pinned[1].startswith(floor + ".")


def test_ci_can_be_run():
    assert os.access(RUN, os.X_OK)
    assert RUN.read_text().startswith("#!/usr/bin/env bash\n")


def test_the_core_suite_covers_the_spine():
    folders = re.search(r"^core=\((.*)\)$", RUN.read_text(), re.MULTILINE)[1].split()
    assert {"tests/names", "tests/checkpoint", "tests/migration"} <= set(folders)
