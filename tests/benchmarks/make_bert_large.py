"""Writes a checkpoint of BERT-large's size: 335 M parameters, 1.34 GB, names as published.

    python tests/benchmarks/make_bert_large.py --directory=/some/where

The values are random, the file is written by `tf1compat.checkpoint.write_checkpoint`. Prints the
prefix. Delete the directory afterwards.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

import numpy as np

from tf1compat.checkpoint import write_checkpoint

WIDTH, INNER, VOCABULARY, LAYERS = 1024, 4096, 30522, 24


def _norm(scope: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{scope}/LayerNorm/beta", (WIDTH,)
    yield f"{scope}/LayerNorm/gamma", (WIDTH,)


def _dense(scope: str, inputs: int, outputs: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{scope}/bias", (outputs,)
    yield f"{scope}/kernel", (inputs, outputs)


def shapes() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yields the name and shape of each variable of bert_model.ckpt (uncased, large)."""
    yield "bert/embeddings/position_embeddings", (512, WIDTH)
    yield "bert/embeddings/token_type_embeddings", (2, WIDTH)
    yield "bert/embeddings/word_embeddings", (VOCABULARY, WIDTH)
    yield from _norm("bert/embeddings")
    for number in range(LAYERS):
        layer = f"bert/encoder/layer_{number}"
        for name in ("query", "key", "value"):
            yield from _dense(f"{layer}/attention/self/{name}", WIDTH, WIDTH)
        yield from _dense(f"{layer}/attention/output/dense", WIDTH, WIDTH)
        yield from _norm(f"{layer}/attention/output")
        yield from _dense(f"{layer}/intermediate/dense", WIDTH, INNER)
        yield from _dense(f"{layer}/output/dense", INNER, WIDTH)
        yield from _norm(f"{layer}/output")
    yield from _dense("bert/pooler/dense", WIDTH, WIDTH)
    yield "cls/predictions/output_bias", (VOCABULARY,)
    yield from _dense("cls/predictions/transform/dense", WIDTH, WIDTH)
    yield from _norm("cls/predictions/transform")
    yield "cls/seq_relationship/output_bias", (2,)
    yield "cls/seq_relationship/output_weights", (2, WIDTH)


def _value(shape: tuple[int, ...], seed: int) -> Callable[[], np.ndarray]:
    return lambda: np.random.default_rng(seed).standard_normal(shape, np.float32) * np.float32(0.02)


def make(directory: str) -> str:
    """Writes the checkpoint into `directory` unless it's there; returns its prefix."""
    prefix = os.path.join(directory, "bert_model.ckpt")
    if not os.path.exists(prefix + ".index"):
        os.makedirs(directory, exist_ok=True)
        ordered = sorted(shapes())
        write_checkpoint(
            prefix, ((name, _value(shape, n)) for n, (name, shape) in enumerate(ordered))
        )
    return prefix


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--directory", required=True, help="where to write it; 1.34 GB")
    print(make(parser.parse_args().directory))


if __name__ == "__main__":
    main()
