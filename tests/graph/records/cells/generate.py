"""Records what TensorFlow 1.15.5 (PyPI, Python 3.7) makes of `all_cases.py`.

    python tests/graph/records/cells/generate.py

Writes graphs.json (names, shapes, collections, node counts) and numbers.npz beside itself.
"""

import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from records.cells import all_cases, running  # noqa: E402
from records.cells.names_of_1_15 import cell_names  # noqa: E402


def main():
    if tf.__version__ != "1.15.5":
        raise SystemExit("this record is of TensorFlow 1.15.5, not " + tf.__version__)
    tf.logging.set_verbosity(tf.logging.ERROR)
    namespace, records, numbers, failed = cell_names(tf), {}, {}, 0
    wanted = sys.argv[1:]
    for name, case in sorted(all_cases.CASES.items()):
        if wanted and not any(part in name for part in wanted):
            continue
        try:
            graph, outputs, context, record = running.build(tf, namespace, case)
            values = running.compute(tf, graph, outputs, context)
        except Exception as error:
            print(name, type(error).__name__, str(error)[:300])
            failed += 1
            continue
        kept = [np.asarray(v).ravel() for v in values if v is not None]
        record["missing"] = [i for i, v in enumerate(values) if v is None]
        record["sizes"] = [int(k.size) for k in kept]
        wide = any(k.dtype == np.float64 for k in kept)
        numbers[name] = np.concatenate(kept).astype("float64" if wide else "float32")
        records[name] = record
    print(len(records), "recorded,", failed, "failed")
    if wanted:
        return
    with open(str(HERE / "graphs.json"), "w") as out:
        out.write("{\n")
        lines = [
            "{}: {}".format(json.dumps(k), json.dumps(v, sort_keys=True, separators=(",", ":")))
            for k, v in sorted(records.items())
        ]
        out.write(",\n".join(lines) + "\n}\n")
    np.savez_compressed(str(HERE / "numbers.npz"), **numbers)


if __name__ == "__main__":
    main()
