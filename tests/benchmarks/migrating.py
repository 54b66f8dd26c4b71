"""`tf1compat migrate` of 1.34 GB against a process that writes the same bytes by h5py alone.

    python tests/benchmarks/migrating.py --directory=/some/where [--repeat=5]

Whole processes, in turns, the checkpoint in the page cache. In the figure of `migrate` is all that
it does by default: imports, building the model without memory for its weights, planning, reading
each tensor and checking its CRC-32C, writing it, a SHA-256 of each in the file's manifest, a sync,
and reading the whole file back from the disk and comparing digests. (There is no graph beside the
checkpoint, and above 1 GB proof by computing waits for `--prove`.) The others, each a process too:

* h5py: imports Keras, builds the same model, initialised, and writes the same bytes into datasets
  of the same names with h5py alone; nothing is checked, hashed, synced or read back;
* h5py, synced: the same, and then what was written is on the disk;
* h5py, zeros: the same as the first, but the model's initialisers are all zeros;
* Keras: imports Keras and starts its backend; above its peak, that of `migrate` is to be at most
  the largest tensor (125 MB) and 64 MB more.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import statistics
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(os.path.dirname(HERE))]

from make_bert_large import VOCABULARY, WIDTH, make  # noqa: E402
from whole_processes import Taken, compile_package, in_turns, report, taken  # noqa: E402

START = "import keras; keras.ops.convert_to_numpy(keras.ops.zeros(1))"
RULES = """rules = [
  {source='cls/predictions/output_bias', drop='the model has no scores of words'},
  {source='cls/seq_relationship/output_.*', drop='nor of pairs'},
]
"""
LARGEST = 4 * VOCABULARY * WIDTH / 1e6


def plain(way: str, prefix: str, output: str) -> None:
    """Builds the model and writes the places that :func:`places` found."""
    import h5py
    import numpy as np
    from bert_large_model import build, build_of_zeros

    build_of_zeros() if way == "zeros" else build()
    with open(f"{prefix}.places.json", encoding="utf-8") as file:
        named = json.load(file)
    data = np.memmap(f"{prefix}.data-00000-of-00001", np.uint8, "r")
    with h5py.File(output, "w") as file:
        for name, (shape, offset) in named.items():
            size = int(np.prod(shape)) * 4
            value = data[offset : offset + size].view(np.float32).reshape(shape)
            file.create_dataset(name, data=value)
    if way == "synced":
        handle = os.open(output, os.O_RDONLY)
        os.fsync(handle)


def places(prefix: str, output: str) -> None:
    """Notes, for each dataset of a migrated file, its shape and where the checkpoint has it."""
    import h5py
    import numpy as np

    from tf1compat.checkpoint import open_checkpoint
    from tf1compat.checkpoint.bundle.reader import Bundle

    bundle, entries, found = Bundle(prefix), open_checkpoint(prefix), {}
    with h5py.File(output, "r") as file:
        datasets = json.loads(file["_tf1compat/datasets"][()].tobytes())
        for path, dataset in datasets.items():
            name = path.replace(".", "/").removesuffix("/embeddings")
            if not np.array_equal(file[dataset][()], entries[name].read()):
                raise SystemExit(f"{path} isn't {name}")
            found[dataset] = (entries[name].shape, bundle.record(name).offset)
    with open(f"{prefix}.places.json", "w", encoding="utf-8") as file:
        json.dump(found, file)


def anew(path: str, command: list[str]) -> Taken:
    """Runs a command that makes a file which isn't there."""
    if os.path.exists(path):
        os.unlink(path)
    return taken(command, HERE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--directory", required=True, help="of the checkpoint; 4.1 GB")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--plain", choices=("plain", "synced", "zeros"))
    options = parser.parse_args()
    prefix = make(options.directory)
    plain_output = f"{prefix}.plain.weights.h5"
    if options.plain:
        plain(options.plain, prefix, plain_output)
        return
    compile_package()
    output, rules = f"{prefix}.weights.h5", f"{prefix}.rules.toml"
    with open(rules, "w", encoding="utf-8") as file:
        file.write(RULES)
    migrate = ["-m", "tf1compat", "migrate", prefix, "bert_large_model:build", output]
    migrate = [*migrate, f"--rules={rules}"]
    anew(output, migrate)
    places(prefix, output)

    def by_h5py(way: str) -> functools.partial[Taken]:
        command = [__file__, f"--directory={options.directory}", f"--plain={way}"]
        return functools.partial(anew, plain_output, command)

    found = in_turns(
        {
            "h5py": by_h5py("plain"),
            "h5py, synced": by_h5py("synced"),
            "h5py, zeros": by_h5py("zeros"),
            "Keras": functools.partial(taken, ["-c", START]),
            "migrate": functools.partial(anew, output, migrate),
        },
        options.repeat,
    )
    for base in ("h5py", "h5py, synced", "h5py, zeros"):
        report({base: found[base], "migrate": found["migrate"]}, base=base)
    peaks = [statistics.median(one.peak for one in found[name]) for name in ("migrate", "Keras")]
    print(
        f"peak memory above Keras' own: {peaks[0] - peaks[1]:.0f} MB, the largest tensor and 64 MB "
        f"are {LARGEST + 64:.0f} MB"
    )


if __name__ == "__main__":
    main()
