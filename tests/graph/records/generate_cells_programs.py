"""Records what TensorFlow 1.15.5 answers to `cells_programs.py`, into cells_programs.json.

Run it with Python 3.7 and tensorflow==1.15.5, from this folder.
"""

import json
import os

import cells_programs
import generate_cells
import tensorflow as tf

if __name__ == "__main__":
    tf.logging.set_verbosity(tf.logging.ERROR)
    namespace, answers = generate_cells.names(), {}
    for name, program in sorted(cells_programs.PROGRAMS.items()):
        with tf.Graph().as_default():
            answers[name] = program(tf, namespace)
    with open(os.path.join(generate_cells.HERE, "cells_programs.json"), "w") as out:
        lines = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(answers.items())]
        out.write("{\n" + ",\n".join(lines) + "\n}\n")
