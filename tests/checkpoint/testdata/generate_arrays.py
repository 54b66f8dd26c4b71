"""Writes the checkpoints of this folder that other libraries write: numpy's and safetensors'.

.venv/bin/python tests/checkpoint/testdata/generate_arrays.py
"""

import json
import pathlib

import numpy as np
import safetensors.numpy

HERE = pathlib.Path(__file__).parent


def values():
    """Returns arrays by name, the same each time."""
    rng = np.random.RandomState(0)
    return {
        "net/fc/kernel": rng.standard_normal((40, 30)).astype("f4"),
        "net/fc/bias": rng.standard_normal(30).astype("f4"),
        "net/half": rng.standard_normal((3, 5)).astype("f2"),
        "step": np.array(7, "i8"),
        "used": np.array([True, False, True]),
    }


def write():
    """Writes an archive, and two files with their index as the Hub's conventions have it."""
    arrays = values()
    np.savez_compressed(HERE / "npz" / "weights.npz", **arrays)
    parts = [["net/fc/kernel", "step"], ["net/fc/bias", "net/half", "used"]]
    weight_map = {}
    for number, names in enumerate(parts, 1):
        base = f"model-{number:05d}-of-00002.safetensors"
        held = {name: arrays[name] for name in names}
        safetensors.numpy.save_file(held, HERE / "safetensors" / base, metadata={"format": "np"})
        weight_map.update(dict.fromkeys(names, base))
    size = sum(array.nbytes for array in arrays.values())
    index = {"metadata": {"total_size": size}, "weight_map": weight_map}
    path = HERE / "safetensors" / "model.safetensors.index.json"
    path.write_text(json.dumps(index, indent=2) + "\n")


if __name__ == "__main__":
    write()
