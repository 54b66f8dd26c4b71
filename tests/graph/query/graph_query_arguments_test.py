"""What can be no argument of a query is one clear error, and not an empty answer."""

import pytest
import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph import query


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda q: q.shape("x"), "shape 'x': expected a sequence of sizes, None for any"),
        (lambda q: q.shape(None), "shape None: expected a sequence of sizes"),
        (lambda q: q.shape([1.5]), r"shape \[1.5\]: expected a sequence of sizes"),
        (lambda q: q.shape([-1]), r"shape \[-1\]: expected a sequence of sizes"),
        (lambda q: q.dtype("nope"), "dtype 'nope': expected one that TensorFlow has"),
        (lambda q: q.rank("1"), "rank '1': expected a number of dimensions, from 0"),
        (lambda q: q.size(at_least="a"), "size 'a': expected a number of elements"),
        (lambda q: q.device(3), "device 3: expected like '/job:ps/task:0/cpu:0'"),
    ],
)
def test_what_is_no_argument(ask, message):
    with tf.Graph().as_default() as graph, pytest.raises(UsageError, match=message):
        ask(query(graph))
