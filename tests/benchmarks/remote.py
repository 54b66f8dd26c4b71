"""Bytes that reading over HTTP fetches, against those of the tensors themselves.

    python tests/benchmarks/remote.py

A server on this machine counts what it sends of a checkpoint of many tensors, large and small, and
of the same as .safetensors; each tensor is read alone, in an order that isn't the file's.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile

import numpy as np
import safetensors.numpy

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [ROOT, os.path.join(ROOT, "tests", "checkpoint")]

from range_server import Server, serving  # noqa: E402

from tf1compat.checkpoint import open_checkpoint, write_checkpoint  # noqa: E402

_LARGE, _SMALL = (2048, 1024), (64,)


def report(what: str, url: str, server: Server) -> None:
    """Prints what opening a checkpoint and reading each of its tensors fetches."""
    server.sent = 0
    checkpoint = open_checkpoint(url)
    opening, worst, total = server.sent, 0, 0
    names = list(checkpoint)
    random.Random(0).shuffle(names)
    for name in names:
        before = server.sent
        total += checkpoint[name].read().nbytes
        worst = max(worst, server.sent - before - checkpoint[name].nbytes)
    print(
        f"{what}: {total / 1e6:.0f} MB in {len(names)} tensors; opening fetches {opening:,} bytes, "
        f"reading {(server.sent - opening) / total:.4f} of the values' bytes, at most {worst:,} "
        "bytes more than a tensor has"
    )


def main() -> None:
    rng = np.random.default_rng(0)
    values = {
        f"layer_{place}/{name}": rng.standard_normal(shape, dtype=np.float32)
        for place in range(24)
        for name, shape in (("kernel", _LARGE), ("bias", _SMALL), ("gamma", _SMALL))
    }
    with tempfile.TemporaryDirectory() as folder, serving(folder) as server:
        write_checkpoint(os.path.join(folder, "model.ckpt"), values)
        safetensors.numpy.save_file(values, os.path.join(folder, "model.safetensors"))
        report("V2", f"{server.url}/model.ckpt", server)
        report("safetensors", f"{server.url}/model.safetensors", server)


if __name__ == "__main__":
    main()
