"""Flips bytes of every output format, and compares what Keras loads with what verifying says.

    python tests/campaign/flips.py                 # a quick slice
    python tests/campaign/flips.py --offsets=2000  # of each kind of file

Kinds are the two formats as this package writes them, and as Keras does, whose files have no
digests (of these a `.keras` has its zip's checksums; a `.weights.h5` has nothing, so that it is
counted and told, not judged). Each case flips one byte, has Keras load the file in a child that is
killed when it hangs, and verifies it against its checkpoint:

    noticed     verifying says that something is wrong
    harmless    it doesn't, and Keras loads the same values, dtypes and configuration
    SILENT      it doesn't, and Keras loads others, or fails to
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import json
import os
import random
import signal
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import gc  # noqa: E402

import keras  # noqa: E402
import numpy as np  # noqa: E402

from tf1compat.checkpoint import open_checkpoint, write_checkpoint  # noqa: E402
from tf1compat.errors import Tf1CompatError  # noqa: E402
from tf1compat.files.dtypes import numpy_dtype  # noqa: E402
from tf1compat.keras3 import index_model  # noqa: E402
from tf1compat.migration import convert, plan_migration, verify_weights  # noqa: E402

HANG = 20  # seconds
JUDGED = ("m.weights.h5", "m.keras", "own.keras")
COUNTED = ("own.weights.h5",)


def _model() -> keras.Model:
    x = keras.Input((4,))
    y = keras.layers.Dense(5, "relu", name="a")(x)
    y = keras.layers.BatchNormalization(name="norm")(y)
    return keras.Model(x, keras.layers.Dense(3, name="b", dtype="bfloat16")(y))


def _values() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    shapes = {"a/kernel": (4, 5), "a/bias": (5,), "b/kernel": (5, 3), "b/bias": (3,)}
    shapes |= {f"norm/{name}": (5,) for name in ("gamma", "beta", "moving_mean")}
    values = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    values["norm/moving_variance"] = np.abs(rng.normal(size=5)).astype(np.float32)
    bfloat16 = numpy_dtype("bfloat16")
    return {k: v.astype(bfloat16) if k[0] == "b" else v for k, v in values.items()}


class Campaign:
    """A checkpoint, the plan that was carried out, and a model for weights to be loaded into."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        write_checkpoint(os.path.join(folder, "m"), _values())
        self.checkpoint = open_checkpoint(os.path.join(folder, "m"))
        self.model = _model()
        self.index = index_model(self.model)
        self.plan = plan_migration(self.checkpoint, self.index)
        self._write()
        self.zeros = [np.zeros(w.shape, numpy_dtype(w.dtype)) for w in self.model.weights]

    def _write(self) -> None:
        for name in ("m.weights.h5", "m.keras"):
            path = os.path.join(self.folder, name)
            convert(self.plan, self.index, output=path, checkpoint=self.checkpoint)
        convert(self.plan, self.index, checkpoint=self.checkpoint)
        self.model.save_weights(os.path.join(self.folder, "own.weights.h5"))
        self.model.save(os.path.join(self.folder, "own.keras"))

    def loaded(self, path: str) -> str:
        """Returns what tells apart what Keras loads."""
        if path.endswith(".keras"):
            model = keras.saving.load_model(path, compile=False)
            config = json.dumps(model.get_config(), sort_keys=True, default=str)
        else:
            model, config = self.model, ""
            model.set_weights(self.zeros)
            model.load_weights(path)
        digest = hashlib.sha256(config.encode())
        for weight in model.weights:
            value = keras.ops.convert_to_numpy(weight)
            digest.update(f"{weight.name} {value.dtype} {value.shape}".encode() + value.tobytes())
        return digest.hexdigest()

    def noticed(self, path: str) -> bool:
        """Tells whether verifying says that something is wrong."""
        try:
            found = verify_weights(self.plan, self.index, output=path, checkpoint=self.checkpoint)
        except Tf1CompatError:
            return True
        return not found.equal


def _alarm(*_: object) -> None:
    raise TimeoutError("hang")


def _judged(campaign: Campaign, path: str, truth: str) -> str:
    signal.signal(signal.SIGALRM, _alarm)
    signal.alarm(HANG)
    try:
        if campaign.noticed(path):
            return "noticed"
    except TimeoutError:
        return "HANG of verifying"
    except Exception as error:
        return f"UNTYPED {type(error).__name__}"
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the child's: libraries hear none of Python
    outcome = _outcome(lambda: campaign.loaded(path), truth)
    return "harmless" if outcome == "same" else f"SILENT {outcome}"


def _outcome(load, truth: str) -> str:
    """Has a child load, which may hang or die of what verifying didn't notice."""
    child = os.fork()
    if child == 0:
        signal.alarm(HANG)
        try:
            os._exit(0 if load() == truth else 3)
        except BaseException:
            os._exit(4)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return {0: "same", 3: "others", 4: "fails"}.get(status, f"died of {-status}")


def flips(campaign: Campaign, name: str, count: int) -> dict[str, list[str]]:
    """Returns the cases by their verdicts."""
    source, rng = os.path.join(campaign.folder, name), random.Random(1155)
    with open(source, "rb") as file:
        data = file.read()
    truth, found = campaign.loaded(source), collections.defaultdict(list)
    if campaign.noticed(source):
        raise SystemExit(f"{name}: verifying says that the file is wrong before it is touched")
    path = os.path.join(campaign.folder, f"flipped-{name}")
    for offset in sorted(rng.sample(range(len(data)), min(count, len(data)))):
        mask = rng.choice([1 << rng.randrange(8), rng.randrange(1, 256)])
        with open(path, "wb") as file:
            file.write(data[:offset] + bytes([data[offset] ^ mask]) + data[offset + 1 :])
        found[_judged(campaign, path, truth)].append(f"{name}: {offset} ^ {mask:#x}")
    print(f"{name}: {len(data)} bytes:", {k: len(v) for k, v in found.items()}, flush=True)
    return found


def main() -> int:
    """Runs the campaign; returns 1 if anything was silent, untyped or hung."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--offsets", type=int, default=15, help="of each kind of file")
    options = parser.parse_args()
    bad = []
    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(folder)
        gc.freeze()
        for name in (*JUDGED, *COUNTED):
            for verdict, cases in flips(campaign, name, options.offsets).items():
                wrong = verdict not in ("noticed", "harmless")
                if wrong and not (name in COUNTED and verdict.startswith("SILENT")):
                    bad += [f"{verdict} | {case}" for case in cases]
    print("\n".join(bad[:40]))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
