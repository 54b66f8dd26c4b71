"""The dump of a graph's variables: totals that can be checked by hand."""

import tensorflow as tf

from tf1compat.graph import dump_variables

v1 = tf.compat.v1


def test_dump():
    with tf.Graph().as_default() as graph:
        with v1.device("/job:ps/task:0"):
            w = v1.get_variable("net/w", [512, 512])
        v1.get_variable("net/mean", [512], trainable=False)
        v1.get_variable("stray", [3], collections=[], trainable=False)
        v1.train.AdamOptimizer().minimize(tf.nn.l2_loss(w))
    text = dump_variables(graph)
    kinds, devices, collections, stray = text.split("\n\n")[1:]
    assert "net/w" in text.split("\n\n")[0]
    assert [" ".join(line.split()) for line in kinds.splitlines()[1:]] == [
        "model variables 2 variables 262,656 parameters 1.05 MB",
        "optimizer slots 2 variables 524,288 parameters 2.1 MB",
        "optimizer state 2 variables 2 parameters 8 B",
    ]
    # Adam's beta powers lie with the first variable.
    assert [line.split()[:2] for line in devices.splitlines()[1:]] == [
        ["(not", "placed)"],
        ["/job:ps/task:0", "5"],
    ]
    assert [line.split()[:2] for line in collections.splitlines()[1:]] == [
        ["trainable_variables", "1"],
        ["variables", "6"],
    ]
    assert stray.splitlines() == [
        "1 in no collection, which no Saver or initializer finds",
        "  stray",
    ]


def test_dump_of_nothing():
    assert "nothing: 0 parameters" in dump_variables(tf.Graph())
