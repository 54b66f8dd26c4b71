"""What all tests share: a garbage collector that leaves graphs being built alone, the command."""

import gc

import pytest

_TESTS_BETWEEN = 25  # their graphs and models are what the process holds beside the libraries
_finished = iter(range(1, 1_000_000))


def pytest_collection_finish(session):
    """Keeps the imported libraries, a million objects, out of every later collection.

    Graphs are full of circles, and `keras.utils.clear_session` collects each time it is called:
    walking through TensorFlow's modules, and through graphs that grow, took a fifth of the suite's
    time. So it is collected between tests, once in a while.
    """
    del session
    gc.collect()
    gc.freeze()
    gc.disable()


def pytest_runtest_logfinish():
    """Collects what the last tests left behind."""
    if next(_finished) % _TESTS_BETWEEN == 0:
        gc.collect()


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
