"""Records what TensorFlow 1.15.5 makes of `cells_cases.py`.

Run it with Python 3.7 and tensorflow==1.15.5, from this folder:

    python generate_cells.py

It rewrites cells.json (names, shapes, collections, node counts) and cells.npz (numbers).
"""

import json
import os
import sys
import types

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import cells_cases
import cells_runner
import numpy as np
import tensorflow as tf
from tensorflow.contrib import cudnn_rnn
from tensorflow.contrib.rnn.python.ops import rnn_cell as contrib_cells

HERE = os.path.dirname(os.path.abspath(__file__))


def names():
    """Returns every name of cells and recurrent functions in one namespace."""
    found = {}
    places = [contrib_cells, tf.contrib.rnn, tf.nn, tf.nn.rnn_cell]
    for place in places:
        found.update({k: v for k, v in vars(place).items() if not k.startswith("_")})
    for key in ("CudnnCompatibleLSTMCell", "CudnnCompatibleGRUCell"):
        found[key] = getattr(cudnn_rnn, key)
    for key in dir(tf.nn):
        if "rnn" in key:
            found[key] = getattr(tf.nn, key)
    for key in dir(tf.contrib.rnn):
        if not key.startswith("_"):
            found[key] = getattr(tf.contrib.rnn, key)
    return types.SimpleNamespace(**found)


def main():
    assert tf.__version__ == "1.15.5", tf.__version__
    tf.logging.set_verbosity(tf.logging.ERROR)
    namespace, records, numbers, failed = names(), {}, {}, 0
    wanted = sys.argv[1:]
    for name, case in sorted(cells_cases.CASES.items()):
        if wanted and not any(part in name for part in wanted):
            continue
        try:
            graph, outputs, context, record = cells_runner.build(tf, namespace, case)
            values = cells_runner.compute(tf, graph, outputs, context)
        except Exception as error:
            print(name, type(error).__name__, str(error)[:300])
            failed += 1
            continue
        kept = [np.asarray(v).ravel() for v in values if v is not None]
        record["missing"] = [i for i, v in enumerate(values) if v is None]
        record["sizes"] = [int(k.size) for k in kept]
        wide = any(k.dtype == np.float64 for k in kept)
        numbers[name] = np.concatenate(kept).astype("float64" if wide else "float32")
        records[name] = record
    print(len(records), "recorded,", failed, "failed")
    if wanted:
        return
    with open(os.path.join(HERE, "cells.json"), "w") as out:
        out.write("{\n")
        lines = [
            "{}: {}".format(json.dumps(k), json.dumps(v, sort_keys=True, separators=(",", ":")))
            for k, v in sorted(records.items())
        ]
        out.write(",\n".join(lines) + "\n}\n")
    np.savez_compressed(os.path.join(HERE, "cells.npz"), **numbers)


if __name__ == "__main__":
    main()
