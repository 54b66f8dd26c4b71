"""Layer: what the records can't hold, such as copies, threads, messages and today's variables."""

import copy
import threading

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.errors import GraphError, UsageError
from tf1compat.graph import layers
from tf1compat.graph.layers._scoped import snake_case
from tf1compat.testing import assert_arrays_close

v1 = tf.compat.v1


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as fresh:
        yield fresh


class Bias(layers.Layer):
    def build(self, input_shape):
        self.bias = self.add_weight("bias", [int(input_shape[-1])], initializer="ones")
        self.built = True

    def call(self, inputs, training=None, **kwargs):
        self.told = training, kwargs
        return inputs + self.bias


def test_scope_names_of_classes():
    names = ["Conv2DTranspose", "LSTMCell", "_Private", "Dense", "MyHTTPLayer2D", "GRU"]
    assert [snake_case(name) for name in names] == [
        "conv2d_transpose",
        "lstm_cell",
        "private__private",
        "dense",
        "my_http_layer2d",
        "gru",
    ]


def test_deep_copies_share_variables_and_scope():
    layer = Bias(name="b")
    layer.extra = {"list": [1]}
    layer.tensor = tf.ones([1])
    layer(tf.ones([2]))
    copied = copy.deepcopy(layer)
    assert copied.bias is layer.bias
    assert copied.tensor is layer.tensor
    assert copied.extra == layer.extra
    assert copied.extra is not layer.extra
    assert copied.scope_name == "b"
    copied(tf.ones([2]))
    assert len(v1.global_variables()) == 1


def test_deep_copies_have_lists_and_a_scope_object_of_their_own():
    layer = Bias(name="b", activity_regularizer=tf.reduce_sum)
    layer(tf.ones([2]))
    copied = copy.deepcopy(layer)
    copied.add_loss(tf.constant(1.0))
    assert [len(layer.losses), len(copied.losses)] == [1, 2]
    assert copied.graph is layer.graph
    assert copied.losses[0] is layer.losses[0]
    copied._scope.set_partitioner(v1.fixed_size_partitioner(2))
    assert layer._scope.partitioner is None


def test_deep_copies_share_partitioned_variables():
    with v1.variable_scope("s", partitioner=v1.fixed_size_partitioner(2)):
        layer = layers.Dense(2)
        layer(tf.ones([1, 4]))
    copied = copy.deepcopy(layer)
    assert copied.kernel is layer.kernel
    assert len(v1.global_variables()) == 4


@pytest.mark.parametrize("parts", [None, 2])
def test_a_shared_variable_is_regularized_once(parts):
    with v1.variable_scope("s", partitioner=parts and v1.fixed_size_partitioner(parts)):
        first = layers.Dense(2, name="d", use_bias=False, kernel_regularizer=tf.nn.l2_loss)
        first(tf.ones([1, 4]))
    with v1.variable_scope("s", partitioner=parts and v1.fixed_size_partitioner(parts), reuse=True):
        second = layers.Dense(2, name="d", use_bias=False, kernel_regularizer=tf.nn.l2_loss)
        second(tf.ones([1, 4]))
    assert [len(first.losses), len(second.losses)] == [parts or 1, 0]
    assert len(v1.losses.get_regularization_losses()) == (parts or 1)


def test_a_variable_kept_out_of_the_collection_is_regularized_too():
    def local(getter, *args, **kwargs):
        return getter(*args, **kwargs | {"collections": [v1.GraphKeys.LOCAL_VARIABLES]})

    with v1.variable_scope("s", custom_getter=local):
        layer = layers.Dense(2, use_bias=False, kernel_regularizer=tf.nn.l2_loss)
        layer(tf.ones([1, 4]))
    assert len(layer.losses) == 1


def test_training_is_inherited_from_the_enclosing_call():
    class Outer(layers.Layer):
        def call(self, inputs, training=False):
            self.inner = Bias()
            return self.inner(inputs)

    outer = Outer()
    outer(tf.ones([2]), training=True)
    assert outer.inner.told == (True, {})
    layer = Bias()
    layer(tf.ones([2]), training=False, other=3)
    assert layer.told == (False, {"other": 3})


def test_training_is_dropped_where_call_takes_none():
    assert layers.Dense(2)(tf.ones([1, 2]), training=True).shape == (1, 2)


def test_arrays_and_numbers_become_tensors():
    layer = layers.Layer()
    outputs = layer([np.ones([2], np.float32), 3.0])
    assert all(tf.is_tensor(output) for output in outputs)


def test_called_in_threads_of_one_graph(graph):
    layer = layers.Dense(2, name="d")
    layer(tf.ones([1, 2]))

    def work():
        with graph.as_default(), v1.variable_scope("other"):
            layer(tf.ones([1, 2]))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [v.name for v in v1.global_variables()] == ["d/kernel:0", "d/bias:0"]


def test_the_graph_of_the_first_call(graph):
    layer = layers.Dense(2)
    assert layer.graph is None
    layer(tf.ones([1, 2]))
    assert layer.graph is graph


def test_resource_variables_are_asked_for():
    with v1.variable_scope("a", use_resource=True):
        layer = layers.Dense(2)
        layer(tf.ones([1, 2]))
    assert {variable.op.type for variable in layer.variables} == {"VarHandleOp"}


def test_config_round_trip():
    layer = layers.Conv2D(4, 3, activation="relu", padding="same", name="c")
    twin = layers.Conv2D.from_config(layer.get_config())
    assert twin.get_config() == layer.get_config()
    assert twin.kernel_size == (3, 3)


def test_names_that_layers_take():
    layer = layers.Dense(
        2,
        activation="softsign",
        kernel_initializer={"class_name": "RandomNormal", "config": {"stddev": 0.1}},
        kernel_regularizer="l2",
        kernel_constraint={"class_name": "MaxNorm", "config": {"max_value": 1.0}},
    )
    layer(tf.ones([1, 2]))
    loss = layer.losses[0]
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        kernel, value = session.run([layer.kernel, loss])
        projected = session.run(layer.kernel.constraint(tf.constant([[3.0, 0.3], [4.0, 0.4]])))
    assert_arrays_close(value, np.float32(0.01) * (kernel**2).sum(), rtol=1e-5)  # Keras has no half
    assert_arrays_close(projected, [[0.6, 0.3], [0.8, 0.4]], atol=1e-6)


@pytest.mark.parametrize("name", ["non_neg", "unit_norm", "min_max_norm", "max_norm"])
def test_constraints_hold_after_a_step(name):
    layer = layers.Dense(2, kernel_constraint=name, kernel_initializer="normal")
    loss = tf.reduce_sum(layer(tf.ones([1, 3])))
    step = v1.train.GradientDescentOptimizer(3.0).minimize(loss)
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        session.run(step)
        kernel = session.run(layer.kernel)
    norms = np.sqrt((kernel**2).sum(0))
    smallest, largest = {
        "non_neg": (0.0, np.inf),
        "unit_norm": (1.0, 1.0),
        "min_max_norm": (0.0, 1.0),
        "max_norm": (0.0, 2.0),
    }[name]
    held = kernel if name == "non_neg" else norms
    assert_arrays_close(held, np.clip(held, smallest, largest), atol=1e-4)


def test_eager_calls_are_refused():
    caught = []

    def work():
        try:
            layers.Dense(2)(tf.ones([1, 2]))
        except GraphError as error:
            caught.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert caught
    assert "found eager mode" in caught[0]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: layers.Dense(2, activation="rely"), "'rely'.*one of elu.*relu"),
        (lambda: layers.Dense(2, kernel_initializer="xavier"), "'xavier'.*glorot_uniform"),
        (lambda: layers.Dense(2, kernel_regularizer="l3"), "'l3'.*l1, l1_l2, l2"),
        (lambda: layers.Dense(2, bias_constraint=3), "identifier: 3; pass a function or one of"),
        (lambda: layers.BatchNormalization(virtual_batch_size=2), "virtual_batch_size is not"),
        (lambda: layers.conv2d(tf.ones([2, 2, 2]), 1, 1), "expected ndim=4, found ndim=3"),
        (
            lambda: layers.conv2d(tf.ones([1, 4, 4, 1]), 1, (1, 2, 3)),
            r"`kernel_size` argument must be a tuple of 2 integers. Received: \(1, 2, 3\)",
        ),
    ],
)
def test_messages(make, words):
    with pytest.raises(UsageError, match=words):
        make()


def test_unknown_keyword():
    with pytest.raises(TypeError, match="Keyword argument not understood"):
        layers.Dense(2, colour="red")


def test_input_spec_of_a_shape():
    layer = layers.Layer(name="l")
    layer.input_spec = layers.InputSpec(shape=(None, 3), dtype="float32")
    layer(tf.ones([2, 3]))
    with pytest.raises(UsageError, match=r"expected shape=\(None, 3\), found shape=\[2, 4\]"):
        layer(tf.ones([2, 4]))
    with pytest.raises(UsageError, match="expected dtype=float32, found dtype="):
        layer(tf.ones([2, 3], tf.float64))
    with pytest.raises(UsageError, match="Layer l expects 1 inputs, but it received 2"):
        layer([tf.ones([2, 3])] * 2)
    with pytest.raises(TypeError, match="must be an instance of InputSpec"):
        layer.input_spec = "rank 2"


def test_variables_of_a_branch_go_to_the_graph(graph):
    layer = layers.Dense(2, kernel_regularizer=tf.nn.l2_loss)
    x = tf.ones([1, 2])
    tf.cond(v1.placeholder(tf.bool, []), lambda: layer(x), lambda: -layer(x))
    assert [v.name for v in layer.trainable_weights] == ["dense/kernel:0", "dense/bias:0"]
    assert [v.graph for v in v1.trainable_variables()] == [graph, graph]


def test_a_graph_with_layers_travels_as_a_metagraph(tmp_path):
    outputs = layers.batch_normalization(layers.dense(tf.ones([2, 3]), 4), training=True)
    path = str(tmp_path / "graph.meta")
    meta = v1.train.export_meta_graph(path)
    assert sorted(meta.collection_def) == ["trainable_variables", "update_ops", "variables"]
    with tf.Graph().as_default():
        v1.train.import_meta_graph(path)
        assert len(v1.global_variables()) == 6
        assert v1.get_default_graph().get_tensor_by_name(outputs.name).shape == (2, 4)
