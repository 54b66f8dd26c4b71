"""What a task takes before it does anything: whole processes, and what each task imports.

    python tests/benchmarks/startup.py

`inspect` of a small checkpoint is started in turn with a process that imports NumPy and prints; the
ratio is that of the medians. Then what each task imports: none may import what it does not use.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT)
SMALL = os.path.join(ROOT, "tests", "goldens", "dense_siamese", "model.ckpt")
HEAVY = ("numpy", "rich", "h5py", "keras", "tensorflow", "re2", "safetensors", "fsspec")
IMPORTS = """
import sys
from tf1compat.apps.main import TASKS
TASKS[sys.argv[1]]._imported()
print(*(name for name in sys.argv[2:] if name in sys.modules))
"""


def run(command: list[str]) -> tuple[float, str]:
    """Returns how long a process takes from its start to its end, and what it prints."""
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": ROOT}
    start = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, env=quiet, cwd=ROOT, text=True)
    return time.perf_counter() - start, done.stdout.strip()


def main() -> None:
    from tf1compat.apps import TASKS

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeat", type=int, default=15)
    options = parser.parse_args()
    commands = {
        "import numpy and print": [sys.executable, "-c", "import numpy; print(numpy.zeros(3))"],
        "tf1compat inspect": [sys.executable, "-m", "tf1compat", "inspect", SMALL],
        "tf1compat help": [sys.executable, "-m", "tf1compat", "help"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(options.repeat):
        for name, command in commands.items():
            times[name].append(run(command)[0])
    plain = statistics.median(times["import numpy and print"])
    for name, each in times.items():
        print(
            f"{name}: {statistics.median(each):.3f} s, {statistics.median(each) / plain:.2f} times"
        )
    for name in TASKS:
        taken, found = run([sys.executable, "-c", IMPORTS, name, *HEAVY])
        print(f"{name}: imported in {taken:.3f} s, of the heavy libraries {found or 'none'}")


if __name__ == "__main__":
    main()
