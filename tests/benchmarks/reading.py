"""Reading all tensors with checksums, against `tf.train.load_checkpoint(...).get_tensor`.

    python tests/benchmarks/reading.py --directory=/some/where

Each reader runs in a process of its own, in turn, five times, and times its reading alone, with
the files in the page cache; the ratio is that of the medians. Memory is the highest anonymous
memory (RssAnon) above what the process held before it began to read.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)

from make_bert_large import make  # noqa: E402

OURS = """
from tf1compat.checkpoint import open_checkpoint
import numpy
def read(prefix):
    for entry in open_checkpoint(prefix).values():
        yield entry.read()
"""
THEIRS = """
import tensorflow as tf
def read(prefix):
    reader = tf.train.load_checkpoint(prefix)
    for name in reader.get_variable_to_shape_map():
        yield reader.get_tensor(name)
"""
MEASURE = """
import sys, threading, time
def anonymous():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon")) / 1024
before = highest = anonymous()
largest, done = 0, False
def watch():
    global highest
    while not done:
        highest = max(highest, anonymous())
        time.sleep(0.001)
if sys.argv[2] == "memory":
    threading.Thread(target=watch, daemon=True).start()
start = time.perf_counter()
for value in read(sys.argv[1]):
    largest = max(largest, getattr(value, "nbytes", 0))
    del value
print(time.perf_counter() - start, highest - before, largest / 2**20)
done = True
"""


def measure(code: str, prefix: str, what: str) -> tuple[float, float, float]:
    """Returns seconds, MiB of anonymous memory, and the MiB of the largest tensor."""
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": ROOT}
    command = [sys.executable, "-c", code + MEASURE, prefix, what]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=quiet)
    seconds, memory, largest = map(float, done.stdout.split())
    return seconds, memory, largest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--directory", required=True, help="of the 1.34 GB checkpoint")
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    prefix = make(options.directory)
    readers = {"tf1compat": OURS, "tf.train.load_checkpoint": THEIRS}
    times: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(options.repeat):
        for name, code in readers.items():
            times[name].append(measure(code, prefix, "time")[0])
    slow = statistics.median(times["tf.train.load_checkpoint"])
    for name, each in times.items():
        _, memory, largest = measure(readers[name], prefix, "memory")
        median = statistics.median(each)
        print(
            f"{name}: {median:.3f} s ({median / slow:.2f} of TensorFlow's), anonymous memory at "
            f"most {memory:.0f} MiB above the start, largest tensor {largest:.0f} MiB"
        )


if __name__ == "__main__":
    main()
