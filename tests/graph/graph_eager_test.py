"""Outside of a v1 graph nothing is silent: it works as in one, or one error tells all."""

import numpy as np
import pytest
import tensorflow as tf
from records.cells import running
from records.cells.all_cases import CASES
from records.replay import CELLS
from shares import share

from tf1compat import graph
from tf1compat.errors import GraphError, Tf1CompatError, UsageError
from tf1compat.graph import layers
from tf1compat.testing import assert_arrays_close, assert_arrays_equal

v1 = tf.compat.v1
X = np.ones([2, 3], np.float32)

EAGER = r"expected a v1 graph being built, found eager mode.*tf\.Graph\(\)\.as_default\(\)"
TRACED = (
    r"expected a v1 graph being built, found a function that is being traced.* doesn't file its "
    r"variable .*tf\.Graph\(\)\.as_default\(\).*wrap_function"
)
# Every layer that has variables, and a shape of inputs for it.
LAYERS = {
    "batch_normalization": (layers.BatchNormalization, [2, 3]),
    "conv1d": (lambda: layers.Conv1D(2, 2), [2, 4, 3]),
    "conv2d": (lambda: layers.Conv2D(2, 2), [2, 4, 4, 3]),
    "conv2d_transpose": (lambda: layers.Conv2DTranspose(2, 2), [2, 4, 4, 3]),
    "conv3d": (lambda: layers.Conv3D(2, 2), [2, 4, 4, 4, 3]),
    "conv3d_transpose": (lambda: layers.Conv3DTranspose(2, 2), [2, 4, 4, 4, 3]),
    "dense": (lambda: layers.Dense(2), [2, 3]),
    "depthwise_conv2d": (lambda: layers.DepthwiseConv2D(2), [2, 4, 4, 3]),
    "embedding": (lambda: layers.Embedding(5, 2), [2, 3]),
    "separable_conv1d": (lambda: layers.SeparableConv1D(2, 2), [2, 4, 3]),
    "separable_conv2d": (lambda: layers.SeparableConv2D(2, 2), [2, 4, 4, 3]),
}
FUNCTIONS = {
    "dense": lambda: layers.dense(X, 2),
    "layer_norm": lambda: layers.layer_norm(tf.constant(X)),
    "embed_sequence": lambda: layers.embed_sequence(tf.constant([[1, 2]]), 5, 2),
    "make_template": lambda: graph.make_template("t", lambda: v1.get_variable("w", [2]))(),
}
ONE_STEP = sorted(name for name in CASES if name.endswith(":once"))


def untransformed(function):
    """Returns `function` as a tf.function that AutoGraph leaves alone, which takes its time."""
    return tf.function(function, autograph=False)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_refused_by_its_name(name):
    make, shape = LAYERS[name]
    with pytest.raises(GraphError, match=f"^layer {name}_[0-9]+: {EAGER}"):
        make().build(tf.TensorShape(shape))
    with pytest.raises(GraphError, match=f"^layer {name}_[0-9]+: {EAGER}"):
        make()(tf.ones(shape))
    with pytest.raises(GraphError, match=f"^layer {name}_[0-9]+: {TRACED}"):
        untransformed(lambda: make()(tf.ones(shape)))()


@pytest.mark.parametrize("name", share(ONE_STEP, 3))
def test_a_cell_is_refused_by_its_name(name):
    def run():
        CASES[name](v1, CELLS, running.Context(v1))

    with pytest.raises(GraphError, match=f"^(layer|cell) .*: {EAGER}"):
        run()
    with pytest.raises(GraphError, match=f"^layer .*: {TRACED}"):
        untransformed(run)()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_that_makes_variables_is_refused(name):
    with pytest.raises(GraphError, match=EAGER):
        FUNCTIONS[name]()
    with pytest.raises(GraphError, match=TRACED):
        untransformed(FUNCTIONS[name])()


def test_autograph_hands_the_error_on_as_it_is():
    with pytest.raises(GraphError, match=f"^layer dense_[0-9]+: {TRACED}") as caught:
        tf.function(lambda: layers.dense(tf.ones([2, 3]), 2))()
    assert isinstance(caught.value, Tf1CompatError)
    assert caught.value.problems[0].expected == "a v1 graph being built"


def test_a_function_inside_of_a_v1_graph_is_refused_too():
    # 1.15.5 files its variables in GLOBAL_VARIABLES alone: the layer says it has none to train.
    with tf.Graph().as_default():
        dense = layers.Dense(2)
        with pytest.raises(GraphError, match=f"^layer dense_1: {TRACED}"):
            untransformed(lambda: dense(tf.constant(X)))()


def test_after_a_first_call_in_the_graph_a_function_in_it_may_call():
    with tf.Graph().as_default(), v1.Session() as session:
        dense = layers.Dense(2)
        direct = dense(tf.constant(X))
        traced = untransformed(lambda: dense(tf.constant(X)))()
        session.run(v1.global_variables_initializer())
        assert_arrays_equal(*session.run([traced, direct]))


def test_wrap_function_makes_variables_as_in_1_15():
    dense, norm = layers.Dense(2, kernel_regularizer="l2"), layers.BatchNormalization(renorm=True)
    wrapped = v1.wrap_function(
        lambda x: norm(dense(x), training=True), [tf.TensorSpec([2, 3], tf.float32)]
    )
    # 1.15.5: the same of a layer, with dense/kernel:0, dense/bias:0.
    assert [v.name for v in dense.trainable_variables] == ["dense/kernel:0", "dense/bias:0"]
    kernel = dense.kernel.numpy()
    loss = wrapped.prune([], wrapped.graph.get_collection("regularization_losses"))()
    assert_arrays_close(loss[0].numpy(), np.float32(0.01 * np.sum(kernel**2)), rtol=1e-6)
    updates = wrapped.graph.get_collection(v1.GraphKeys.UPDATE_OPS)
    assert [update.name.split("/")[1] for update in updates] == [
        "AssignMovingAvg_2",
        "AssignNewValue",
    ]


def test_layers_without_variables_work_in_a_function():
    out = tf.function(lambda x: layers.flatten(layers.dropout(x, training=False)))(tf.constant(X))
    assert_arrays_equal(out.numpy(), X)


def test_a_layer_may_be_made_before_there_is_a_graph():
    dense = layers.Dense(2)
    with tf.Graph().as_default():
        dense(tf.constant(X))
        assert [v.name for v in dense.trainable_variables] == ["dense/kernel:0", "dense/bias:0"]


def test_a_layer_of_another_graph():
    with tf.Graph().as_default():
        dense = layers.Dense(2)
        dense(tf.constant(X))
    message = "dense_1: expected a call in the graph of its variables, where dense/kernel is"
    with tf.Graph().as_default(), pytest.raises(GraphError, match=message):
        dense(tf.constant(X))
    with pytest.raises(GraphError, match=message):
        untransformed(lambda: dense(tf.constant(X)))()


@pytest.mark.parametrize("by", ["argument", "scope", "scope of tf.compat.v1"])
def test_a_regularizer_is_refused(by):
    # 1.15.5 files an eager loss as one number, and fails to run one inside of a tf.function.
    penalty = graph.l2_regularizer(0.1)

    def ask():
        if by == "argument":
            return graph.get_variable("w", [2], regularizer=penalty)
        with graph.variable_scope("s", regularizer=penalty):
            own = graph.get_variable if by == "scope" else v1.get_variable
            return own("w", [2])

    with pytest.raises(GraphError, match=rf"^regularizer of (s/)?w(:0)?: {EAGER}"):
        ask()
    traced = "found a function that is being traced.* whose collections go with it"
    with pytest.raises(GraphError, match=rf"^regularizer of (s/)?w(:0)?: expected.*{traced}"):
        untransformed(ask)()
    with pytest.raises(GraphError, match=rf"^regularizer of (s/)?w(:0)?: expected.*{traced}"):
        v1.wrap_function(ask, [])


def test_a_variable_without_one_is_made_anew_each_time_as_in_1_15():
    first, second = graph.get_variable("w", [2]), graph.get_variable("w", [2])
    assert (first.name, second.name) == ("w:0", "w:0")
    assert first is not second


TAKING_VARIABLES = {
    "Assigner": graph.Assigner,
    "NonFiniteFinder": graph.NonFiniteFinder,
    "ScopeCopy": lambda values: graph.ScopeCopy([(values[0], values[0])]),
    "freeze": graph.freeze,
    "initialize_uninitialized": lambda values: graph.initialize_uninitialized(
        v1.Session(graph=tf.Graph()), values
    ),
    "unfreeze": graph.unfreeze,
}


@pytest.mark.parametrize("name", TAKING_VARIABLES)
def test_variables_of_eager_code_are_named(name):
    with pytest.raises(
        GraphError, match="mine: expected a variable of a v1 graph, found one of eag"
    ):
        TAKING_VARIABLES[name]([tf.Variable(1.0, name="mine")])


def test_a_tensor_of_eager_code():
    with pytest.raises(
        GraphError, match="expected a tensor of a v1 graph, found one of eager code"
    ):
        graph.NonFiniteFinder([tf.constant(1.0)])


@pytest.mark.parametrize("one", ["backbone", tf.Variable(1.0)], ids=["a name", "a variable"])
def test_what_is_no_list_of_variables(one):
    for function in (graph.freeze, graph.Assigner):
        with pytest.raises(UsageError, match="expected a query or a list of variables, found"):
            function(one)


@pytest.mark.parametrize("reuse", [True, v1.AUTO_REUSE])
def test_to_reuse_variables_is_refused(reuse):
    # 1.15.5 makes them anew each time.
    with pytest.raises(GraphError, match=f"^variable scope s, to be reused: {EAGER}"):
        graph.variable_scope("s", reuse=reuse).__enter__()
    with pytest.raises(GraphError, match=f"^variable scope s, to be reused: {EAGER}"):
        graph.Scope("s", reuse=reuse).open().__enter__()


def test_there_is_no_default_graph_to_query():
    with pytest.raises(UsageError, match=r"expected one in eager mode.*graph\.as_default\(\)"):
        graph.query()


def test_no_session():
    # In eager mode tf.compat.v1.get_default_session() is None.
    with tf.Graph().as_default() as g:
        assigner = graph.Assigner([graph.get_variable("w", [2])])
    for act in (
        lambda: assigner.read(None),
        lambda: assigner.assign(None, {"w": np.ones(2, np.float32)}),
        lambda: assigner.initialized(None),
        lambda: graph.initialize_uninitialized(None),
        lambda: graph.query(g).uninitialized(None),
    ):
        with pytest.raises(
            UsageError, match=r"session: expected a session .* found NoneType; open"
        ):
            act()


def test_what_wrap_function_made_can_be_queried():
    wrapped = v1.wrap_function(lambda: graph.get_variable("w", [2]) + 0.0, [])
    found = graph.query(wrapped.graph)
    assert found.names == ("w",)
    assert "w     (2,)   float32" in str(found)
    with pytest.raises(
        GraphError, match="w: expected a variable of a v1 graph, found one of eager"
    ):
        graph.freeze(found)


def test_losses_and_updates_of_a_layer():
    layer = layers.Layer()
    with pytest.raises(GraphError, match=f"^loss of Layer: {EAGER}"):
        layer.add_loss(tf.constant(1.0))
    with pytest.raises(GraphError, match=f"^update of Layer: {EAGER}"):
        layer.add_update(tf.constant(1.0))
