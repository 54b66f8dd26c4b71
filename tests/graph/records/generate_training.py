"""Records loss curves, initial values and penalties of TensorFlow 1.15.5 (PyPI, Python 3.7).

    python tests/graph/records/generate_training.py

Writes training.json and initializers.npz beside itself.
"""

import json
import os
import pathlib
import sys
import types

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

import initializer_cases  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
import training_programs  # noqa: E402


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
        "curves": {
            name: training_programs.curves(tf, build)
            for name, build in training_programs.MODELS.items()
        },
        "spreads": initializer_cases.spreads(tf),
        "penalties": initializer_cases.penalties(tf, contrib),
    }
    (HERE / "training.json").write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    values = initializer_cases.initial_values(tf, contrib)
    np.savez_compressed(str(HERE / "initializers.npz"), **values)


if __name__ == "__main__":
    main()
