"""Records what the `programs_*` files give on TensorFlow 1.15.5 (PyPI, Python 3.7).

    python tests/graph/records/generate_scopes.py

Writes scopes.json beside itself.
"""

import importlib
import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

import program_tools  # noqa: E402
import tensorflow as tf  # noqa: E402


def main():
    if tf.__version__ != "1.15.5":
        raise SystemExit("this record is of TensorFlow 1.15.5, not " + tf.__version__)
    for path in sorted(HERE.glob("programs_*.py")):
        importlib.import_module(path.stem)
    lines = []
    for name, program in sorted(program_tools.PROGRAMS.items()):
        with tf.Graph().as_default():
            lines.append(f'"{name}": {json.dumps(program(tf))}')
    (HERE / "scopes.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(len(lines), "programs")


if __name__ == "__main__":
    main()
