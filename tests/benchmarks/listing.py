"""Listing a checkpoint's names, as a whole process, against TensorFlow's own tool.

    python tests/benchmarks/listing.py --directory=/some/where
    python tests/benchmarks/listing.py --saved_model=tests/goldens/saved_model

Both processes are started in turn, five times each; the ratio is that of the medians. The
checkpoint is of BERT-large's size (see make_bert_large.py, which is called where it's missing).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)

from make_bert_large import make  # noqa: E402

LIST = """
import sys
from tf1compat.checkpoint import open_checkpoint
for name, entry in open_checkpoint(sys.argv[1]).items():
    print(name, entry.shape, entry.dtype_name, entry.nbytes)
"""


def seconds(command: list[str]) -> float:
    """Returns how long a process takes from its start to its end."""
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": ROOT}
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=quiet, cwd=ROOT)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--directory", help="of the 1.34 GB checkpoint")
    parser.add_argument("--saved_model", help="a SavedModel to list instead, with its graph")
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    if options.saved_model:
        return report(*saved_model_commands(options.saved_model), repeat=options.repeat)
    prefix = make(options.directory or parser.error("expected --directory or --saved_model"))
    commands = {"tf1compat.checkpoint": [sys.executable, "-c", LIST, prefix]}
    if os.path.exists(os.path.join(ROOT, "tf1compat", "__main__.py")):
        inspect = [sys.executable, "-m", "tf1compat", "inspect", f"--checkpoint={prefix}"]
        commands["tf1compat inspect"] = inspect
    tool = "tensorflow.python.tools.inspect_checkpoint"
    commands[tool] = [sys.executable, "-m", tool, f"--file_name={prefix}"]
    return report(commands, tool, repeat=options.repeat)


def saved_model_commands(folder: str) -> tuple[dict[str, list[str]], str]:
    """Returns what lists a SavedModel, variables and signatures, and which is TensorFlow's tool."""
    tool = "saved_model_cli show --all"
    program = "from tensorflow.python.tools.saved_model_cli import main; main()"
    inspect = [sys.executable, "-m", "tf1compat", "inspect", folder]
    return {
        "tf1compat inspect": inspect,
        "tf1compat inspect --graph": [*inspect, "--graph"],
        tool: [sys.executable, "-c", program, "show", "--all", "--dir", os.path.abspath(folder)],
    }, tool


def report(commands: dict[str, list[str]], tool: str, *, repeat: int) -> None:
    """Times commands in turn and prints the ratios to the tool's time."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(repeat):
        for name, command in commands.items():
            times[name].append(seconds(command))
    slow = statistics.median(times[tool])
    for name, each in times.items():
        median = statistics.median(each)
        print(f"{name}: {median:.3f} s, 1/{slow / median:.1f} of {tool}'s")


if __name__ == "__main__":
    main()
