"""Writes the goldens of this folder with genuine TensorFlow 1.15.5.

From the repository's root, with any Python 3.7:

    python3.7 -m venv .venv-tf1
    .venv-tf1/bin/pip install tensorflow==1.15.5 "protobuf<3.21"
    .venv-tf1/bin/python tests/goldens/generate.py            # all of them, or some by name:
    .venv-tf1/bin/python tests/goldens/generate.py bert gan

Every seed is fixed and TensorFlow runs on one thread: a second run gives the same names, shapes and
order, and values equal within 1e-6 (bit for bit on one machine; a ``.meta`` alone is written in
another order of its maps each time). README.md tells the file formats.
Every golden is restored by TensorFlow 1.15.5 from what it wrote and run again before it counts.
"""

import importlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDENS = (
    "dense_siamese",
    "convnet_adam_ema",
    "bert",
    "sharded",
    "v1_format",
    "dtypes",
    "slim_mobilenet",
    "two_tower",
    "gan",
    "training_graph",
    "saved_model",
    "keras_rnns",
    "cells",
    "meanings",
    "norms",
    "quantized",
    "cudnn_canonical",
    "cudnn_opaque",
    "keras_rnn",
    "keras_cudnn",
    "frozen",
    "keras_h5",
    "training",
    "vocabulary",
)


def main(names):
    """Writes the goldens of these names, or all."""
    unknown = sorted(set(names) - set(GOLDENS))
    if unknown:
        sys.exit("no golden named {}; there are {}".format(unknown, ", ".join(GOLDENS)))
    for name in names or GOLDENS:
        module = importlib.import_module("generators." + name)
        module.write(os.path.join(HERE, name))
        sizes = [os.path.getsize(os.path.join(HERE, name, f)) for f in os.listdir(name_dir(name))]
        print(f"{name:20} {sum(sizes) / 1e3:8.1f} kB in {len(sizes)} files")


def name_dir(name):
    """Returns the folder of a golden."""
    return os.path.join(HERE, name)


if __name__ == "__main__":
    main(sys.argv[1:])
