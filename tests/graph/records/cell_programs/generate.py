"""Records what TensorFlow 1.15.5 (PyPI, Python 3.7) answers to the programs of this folder.

    python tests/graph/records/cell_programs/generate.py

Writes answers.json beside itself.
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
from records.cell_programs.all_programs import PROGRAMS  # noqa: E402
from records.cells.names_of_1_15 import cell_names  # noqa: E402


def main():
    if tf.__version__ != "1.15.5":
        raise SystemExit("this record is of TensorFlow 1.15.5, not " + tf.__version__)
    tf.logging.set_verbosity(tf.logging.ERROR)
    namespace, answers = cell_names(tf), {}
    for name, program in sorted(PROGRAMS.items()):
        with tf.Graph().as_default():
            answers[name] = program(tf, namespace)
    lines = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(answers.items())]
    (HERE / "answers.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
