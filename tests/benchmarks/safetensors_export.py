"""safetensors: writing by this package against `safetensors.numpy.save_file`, and its memory.

    python tests/benchmarks/safetensors_export.py [--megabytes=1300] [--runs=3] [--directory=DIR]

A model's weights stand in memory for both. Each way runs in a process of its own and in turns:

* library: ``safetensors.numpy.save_file`` of all arrays, then an fsync, since ours is synced;
* unsynced: the same without the fsync;
* writing: `write_safetensors`, one tensor at a time, hashed as it is written, then an fsync;
* export: all of `export_weights`: staged, written, synced, and read back by the library.

Prints the seconds of the best run, ratios, and what the anonymous memory grew by beyond the start.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

ROWS, COLUMNS = 4096, 1024  # 16.8 MB a tensor


def array(number: int):
    import numpy as np

    rng = np.random.default_rng(number)
    return rng.standard_normal((ROWS, COLUMNS), np.float32)


def library(path: str, count: int, *, sync: bool = True) -> float:
    import safetensors.numpy

    arrays = {f"w{n}/kernel": array(n) for n in range(count)}
    start = time.perf_counter()
    safetensors.numpy.save_file(arrays, path)
    if sync:
        _sync(path)
    return time.perf_counter() - start


def unsynced(path: str, count: int) -> float:
    return library(path, count, sync=False)


def writing(path: str, count: int) -> float:
    from tf1compat.checkpoint.safetensors_format.writer import TensorSpec, write_safetensors

    arrays = {f"w{n}/kernel": array(n) for n in range(count)}
    specs = {name: TensorSpec(value.shape, value.dtype.name) for name, value in arrays.items()}
    start = time.perf_counter()
    write_safetensors(path, specs, arrays.__getitem__)
    _sync(path)
    return time.perf_counter() - start


def export(path: str, count: int) -> float:
    model, arrays = _model(count), [array(n) for n in range(count)]
    from tf1compat.keras3 import export_weights

    numbers = {f"w{n}/kernel": n for n in range(count)}
    start = time.perf_counter()
    export_weights(model, path, lambda weight: arrays[numbers[weight.path]])
    return time.perf_counter() - start


def memory(path: str, count: int) -> float:
    """Returns what memory grew by, in MB, where values are made as they are asked for."""
    model = _model(count)
    from tf1compat.keras3 import export_weights

    numbers = {f"w{n}/kernel": n for n in range(count)}
    export_weights(model, f"{path}.warm.safetensors", lambda weight: array(0))
    _reset_peak()
    before = _status("RssAnon")
    export_weights(model, path, lambda weight: array(numbers[weight.path]))
    return (_status("VmHWM") - _status("RssFile") - before) / 1000


def _model(count: int):
    import keras

    from tf1compat.keras3 import build_model

    def made():
        x = keras.Input((ROWS,))
        layers = [keras.layers.Dense(COLUMNS, use_bias=False, name=f"w{n}") for n in range(count)]
        return keras.Model(x, [layer(x) for layer in layers])

    return build_model(made)


def _reset_peak() -> None:
    with open("/proc/self/clear_refs", "w", encoding="utf-8") as file:
        file.write("5")


def _status(field: str) -> int:
    with open("/proc/self/status", encoding="utf-8") as file:
        lines = dict(line.split(":", 1) for line in file)
    return int(lines[field].split()[0])


def _sync(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


WAYS = {one.__name__: one for one in (library, unsynced, writing, export, memory)}


def measure(way: str, path: str, count: int) -> float:
    if os.path.exists(path):
        os.unlink(path)
    command = [sys.executable, __file__, f"--run={way}", f"--path={path}", f"--count={count}"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return float(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=1300)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--directory", default=None)
    parser.add_argument("--run", choices=WAYS)
    parser.add_argument("--path", default="")
    parser.add_argument("--count", type=int, default=0)
    flags = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["PYTHONPATH"] = os.pathsep.join([".", os.environ.get("PYTHONPATH", "")])
    if flags.run:
        print(json.dumps(WAYS[flags.run](flags.path, flags.count)))
        return
    count = max(2, round(flags.megabytes * 1e6 / (4 * ROWS * COLUMNS)))
    timed = [way for way in WAYS if way != "memory"]
    with tempfile.TemporaryDirectory(dir=flags.directory) as folder:
        path = os.path.join(folder, "m.safetensors")
        found = {way: [] for way in timed}
        for _ in range(flags.runs):
            for way in timed:
                found[way].append(measure(way, path, count))
        best = {way: min(seconds) for way, seconds in found.items()}
        print(f"{count} tensors, {4 * ROWS * COLUMNS * count / 1e9:.2f} GB")
        for way, seconds in best.items():
            told = ", ".join(f"{seconds / best[one]:.2f} of {one}" for one in timed[:2])
            print(f"{way:>9}: {seconds:.2f} s ({told})")
        print(f"memory of an export beyond its start: {measure('memory', path, count):.0f} MB")
        print(f"largest tensor: {4 * ROWS * COLUMNS / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
