"""What tasks import when they are run: nothing that they don't use, for each takes its time."""

import json
import os
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GOLDEN = os.path.join(ROOT, "tests", "goldens", "dense_siamese", "model.ckpt")
ALWAYS = {"tf1compat"}
READING = ALWAYS | {"absl", "google_crc32c"}
WITH_NUMPY = READING | {"numpy"}
# Of Python's own library, what takes long and few tasks use.
SLOW = {"argparse", "asyncio", "email", "http", "multiprocessing", "ssl", "unittest", "urllib3"}
CASES = {
    "--version": ALWAYS,
    "help": ALWAYS,
    "help TF1C010": ALWAYS | {"absl"},
    "help layouts": WITH_NUMPY,
    "help evidence": WITH_NUMPY,
    "help migrate": READING,
    "help rename": READING,
    "help --man": READING,
    "completion bash": READING,
    "inspect CHECKPOINT": READING,
    "inspect CHECKPOINT --format=json": READING,
    "inspect CHECKPOINT --health": WITH_NUMPY,
    "inspect CHECKPOINT --graph": WITH_NUMPY,
    "diff CHECKPOINT CHECKPOINT": WITH_NUMPY,
    "drop-slots CHECKPOINT out --dry_run": READING,
    "merge CHECKPOINT merged": WITH_NUMPY,
    "convert CHECKPOINT out.npz": WITH_NUMPY,
    "convert CHECKPOINT out.safetensors": WITH_NUMPY,
    "migrate CHECKPOINT nowhere:build out.txt": READING,  # refused before anything is started
}
# Each runs in a fork, so that what all share is imported once.
PROGRAM = """
import json, os, sys

from tf1compat.apps.main import run

def found():
    tops = {name.partition(".")[0] for name in sys.modules if not name.startswith("_")}
    return sorted(tops - ({*sys.stdlib_module_names} - {*SLOW}) - BEFORE)

SLOW, BEFORE = json.loads(sys.argv[1]), set()
BEFORE = {*found()} - {"tf1compat"}
for line in json.loads(sys.argv[2]):
    sys.stdout.flush()
    child = os.fork()
    if not child:
        answers = os.dup(1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        try:
            run(line.split())
        except SystemExit:
            pass
        os.write(answers, (json.dumps([line, found()]) + chr(10)).encode())
        os._exit(0)
    os.waitpid(child, 0)
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """Returns the packages that each command line's process has at its end."""
    lines = [line.replace("CHECKPOINT", GOLDEN) for line in CASES]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(sorted(SLOW)), json.dumps(lines)],
        capture_output=True,
        check=True,
        cwd=tmp_path_factory.mktemp("imports"),
        env={**os.environ, "PYTHONPATH": ROOT},
        text=True,
    )
    found = dict(json.loads(line) for line in done.stdout.splitlines())
    return {line: set(found[line.replace("CHECKPOINT", GOLDEN)]) for line in CASES}


@pytest.mark.parametrize("line", CASES)
def test_a_task_imports_nothing_that_it_does_not_use(imported, line):
    assert imported[line] - CASES[line] == set()


def test_what_is_used_is_seen(imported):
    assert "numpy" in imported["inspect CHECKPOINT --health"]
    assert "google_crc32c" in imported["inspect CHECKPOINT"]
