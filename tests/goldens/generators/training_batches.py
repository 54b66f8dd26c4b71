"""The batches of the training goldens: the same numbers under any NumPy, for both sides."""

import numpy as np

ROWS = 11  # of the table
BATCH = 4
BEFORE = 7  # steps before the checkpoint
AFTER = 100


def batches(first, count):
    """Yields batches number `first` and on: images [4, 5, 5, 2], ids [4, 3], targets [4, 2]."""
    for number in range(first, first + count):
        rng = np.random.RandomState(1000 + number)
        yield {
            "images": rng.uniform(-1, 1, [BATCH, 5, 5, 2]).astype(np.float32),
            # Few of the rows in each batch, some of them twice: sparse gradients tell.
            "ids": rng.randint(0, ROWS, [BATCH, 3]).astype(np.int32),
            "targets": rng.uniform(-1, 1, [BATCH, 2]).astype(np.float32),
        }
