"""One process that has imported TensorFlow and Keras, and forks for each program that tests run.

Importing them takes three seconds of processor, most programs next to nothing. Nothing of
TensorFlow runs in it: what had started threads couldn't fork.
"""

import json
import os
import subprocess
import sys

# A program ends as any does, by way of what libraries do at the end of a process.
_FORKER = """
import gc
gc.disable()  # walking through TensorFlow's modules, as they are imported, takes as long as they do
import json, os, runpy, sys
import keras
import tensorflow
import tf1compat.testing

gc.freeze()  # else each fork walks through them at its end
for line in sys.stdin:
    asked = json.loads(line)
    if isinstance(asked, int):
        print(os.waitstatus_to_exitcode(os.waitpid(asked, 0)[1]), flush=True)
        continue
    child = os.fork()
    if not child:
        break
    print(child, flush=True)
else:
    os._exit(0)
output = os.open(asked["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
for stream, now in ((0, os.open(os.devnull, os.O_RDONLY)), (1, output), (2, output)):
    os.dup2(now, stream)
sys.argv = asked["command"]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


class Forker:
    """Runs programs in forks of a process; made when the first is run."""

    def __init__(self):
        self._process = None

    def start(self, program, *arguments, output):
        """Returns the id of a process that runs a Python file; it writes into `output`."""
        command = [os.fspath(program), *map(os.fspath, arguments)]
        return self._asked({"command": command, "output": os.fspath(output)})

    def wait(self, process):
        """Returns the exit status of a process that was started, negative if a signal ended it."""
        return self._asked(process)

    def close(self):
        """Ends the process; what it started isn't ended."""
        if self._process is not None:
            self._process.communicate(timeout=60)

    def _asked(self, what):
        if self._process is None:
            self._process = self._made()
        print(json.dumps(what), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())

    def _made(self):
        root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        given = {"PYTHONPATH": root, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
        given["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # they take longer than a program of tests
        return subprocess.Popen(
            [sys.executable, "-c", _FORKER],
            env={**os.environ, **given},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
