"""Records what TensorFlow 1.15.5's own layers make of every configuration.

Runs on TensorFlow 1.15.5 (PyPI, Python 3.7):

    python tests/graph/records/layers/list_configurations.py
    python tests/graph/records/layers/generate.py

Writes graphs.json (names, shapes, collections, op counts) and numbers.npz beside itself.
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
from records.layers.running import run_case  # noqa: E402


def oracle_layers():
    names = {name: getattr(tf.layers, name) for name in dir(tf.layers) if name[0] != "_"}
    for name in ("layer_norm", "instance_norm", "group_norm", "maxout", "embed_sequence"):
        names[name] = getattr(tf.contrib.layers, name)
    return types.SimpleNamespace(**names)


def main():
    if tf.__version__ != "1.15.5":
        raise SystemExit("this record is of TensorFlow 1.15.5, not " + tf.__version__)
    configs = json.loads((HERE / "configurations.json").read_text())
    layers = oracle_layers()
    described, numbers = {}, {}
    for config in configs:
        found, arrays = run_case(tf, layers, config, False)
        found["resource_ops"] = run_case(tf, layers, config, True)[0]["ops"]
        described[config["id"]] = found
        for key, array in arrays.items():
            numbers[config["id"] + "|" + key] = np.asarray(array)
    lines = ",\n".join(
        f'"{key}": {json.dumps(value, sort_keys=True)}' for key, value in described.items()
    )
    (HERE / "graphs.json").write_text("{\n" + lines + "\n}\n")
    np.savez_compressed(str(HERE / "numbers.npz"), **numbers)
    print(len(configs), "configurations")


if __name__ == "__main__":
    main()
