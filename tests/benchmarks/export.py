"""Checkpoint to ``.weights.h5`` as whole processes: the plain script against the streaming export.

    python tests/benchmarks/export.py [--layers=24] [--runs=3] [--directory=DIR]

Makes a BERT-large-sized checkpoint (335 M parameters, 1.34 GB; ``--layers`` scales it), then runs,
each in a process of its own and in turns:

* plain: build the model, read every variable with ``tf.train.load_checkpoint``, ``assign`` each,
  ``save_weights``;
* streaming: ``build_model``, ``open_checkpoint``, ``export_weights``.

Prints for each the wall time and the peak resident set (mapped files included) as the kernel
counted it, and their ratios. The two outputs are compared dataset by dataset.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

HIDDEN, INNER, VOCABULARY, POSITIONS = 1024, 4096, 30522, 512


def shapes(layers: int) -> dict[str, tuple[int, ...]]:
    """Returns the variables of the checkpoint, by name."""
    found: dict[str, tuple[int, ...]] = {
        "bert/embeddings/word_embeddings": (VOCABULARY, HIDDEN),
        "bert/embeddings/position_embeddings": (POSITIONS, HIDDEN),
    }
    for n in range(layers):
        scope = f"bert/encoder/layer_{n}"
        for part in ("query", "key", "value", "output"):
            found |= dense(f"{scope}/attention/{part}", HIDDEN, HIDDEN)
        found |= dense(f"{scope}/intermediate", HIDDEN, INNER) | dense(
            f"{scope}/out", INNER, HIDDEN
        )
        for norm in ("attention_norm", "norm"):
            found |= {f"{scope}/{norm}/{leaf}": (HIDDEN,) for leaf in ("gamma", "beta")}
    return found


def dense(scope: str, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{scope}/kernel": (inputs, outputs), f"{scope}/bias": (outputs,)}


def build():
    """Returns a Keras model with those weights, layers named after the variables' scopes."""
    import keras

    def name(scope: str) -> str:
        return scope.replace("/", ".")

    layers = int(os.environ["BENCHMARK_LAYERS"])
    ids = keras.Input((None,), dtype="int32")
    embed = keras.layers.Embedding
    x = embed(VOCABULARY, HIDDEN, name="bert.embeddings.word_embeddings")(ids)
    x = x + embed(POSITIONS, HIDDEN, name="bert.embeddings.position_embeddings")(ids)
    for n in range(layers):
        scope = f"bert/encoder/layer_{n}"
        for part in ("query", "key", "value", "output"):
            x = keras.layers.Dense(HIDDEN, name=name(f"{scope}/attention/{part}"))(x)
        x = keras.layers.LayerNormalization(name=name(f"{scope}/attention_norm"))(x)
        y = keras.layers.Dense(INNER, name=name(f"{scope}/intermediate"))(x)
        x = keras.layers.Dense(HIDDEN, name=name(f"{scope}/out"))(y) + x
        x = keras.layers.LayerNormalization(name=name(f"{scope}/norm"))(x)
    return keras.Model(ids, x)


def source_name(keras_path: str) -> str:
    """Returns the variable that a weight of :func:`build` is filled from."""
    return keras_path.replace(".", "/").removesuffix("/embeddings")


def make(prefix: str, layers: int) -> None:
    """Writes the checkpoint, with TensorFlow's own writer."""
    import numpy as np
    import tensorflow as tf

    rng = np.random.default_rng(0)
    named = shapes(layers)
    tensors = [rng.standard_normal(shape, np.float32) for shape in named.values()]
    tf.raw_ops.SaveV2(
        prefix=prefix, tensor_names=list(named), shape_and_slices=[""] * len(named), tensors=tensors
    )
    size = sum(tensor.nbytes for tensor in tensors)
    print(f"checkpoint: {len(named)} variables, {size / 4e6:.0f} M parameters, {size / 1e9:.2f} GB")


def plain(prefix: str, output: str) -> None:
    import tensorflow as tf

    model = build()
    reader = tf.train.load_checkpoint(prefix)
    values = {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
    for variable in model.weights:
        variable.assign(values[source_name(variable.path)])
    model.save_weights(output)


def streaming(prefix: str, output: str) -> None:
    from tf1compat.checkpoint import open_checkpoint
    from tf1compat.keras3 import build_model, export_weights

    checkpoint = open_checkpoint(prefix)
    model = build_model(build)
    export_weights(model, output, lambda weight: checkpoint[source_name(weight.path)].read())


def measure(way: str, prefix: str, output: str) -> dict[str, float]:
    """Runs one way in a process of its own; returns seconds and the peak resident set in MB."""
    start = time.perf_counter()
    run = subprocess.run(
        [sys.executable, __file__, f"--run={way}", f"--prefix={prefix}", f"--output={output}"],
        check=True,
        stdout=subprocess.PIPE,
    )
    seconds = time.perf_counter() - start
    return {"seconds": seconds, **json.loads(run.stdout.splitlines()[-1])}


def datasets(path: str) -> Iterator[tuple[str, object]]:
    import h5py

    with h5py.File(path, "r") as file:
        found = []
        file.visititems(lambda name, item: found.append(name) if hasattr(item, "shape") else None)
        for name in sorted(found):
            if not name.startswith("_tf1compat"):
                yield name, file[name][()]


def same(first: str, second: str) -> bool:
    pairs = zip(datasets(first), datasets(second), strict=True)
    return all(a == b and bool((x == y).all()) for (a, x), (b, y) in pairs)


def compare(prefix: str, *, runs: int) -> None:
    outputs = {way: f"{prefix}.{way}.weights.h5" for way in ("plain", "streaming")}
    results: dict[str, list[dict[str, float]]] = {way: [] for way in outputs}
    for _ in range(runs):
        for way, output in outputs.items():
            if os.path.exists(output):
                os.unlink(output)
            result = measure(way, prefix, output)
            results[way].append(result)
            print(
                f"{way:>10}: {result['seconds']:.2f} s, peak {result['peak_mb']:.0f} MB, "
                f"CPU {result['cpu']:.2f} s, imports {result['imports']:.2f} s"
            )
    print("outputs equal:", same(*outputs.values()))
    best = {
        way: {key: min(r[key] for r in found) for key in ("seconds", "peak_mb")}
        for way, found in results.items()
    }
    for key in ("seconds", "peak_mb"):
        ratio = best["streaming"][key] / best["plain"][key]
        print(f"streaming / plain, {key}: {ratio:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", type=int, default=24)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--directory", default=None)
    parser.add_argument("--run", choices=("make", "plain", "streaming"))
    parser.add_argument("--prefix", default="")
    parser.add_argument("--output", default="")
    flags = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    if flags.run:
        run_one(flags)
        return
    os.environ["BENCHMARK_LAYERS"] = str(flags.layers)
    os.environ["PYTHONPATH"] = os.pathsep.join([".", os.environ.get("PYTHONPATH", "")])
    with tempfile.TemporaryDirectory(dir=flags.directory) as directory:
        prefix = os.path.join(directory, "model.ckpt")
        subprocess.run([sys.executable, __file__, "--run=make", f"--prefix={prefix}"], check=True)
        compare(prefix, runs=flags.runs)


def run_one(flags: argparse.Namespace) -> None:
    if flags.run == "make":
        make(flags.prefix, int(os.environ["BENCHMARK_LAYERS"]))
        return
    start = time.perf_counter()
    import tensorflow  # noqa: F401 - both ways need it; timed apart

    imports = time.perf_counter() - start
    {"plain": plain, "streaming": streaming}[flags.run](flags.prefix, flags.output)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu = usage.ru_utime + usage.ru_stime
    print(json.dumps({"peak_mb": usage.ru_maxrss / 1000, "cpu": cpu, "imports": imports}))


if __name__ == "__main__":
    main()
