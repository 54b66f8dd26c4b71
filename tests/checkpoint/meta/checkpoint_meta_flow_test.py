import pytest
import tensorflow as tf

from tf1compat.checkpoint import read_meta
from tf1compat.checkpoint.meta.branch_joins import Join

tf1 = tf.compat.v1


@pytest.fixture
def flow_of(tmp_path):
    def read(graph):
        path = str(tmp_path / "graph.meta")
        with graph.as_default():
            tf1.train.export_meta_graph(path)
        return dict(read_meta(path).flow)

    return read


def _variable(name, shape, *, resource=False):
    return tf1.get_variable(name, shape, initializer=tf1.ones_initializer(), use_resource=resource)


def _dense(x, scope, units, *, resource=False):
    with tf1.variable_scope(scope):
        kernel = _variable("kernel", [x.shape[-1], units], resource=resource)
        return tf.nn.bias_add(x @ kernel, _variable("bias", [units], resource=resource))


@pytest.mark.parametrize("resource", [False, True])
def test_layers_in_a_row_with_a_residual_and_training_ops(resource, flow_of):
    with tf.Graph().as_default() as graph:
        x = tf1.placeholder(tf.float32, [None, 4])
        first = tf.nn.relu(_dense(x, "first", 4, resource=resource))
        second = _dense(first, "second", 4, resource=resource)
        out = _dense(first + second, "out", 2, resource=resource)
        weights = tf1.trainable_variables()
        loss = tf.reduce_mean(out**2) + 0.1 * tf.add_n([tf.nn.l2_loss(w) for w in weights])
        with tf1.name_scope("train"):
            train = tf1.train.AdamOptimizer().minimize(loss)
        average = tf1.train.ExponentialMovingAverage(0.9)
        with tf.control_dependencies([train]):
            average.apply(weights)
        tf1.train.Saver()
    assert flow_of(graph) == {
        "first/kernel": (),
        "first/bias": ("first/kernel",),
        "second/kernel": ("first/bias",),
        "second/bias": ("second/kernel",),
        "out/kernel": ("first/bias", "second/bias"),
        "out/bias": ("out/kernel",),
    }


def test_lookups_parts_and_shared_variables(flow_of):
    with tf.Graph().as_default() as graph:
        ids = tf1.placeholder(tf.int32, [None])
        with tf1.variable_scope("emb", partitioner=tf1.fixed_size_partitioner(2)):
            table = tf1.get_variable("table", [6, 4], use_resource=False)
        x = tf.nn.embedding_lookup(table, ids)
        with tf1.variable_scope("tower", reuse=tf1.AUTO_REUSE):
            once = _dense(x, "layer", 4)
            twice = _dense(once, "layer", 4)
        tf.nn.bias_add(twice, _variable("last", [4]))
    flow = flow_of(graph)
    assert flow["emb/table"] == ()
    assert flow["tower/layer/kernel"] == ("emb/table",)  # its own bias leads back to it
    assert flow["last"] == ("tower/layer/bias",)


def test_loops_are_cut(flow_of):
    with tf.Graph().as_default() as graph:
        tf1.disable_control_flow_v2()
        try:
            kernel = _variable("cell/kernel", [4, 4])
            x = _dense(tf1.placeholder(tf.float32, [3, 4]), "inputs", 4)
            _, state = tf1.while_loop(
                lambda i, s: i < 3, lambda i, s: (i + 1, tf.tanh(s @ kernel)), (0, x)
            )
        finally:
            tf1.enable_control_flow_v2()
        _dense(tf.reshape(state, [3, 4]), "outputs", 2)
    flow = flow_of(graph)
    assert flow["cell/kernel"] == ("inputs/bias",)
    assert set(flow["outputs/kernel"]) == {"cell/kernel", "inputs/bias"}  # or no round at all


def test_where_branches_come_together_in_a_training_graph(tmp_path):
    with tf.Graph().as_default():
        x = tf1.placeholder(tf.float32, [None, 4])
        a, b, c = (_dense(x, scope, 4) for scope in "abc")
        both = tf.concat([c, tf.nn.relu(a + b)], axis=1)
        tf1.train.AdamOptimizer().minimize(tf.reduce_mean(_dense(both, "out", 2)))
        tf1.train.export_meta_graph(str(tmp_path / "graph.meta"))
    a, b, c = (frozenset({f"{scope}/bias"}) for scope in "abc")
    assert read_meta(tmp_path / "graph.meta").joins == (
        Join((a, b), ordered=False),
        Join((c, a | b), ordered=True),
    )
