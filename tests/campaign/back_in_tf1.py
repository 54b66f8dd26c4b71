"""Has TensorFlow 1.15 restore what was brought back from Keras, and compute what Keras computes.

    python tests/campaign/back_in_tf1.py --python=/opt/tf1/bin/python    # a Python 3.7 that has it

Every golden of `tests/migration/back_goldens.py` is converted, and brought back twice: untouched,
when all tensors must be those of the golden bit for bit, and after a step of training in Keras,
when the v1 graph must compute what Keras computes. A `Saver` of the graph that stands beside the
checkpoint restores it; a SavedModel, which a `.meta` makes too, is restored by its loader, and run
by its signature. Where TensorFlow 2 has the ops, `tf.saved_model.load` loads the same here.
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
                try:
                    loaded = tf.saved_model.load(session, ["serve"], job["output"])
                except tf.errors.InvalidArgumentError as error:
                    if "CudnnRNN" not in str(error):
                        raise
                    found["not_run"] = "it restores by an op that no CPU has, so values alone"
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
            feeds.update({n + ":0": False for n in phases if not job["signed"]})
            if job["signed"] and "not_run" not in found:
                signed = loaded.signature_def["serving_default"]
                given = {one.name for one in signed.inputs.values()}
                if given != set(feeds):
                    found["wrong"].append("takes " + ", ".join(sorted(given)))
                if {one.name for one in signed.outputs.values()} != set(wanted):
                    found["wrong"].append("gives others")
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
    for name, pair in {**back_goldens.PAIRS, **back_goldens.SERVED}.items():
        if only and name not in only:
            continue
        keras.utils.clear_session()
        try:
            jobs += jobs_of(name, pair, os.path.join(folder, name), back_goldens)
        except Exception as error:
            failures.append(f"{name}: {error!r}")
        print(f"{name}: {len(jobs)} jobs so far", flush=True)
    return jobs, failures


def jobs_of(name: str, pair, folder: str, goldens) -> list[dict]:
    """Writes a golden back untouched and tuned, and what Keras computes; returns the jobs."""
    import numpy as np

    from tf1compat.checkpoint import open_checkpoint
    from tf1compat.migration import convert

    os.mkdir(folder)
    index, plan = pair.planned()
    convert(plan, index)
    source = open_checkpoint(pair.folder)
    jobs = []
    for what in ("untouched", "tuned"):
        recording = pair.recording()
        if what == "tuned":
            if name in goldens.TIED:
                continue
            goldens.tune(index, recording.inputs)
        found = goldens.outputs_of(index, recording)
        for container in containers_of(name, source, goldens):
            signed = container == "saved_model" and name != "saved_model"
            asked = pair.asked(recording.inputs) if signed else recording.inputs
            output = os.path.join(folder, f"{what}_{container}")
            back(plan, index, output, container, asked if signed else {}, found)
            arrays = {f"in/{k}": v for k, v in asked.items()}
            np.savez(output + ".npz", **arrays, **{f"out/{k}": v for k, v in found.items()})
            jobs.append(
                {
                    "name": f"{name} {what}, {container}",
                    "source": source.prefix,
                    "output": output,
                    "io": output + ".npz",
                    "saved_model": container == "saved_model",
                    "signed": signed,
                    "untouched": what == "untouched",
                    "tolerance": TOLERANCE,
                }
            )
    return jobs


def containers_of(name: str, source, goldens) -> list[str]:
    """Returns what a golden is written back as."""
    if name in goldens.SERVED or source.prefix.endswith("variables"):
        return ["saved_model"]
    return ["checkpoint", "saved_model"]


def back(plan, index, output: str, container: str, asked: dict, found: dict) -> None:
    """Writes a golden back; a SavedModel of a .meta is asked for these outputs of these inputs."""
    from tf1compat.migration import GraphOptions, convert_back

    options = GraphOptions(inputs=list(asked), outputs=list(found) if asked else ())
    convert_back(plan, index, output=output, container=container, options=options)
    if asked:
        served_here(output, asked, found)


def served_here(output: str, asked: dict, found: dict) -> None:
    """Raises AssertionError where the TensorFlow that is here serves something else."""
    import tensorflow as tf

    from tf1compat.testing import assert_arrays_close

    signed = tf.saved_model.load(output).signatures["serving_default"]
    try:
        made = signed(**{k.replace("/", "_"): tf.constant(v) for k, v in asked.items()})
    except tf.errors.OpError as error:
        if "CudnnRNN" not in str(error) and "NCHW" not in str(error):
            raise
        return
    numbers = {k.replace("/", "_"): v for k, v in found.items()}
    assert_arrays_close({k: v.numpy() for k, v in made.items()}, numbers, of_largest=TOLERANCE)


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
