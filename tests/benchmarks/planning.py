"""How long planning and applying take for many small variables, and how that grows.

Run: python tests/benchmarks/planning.py [--variables=1000,5000,20000]

For each count a checkpoint of two variables a layer is written and planned onto a Keras model with
other names, then applied to the live model. Printed are the seconds of each and, per count, the
planning time divided by n log n, relative to the smallest count: about 1 where it grows as n log n.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from collections.abc import Sequence

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from absl import app, flags

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.keras3 import index_model
from tf1compat.migration import convert, plan_migration

_VARIABLES = flags.DEFINE_list("variables", ["1000", "5000", "20000"], "How many variables.")
_SIZE = 4


class Stack(keras.Model):
    """Many small dense layers under names that the checkpoint doesn't have."""

    def __init__(self, count: int) -> None:
        super().__init__(name="stack")
        self.blocks = [keras.layers.Dense(_SIZE, name=f"block_{n}") for n in range(count)]

    def build(self, input_shape: Sequence[int]) -> None:
        """Builds every layer."""
        for block in self.blocks:
            block.build(input_shape)


def _measure(count: int, directory: str) -> tuple[float, float]:
    layers = count // 2
    rng = np.random.default_rng(0)
    values = {}
    for n in range(layers):
        values[f"net/stage_{n // 100}/unit_{n % 100}/weights"] = rng.normal(size=(_SIZE, _SIZE))
        values[f"net/stage_{n // 100}/unit_{n % 100}/biases"] = rng.normal(size=(_SIZE,))
    prefix = os.path.join(directory, f"model-{count}")
    write_checkpoint(prefix, {name: v.astype(np.float32) for name, v in values.items()})
    model = Stack(layers)
    model.build((None, _SIZE))
    start = time.perf_counter()
    checkpoint, index = open_checkpoint(prefix), index_model(model)
    plan = plan_migration(checkpoint, index)
    planned = time.perf_counter()
    plan.require_complete()
    convert(plan, index, checkpoint=checkpoint)
    applied = time.perf_counter()
    last = values[f"net/stage_{(layers - 1) // 100}/unit_{(layers - 1) % 100}/weights"]
    if not np.array_equal(model.blocks[-1].kernel.numpy(), last.astype(np.float32)):
        raise SystemExit("the last layer got another layer's weights")
    return planned - start, applied - planned


def main(argv: Sequence[str]) -> None:
    """Prints one line for each count."""
    del argv
    first = None
    with tempfile.TemporaryDirectory() as directory:
        _measure(100, directory)  # imports and caches are warm from here on
        for count in map(int, _VARIABLES.value):
            planning, applying = _measure(count, directory)
            scaled = planning / (count * math.log(count))
            first = first or scaled
            print(
                f"{count:>6} variables: planned in {planning:.2f} s, applied in {applying:.2f} s, "
                f"together {planning + applying:.2f} s; per n log n {scaled / first:.2f}"
            )


if __name__ == "__main__":
    app.run(main)
