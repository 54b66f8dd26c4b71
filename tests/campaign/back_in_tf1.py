"""Has TensorFlow 1.15 restore what was brought back from Keras, and compute what Keras computes.

    python tests/campaign/back_in_tf1.py --python=/opt/tf1/bin/python    # a Python 3.7 that has it

Every golden of `tests/migration/back_goldens.py` is converted, and brought back twice: untouched,
when all tensors must be those of the golden bit for bit, and after a step of training in Keras,
when the v1 graph must compute what Keras computes. A `Saver` of the graph that stands beside the
checkpoint restores it; of a SavedModel, its loader does.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOLERANCE = 1e-5  # of the largest output
# What runs under Python 3.7 and TensorFlow 1.15; it says one line of JSON for each job.
CHILD = """
import json, os, sys
import numpy as np
import tensorflow as tf

for job in json.load(open(sys.argv[1])):
    found = {"name": job["name"], "version": tf.__version__, "wrong": []}
    try:
        tf.reset_default_graph()
        with tf.Session() as session:
            if job["saved_model"]:
                tf.saved_model.load(session, ["serve"], job["output"])
                values = os.path.join(job["output"], "variables", "variables")
            else:
                values = job["output"]
                try:
                    saver = tf.train.import_meta_graph(values + ".meta", clear_devices=True)
                except KeyError as error:
                    found["not_run"] = "1.15 itself can't import its .meta, so variables alone"
                    saver = None
                if saver is None:
                    stored = tf.train.load_checkpoint(job["source"])
                    types = stored.get_variable_to_dtype_map()
                    with tf.Graph().as_default(), tf.Session() as other:
                        for name, shape in stored.get_variable_to_shape_map().items():
                            tf.get_variable(name, shape, types[name])
                        tf.train.Saver().restore(other, values)
                else:
                    saver.restore(session, values)
            one, other = map(tf.train.load_checkpoint, (job["source"], values))
            names = one.get_variable_to_shape_map()
            if names != other.get_variable_to_shape_map():
                found["wrong"].append("other variables")
            bits = [{n: c.get_tensor(n).tobytes() for n in names} for c in (one, other)]
            differing = [n for n in names if bits[0][n] != bits[1][n]]
            found["tensors"], found["differing"] = len(names), len(differing)
            if job["untouched"] and differing:
                found["wrong"].append("other bits: " + ", ".join(differing[:3]))
            io = np.load(job["io"])
            feeds = {k[3:] + ":0": io[k] for k in io.files if k.startswith("in/")}
            wanted = {k[4:] + ":0": io[k] for k in io.files if k.startswith("out/")}
            known = {op.name for op in tf.get_default_graph().get_operations()}
            phases = [n for n in ("is_training", "training") if n in known]
            feeds.update({n + ":0": False for n in phases})
            try:
                made = [] if "not_run" in found else session.run(list(wanted), feeds)
            except tf.errors.InvalidArgumentError as error:
                if "CudnnRNN" not in str(error) and "NCHW" not in str(error):
                    raise
                made, found["not_run"] = [], "an op that no CPU has"
            found["largest"] = 0.0
            for a, b in zip(made, wanted.values()):
                gap = np.abs(a - b).max() / max(np.abs(b).max(), 1e-30)
                found["largest"] = max(found["largest"], float(gap))
            if found["largest"] > job["tolerance"]:
                found["wrong"].append("outputs differ by {:.3g}".format(found["largest"]))
    except Exception as error:
        found["wrong"].append(repr(error)[:400])
    print("JSON" + json.dumps(found), flush=True)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--python", required=True, help="a Python that has TensorFlow 1.15")
    parser.add_argument("--only", default="", help="names of goldens, by commas; by default all")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        jobs, failures = written(folder, [name for name in options.only.split(",") if name])
        path = os.path.join(folder, "jobs.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(jobs, file)
        found = restored(options.python, path)
    for one in found:
        print(
            f"{one['name']}: {one.get('tensors')} tensors, {one.get('differing')} with other "
            f"values, outputs within {one.get('largest', 0):.3g}{note(one)}"
        )
    failures += [f"{one['name']}: {wrong}" for one in found for wrong in one["wrong"]]
    failures += ["not every job was run"] if len(found) != len(jobs) else []
    versions = sorted({one["version"] for one in found})
    print(f"{len(found)} jobs under TensorFlow {', '.join(versions)}, {len(failures)} bad")
    print("\n".join(failures))
    return 1 if failures else 0


def note(one: dict) -> str:
    """Returns what is to be said of a job that was run in part."""
    return f" (not run: {one['not_run']})" if "not_run" in one else ""


def written(folder: str, only: list[str]) -> tuple[list[dict], list[str]]:
    """Writes what is to be restored; returns the jobs, and what couldn't be written."""
    sys.path[:0] = [ROOT, os.path.join(ROOT, "tests", "migration")]
    import back_goldens
    import keras

    jobs, failures = [], []
    for name, pair in back_goldens.PAIRS.items():
        if only and name not in only:
            continue
        keras.utils.clear_session()
        try:
            jobs += jobs_of(name, pair, os.path.join(folder, name), back_goldens)
        except Exception as error:
            failures.append(f"{name}: {error!r}")
    return jobs, failures


def jobs_of(name: str, pair, folder: str, goldens) -> list[dict]:
    """Writes a golden back untouched and tuned, and what Keras computes; returns both jobs."""
    import numpy as np

    from tf1compat.checkpoint import open_checkpoint
    from tf1compat.migration import convert, convert_back

    os.mkdir(folder)
    index, plan = pair.planned()
    convert(plan, index)
    source = open_checkpoint(pair.folder)
    container = "saved_model" if source.prefix.endswith("variables") else "checkpoint"
    jobs = []
    for what in ("untouched", "tuned"):
        recording = pair.recording()
        if what == "tuned":
            if name in goldens.TIED:
                continue
            goldens.tune(index, recording.inputs)
        output, io = os.path.join(folder, what), os.path.join(folder, f"{what}.npz")
        convert_back(plan, index, output=output, container=container)
        arrays = {f"in/{key}": value for key, value in recording.inputs.items()}
        arrays |= {f"out/{k}": v for k, v in goldens.outputs_of(index, recording).items()}
        np.savez(io, **arrays)
        jobs.append(
            {
                "name": f"{name} {what}",
                "source": source.prefix,
                "output": output,
                "io": io,
                "saved_model": container == "saved_model",
                "untouched": what == "untouched",
                "tolerance": TOLERANCE,
            }
        )
    return jobs


def restored(python: str, jobs: str) -> list[dict]:
    """Returns what TensorFlow 1.15 says of each job."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment |= {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [python, "-W", "ignore", "-c", CHILD, jobs]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    lines = [line[4:] for line in done.stdout.splitlines() if line.startswith("JSON")]
    if done.returncode:
        print(done.stderr[-2000:])
    return [json.loads(line) for line in lines]


if __name__ == "__main__":
    sys.exit(main())
