"""What all tests share: a garbage collector that leaves graphs being built alone, the command,

and `shares`, of which tests import how many of many cases they run, and `forker`.
"""

import gc
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))  # for `shares`
from shares import WHOLE

_MADE_BETWEEN = 40_000  # objects: a dozen tests' graphs and models, thousands of other tests
_TESTS_BETWEEN = 40  # few objects may hold much memory
_finished = iter(range(1, 1_000_000))
# All that rewrites functions, but for what leaves out ops that nothing needs: a SavedModel of 1.x,
# loaded as functions, would ask for what isn't fed.
_REWRITING = (
    *("arithmetic_optimization", "constant_folding", "dependency_optimization", "layout_optimizer"),
    *("loop_optimization", "remapping", "shape_optimization", "implementation_selector"),
)

# oneDNN compiles a kernel for each shape that it meets: a third of the time of proofs that run a
# handful of tiny layers once.
if not WHOLE:
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

gc.disable()  # until everything is imported: collecting found nothing, and took as long


def pytest_collection_finish(session):
    """Keeps the imported libraries, a million objects, out of every later collection.

    Graphs are full of circles, and `keras.utils.clear_session` collects each time it is called:
    walking through TensorFlow's modules, and through graphs that grow, took a fifth of the suite's
    time. So it is collected between tests, when there is something to collect: walking through what
    lives on, to find nothing, took a tenth of a second each time.
    """
    del session
    if "tensorflow" in sys.modules and not WHOLE:
        _take_graphs_as_they_stand()
    gc.freeze()


def _take_graphs_as_they_stand():
    """Has functions and sessions that ask for nothing else run graphs that aren't rewritten before.

    A test's graph runs once or twice: rewriting it took four times as long as that.
    """
    import tensorflow as tf

    tf.config.optimizer.set_experimental_options(dict.fromkeys(_REWRITING, False))
    v1 = tf.compat.v1
    made = v1.Session.__init__

    def plainly(self, target="", graph=None, config=None):
        if config is None:
            config = v1.ConfigProto()
            config.graph_options.rewrite_options.disable_meta_optimizer = True
            config.graph_options.optimizer_options.opt_level = -1
        made(self, target, graph, config)

    v1.Session.__init__ = plainly


def pytest_runtest_logfinish():
    """Collects what the last tests left behind, and keeps what lives on out of later collections.

    A module or a record that one test has loaded stays until the end: walking through all of them
    in each `clear_session` took an eighth of the suite's time.
    """
    made, *_ = gc.get_count()
    if next(_finished) % _TESTS_BETWEEN == 0 or made > _MADE_BETWEEN:
        gc.collect()
        gc.freeze()


@pytest.fixture(scope="session")
def forker():
    """Runs programs in forks of one process that has imported TensorFlow and Keras."""
    from forker import Forker

    made = Forker()
    yield made
    made.close()


@pytest.fixture
def app(capsys):
    """Runs ``tf1compat`` with arguments; returns its exit status, standard output and error."""
    from tf1compat.apps import run  # after what sets the environment that TensorFlow reads

    def call(*args):
        with pytest.raises(SystemExit) as exit_:
            run(args)
        captured = capsys.readouterr()
        return exit_.value.code, captured.out, captured.err

    return call
