"""Records loss curves and a checkpoint of `cells_training.py` under TensorFlow 1.15.5.

Run it with Python 3.7 and tensorflow==1.15.5, from this folder. It rewrites cells_training.json
and the checkpoint cells_stack.ckpt.
"""

import json
import os

import cells_training
import generate_cells
import tensorflow as tf

if __name__ == "__main__":
    tf.logging.set_verbosity(tf.logging.ERROR)
    namespace, curves = generate_cells.names(), {}
    for kind, optimizer in cells_training.RUNS:
        save = None
        if kind == "stack":
            save = os.path.join(generate_cells.HERE, "cells_stack.ckpt")
        losses, logits = cells_training.train(tf, namespace, kind, optimizer, save)
        curves[f"{kind}/{optimizer}"] = {
            "losses": losses,
            "logits": [round(float(value), 7) for value in logits[0].ravel()],
        }
    with open(os.path.join(generate_cells.HERE, "cells_training.json"), "w") as out:
        json.dump(curves, out, indent=0, sort_keys=True)
        out.write("\n")
