"""Random nets under both libraries, one of the two changed: what is accepted computes the same.

    python tests/campaign/pairs.py                       # 6 pairs, as the suite does
    python tests/campaign/pairs.py --first=0 --last=400  # more of them, about one a second

Each pair is planned from checkpoint and graph, settled and proved, as ``tf1compat migrate`` does.
What comes out complete and proved is converted and run on inputs of four sizes that proof doesn't
use; the v1 graph was run on them before. Counted against the tool are

    wrong      it was accepted, and the outputs differ by more than 1e-4 of the largest
    unproved   nothing was changed, the plan is complete, and it was refused
"""

from __future__ import annotations

import argparse
import collections
import os
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(os.path.dirname(HERE)), HERE]

import keras  # noqa: E402
import numpy as np  # noqa: E402
import random_nets as nets  # noqa: E402
import tensorflow as tf  # noqa: E402

from tf1compat.checkpoint import open_checkpoint  # noqa: E402
from tf1compat.keras3 import index_model  # noqa: E402
from tf1compat.migration import convert, plan_migration, prove  # noqa: E402
from tf1compat.migration.verification.settling import settle  # noqa: E402

v1 = tf.compat.v1
SIZES = (0.3, 1, 5, 40)
TOLERANCE = 1e-4  # of the largest output


def outcome(seed: int) -> tuple[str, str, str]:
    """Returns what was changed in the pair of this number, what came out, and more about it."""
    rng = np.random.default_rng(seed)
    net, change = nets.drawn(rng), str(rng.choice(nets.CHANGES))
    styles = [str(rng.choice(nets.Names.STYLES)) for _ in range(2)]
    shape = nets.SHAPES[net.over]
    given = [size * rng.normal(size=(5, *shape)).astype(np.float32) for size in SIZES]
    keras.utils.clear_session()
    with tempfile.TemporaryDirectory() as folder:
        prefix = os.path.join(folder, "model.ckpt")
        expected = _written(prefix, net, nets.Names(styles[0], nested=True), given, rng)
        model = nets.keras_model(
            nets.changed(net, change, rng), nets.Names(styles[1], nested=False)
        )
        index, checkpoint = index_model(model), open_checkpoint(prefix)
        plan = settle(plan_migration(checkpoint, index), index, checkpoint).plan
        if not plan.complete:
            return change, "incomplete", plan.headline()
        proof = prove(plan, index, checkpoint=checkpoint)
        if not proof.agrees:
            return change, "refused" if change != "none" else "unproved", str(proof)
        convert(plan, index, checkpoint=checkpoint)
    apart = max(_apart(model(x).numpy(), y) for x, y in zip(given, expected, strict=True))
    kinds = ", ".join(block.kind for block in net.blocks)
    return change, "right" if apart < TOLERANCE else "wrong", f"{apart:.1e} ({kinds})"


def _written(prefix, net, names, given, rng):
    """Writes the checkpoint of the net's program; returns what it computes of each input."""
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, *nets.SHAPES[net.over]], "x")
        y = tf.identity(nets.v1_program(net, x, names), "y")
        for variable in v1.global_variables():
            positive = "variance" in variable.name or "gamma" in variable.name
            shape = variable.shape.as_list()
            value = rng.uniform(0.5, 1.5, shape) if positive else rng.normal(size=shape)
            variable.load(value, session)
        v1.train.Saver().save(session, prefix)
        return [session.run(y, {x: one}) for one in given]


def _apart(found, expected):
    return float(np.abs(found - expected).max() / (np.abs(expected).max() or 1))


def main() -> int:
    """Runs the pairs and prints what came out, by what was changed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--last", type=int, default=3)
    arguments = parser.parse_args()
    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    for seed in range(arguments.first, arguments.last):
        change, what, more = outcome(seed)
        counts[change, what] += 1
        if what not in ("right", "refused"):
            print(f"{seed}: {change}: {what}: {more}", flush=True)
    for (change, what), count in sorted(counts.items()):
        print(f"{change:12} {what:12} {count}")
    bad = sum(count for (_, what), count in counts.items() if what in ("wrong", "unproved"))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
