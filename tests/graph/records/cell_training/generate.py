"""Records loss curves and a checkpoint of `model.py` under TensorFlow 1.15.5 (PyPI, Python 3.7).

    python tests/graph/records/cell_training/generate.py

Writes curves.json and the checkpoint stack.ckpt beside itself.
"""

import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import tensorflow as tf  # noqa: E402
from records.cell_training import model  # noqa: E402
from records.cells.names_of_1_15 import cell_names  # noqa: E402


def main():
    if tf.__version__ != "1.15.5":
        raise SystemExit("this record is of TensorFlow 1.15.5, not " + tf.__version__)
    tf.logging.set_verbosity(tf.logging.ERROR)
    namespace, curves = cell_names(tf), {}
    for kind, optimizer in model.RUNS:
        save = str(HERE / "stack.ckpt") if kind == "stack" else None
        losses, logits = model.train(tf, namespace, kind, optimizer, save)
        curves[f"{kind}/{optimizer}"] = {
            "losses": losses,
            "logits": [round(float(value), 7) for value in logits[0].ravel()],
        }
    with open(str(HERE / "curves.json"), "w") as out:
        json.dump(curves, out, indent=0, sort_keys=True)
        out.write("\n")


if __name__ == "__main__":
    main()
