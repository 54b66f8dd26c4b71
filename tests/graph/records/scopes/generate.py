"""Records what the programs of this folder give on TensorFlow 1.15.5 (PyPI, Python 3.7).

    python tests/graph/records/scopes/generate.py

Writes answers.json beside itself.
"""

import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import tensorflow as tf  # noqa: E402
from records.scopes.all_programs import PROGRAMS  # noqa: E402


def main():
    if tf.__version__ != "1.15.5":
        raise SystemExit("this record is of TensorFlow 1.15.5, not " + tf.__version__)
    lines = []
    for name, program in sorted(PROGRAMS.items()):
        with tf.Graph().as_default():
            lines.append(f'"{name}": {json.dumps(program(tf))}')
    (HERE / "answers.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(len(lines), "programs")


if __name__ == "__main__":
    main()
