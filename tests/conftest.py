"""What all tests run under: a garbage collector that doesn't come while a graph is being built."""

import gc

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
