"""What all tests run under: a garbage collector that leaves alone what lives as long as they do."""

import gc


def pytest_collection_finish(session):
    """Keeps the imported libraries, a million objects, out of every later collection.

    Graphs are full of circles, and `keras.utils.clear_session` collects each time it is called:
    walking through TensorFlow's modules again and again took a tenth of the suite's time.
    """
    del session
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 10, 10)
