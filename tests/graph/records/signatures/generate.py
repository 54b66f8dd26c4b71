"""Records the signatures of TensorFlow 1.15.5's layers and scopes (PyPI, Python 3.7).

    python tests/graph/records/signatures/generate.py

Writes signatures.json beside itself.
"""

import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import tensorflow as tf  # noqa: E402
from records.signatures.reading import signature_of  # noqa: E402

CONTRIB = (
    "apply_regularization",
    "embed_sequence",
    "embedding_lookup_unique",
    "group_norm",
    "instance_norm",
    "l1_l2_regularizer",
    "l1_regularizer",
    "l2_regularizer",
    "layer_norm",
    "maxout",
    "sum_regularizer",
    "xavier_initializer",
)


def main():
    if tf.__version__ != "1.15.5":
        raise SystemExit("this record is of TensorFlow 1.15.5, not " + tf.__version__)
    known = {n: getattr(tf.layers, n) for n in dir(tf.layers) if n[0] != "_"}
    known.pop("experimental")
    known.update({name: getattr(tf.contrib.layers, name) for name in CONTRIB})
    for name in ("get_variable", "make_template", "variable_scope"):
        known[name] = getattr(tf, name)
    known["embedding_lookup"] = tf.nn.embedding_lookup
    lines = [f'"{name}": {json.dumps(signature_of(known[name]))}' for name in sorted(known)]
    (HERE / "signatures.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
