"""What a task takes before it does anything: whole processes, and what each task imports.

    python tests/benchmarks/startup.py [--repeat=15]

`inspect` of a small checkpoint is started in turn with a process that imports NumPy and prints; the
ratio is that of the medians. Both find their bytecode, as where `pip install` made it. Then what
each task imports and how long that takes: `tests/apps/apps_imports_test.py` holds it to the list.
"""

from __future__ import annotations

import argparse
import functools
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(os.path.dirname(HERE))]

from whole_processes import ROOT, compile_package, environment, in_turns, report, taken  # noqa: E402

SMALL = os.path.join(ROOT, "tests", "goldens", "dense_siamese", "model.ckpt")
BASE = "import numpy and print"
HEAVY = ("numpy", "rich", "h5py", "keras", "tensorflow", "re2", "safetensors", "fsspec")
IMPORTS = """
import sys
from tf1compat.apps.main import TASKS
TASKS[sys.argv[1]]._imported()
print(*(name for name in sys.argv[2:] if name in sys.modules))
"""


def imported(task: str) -> tuple[float, str]:
    """Returns what a process takes that imports a task, and which heavy libraries come with it."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS, task, *HEAVY],
        check=True,
        capture_output=True,
        env=environment(),
        cwd=ROOT,
        text=True,
    )
    return time.perf_counter() - start, done.stdout.strip()


def main() -> None:
    from tf1compat.apps import TASKS

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeat", type=int, default=15)
    options = parser.parse_args()
    compile_package()
    commands = {
        BASE: ["-c", "import numpy; print(numpy.zeros(3))"],
        "tf1compat inspect": ["-m", "tf1compat", "inspect", SMALL],
        "tf1compat help": ["-m", "tf1compat", "help"],
        "tf1compat completion bash": ["-m", "tf1compat", "completion", "bash"],
    }
    runs = {name: functools.partial(taken, command) for name, command in commands.items()}
    report(in_turns(runs, options.repeat), base=BASE)
    for name in TASKS:
        seconds, found = imported(name)
        print(f"{name}: imported in {seconds:.3f} s, of the heavy libraries {found or 'none'}")


if __name__ == "__main__":
    main()
