"""Records what TensorFlow 1.15.5's own layers make of every configuration.

Runs on TensorFlow 1.15.5 (PyPI, Python 3.7):

    python tests/graph/records/list_layer_configs.py
    python tests/graph/records/generate_layers.py

Writes layers.json (names, shapes, collections, op counts) and layers.npz (numbers) beside itself.
"""

import json
import os
import pathlib
import sys
import types

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

import layer_cases  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402


def oracle_layers():
    names = {name: getattr(tf.layers, name) for name in dir(tf.layers) if name[0] != "_"}
    for name in ("layer_norm", "instance_norm", "group_norm", "maxout", "embed_sequence"):
        names[name] = getattr(tf.contrib.layers, name)
    return types.SimpleNamespace(**names)


def main():
    if tf.__version__ != "1.15.5":
        raise SystemExit("this record is of TensorFlow 1.15.5, not " + tf.__version__)
    configs = json.loads((HERE / "layer_configs.json").read_text())
    layers = oracle_layers()
    described, numbers = {}, {}
    for config in configs:
        found, arrays = layer_cases.run_case(tf, layers, config, False)
        found["resource_ops"] = layer_cases.run_case(tf, layers, config, True)[0]["ops"]
        described[config["id"]] = found
        for key, array in arrays.items():
            numbers[config["id"] + "|" + key] = np.asarray(array)
    lines = ",\n".join(
        f'"{key}": {json.dumps(value, sort_keys=True)}' for key, value in described.items()
    )
    (HERE / "layers.json").write_text("{\n" + lines + "\n}\n")
    np.savez_compressed(str(HERE / "layers.npz"), **numbers)
    print(len(configs), "configurations")


if __name__ == "__main__":
    main()
