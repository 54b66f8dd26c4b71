"""Records loss curves, initial values and penalties of TensorFlow 1.15.5 (PyPI, Python 3.7).

    python tests/graph/records/training/generate.py

Writes curves_spreads_penalties.json and initial_values.npz beside itself.
"""

import json
import os
import pathlib
import sys
import types

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from records.training import initial_values, models  # noqa: E402


def main():
    if tf.__version__ != "1.15.5":
        raise SystemExit("this record is of TensorFlow 1.15.5, not " + tf.__version__)
    layers = tf.contrib.layers
    contrib = types.SimpleNamespace(
        xavier=layers.xavier_initializer,
        variance_scaling=layers.variance_scaling_initializer,
        delta_orthogonal=tf.contrib.framework.convolutional_delta_orthogonal,
        l1_regularizer=layers.l1_regularizer,
        l2_regularizer=layers.l2_regularizer,
        l1_l2_regularizer=layers.l1_l2_regularizer,
        sum_regularizer=layers.sum_regularizer,
        apply_regularization=layers.apply_regularization,
    )
    found = {
        "curves": {name: models.curves(tf, build) for name, build in models.MODELS.items()},
        "spreads": initial_values.spreads(tf),
        "penalties": initial_values.penalties(tf, contrib),
    }
    (HERE / "curves_spreads_penalties.json").write_text(
        json.dumps(found, indent=1, sort_keys=True) + "\n"
    )
    values = initial_values.initial_values(tf, contrib)
    np.savez_compressed(str(HERE / "initial_values.npz"), **values)


if __name__ == "__main__":
    main()
