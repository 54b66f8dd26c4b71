"""shared and make_template: one set of variables for all calls, and clear refusals."""

import gc
import threading
import weakref

import pytest
import tensorflow as tf

from tf1compat.errors import GraphError, SharingError, UsageError
from tf1compat.graph import Scope, layers, make_template, shared
from tf1compat.testing import assert_arrays_close, assert_arrays_equal

v1 = tf.compat.v1


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as fresh:
        yield fresh


def names():
    return [variable.name for variable in v1.global_variables()]


def tower_function(x, depth=1):
    for _ in range(depth):
        x = layers.dense(x, 3)
    return x


def test_calls_share_wherever_they_are():
    tower = shared("tower")(tower_function)
    x = tf.ones([2, 3])
    first = tower(x, depth=2)
    with v1.variable_scope("elsewhere"), v1.name_scope("ops"):
        second = tower(x, depth=2)
    assert names() == [
        "tower/dense/kernel:0",
        "tower/dense/bias:0",
        "tower/dense_1/kernel:0",
        "tower/dense_1/bias:0",
    ]
    assert first is not second
    assert [v.name for v in tower.variables] == names()
    assert tower.variable_scope.name == "tower"


def test_towers_agree_in_value_and_gradient():
    tower = shared("tower")(tower_function)
    x = v1.random_normal([4, 3], seed=1)
    kept = tf.identity(x)
    left, right = tower(kept), tower(kept)
    kernel = tower.trainable_variables[0]
    (gradient,) = tf.gradients(tf.reduce_sum(left) + tf.reduce_sum(right), [kernel])
    (single,) = tf.gradients(tf.reduce_sum(left), [kernel])
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        a, b, both, one = session.run([left, right, gradient, single])
    assert_arrays_equal(a, b)
    assert_arrays_close(both, 2 * one, atol=1e-5)


def test_a_new_variable_is_named_with_its_why():
    tower = shared("tower")(tower_function)
    tower(tf.ones([2, 3]))
    with pytest.raises(SharingError) as caught:
        tower(tf.ones([2, 3]), depth=2)
    (problem,) = caught.value.problems
    assert problem.name == "tower/dense_1/kernel"
    assert "one of the 2 variables of the first call (at " in problem.expected
    assert "nearest: tower/dense/kernel (3, 3) made at " in problem.expected
    assert problem.found == "a new variable (shape (3, 3))"
    assert "graph_sharing_test.py:" in problem.origin
    assert isinstance(caught.value, ValueError)
    assert len(names()) == 2


def test_the_first_creation_is_told_by_file_and_line():
    tower = shared("tower")(tower_function)
    tower(tf.ones([2, 3]))
    with pytest.raises(SharingError, match=r"shape \(5, 3\)") as caught:
        tower(tf.ones([2, 5]))
    line = tower_function.__code__.co_firstlineno + 2
    assert f"graph_sharing_test.py:{line}" in caught.value.problems[0].expected
    assert "shape (3, 3), as first made at" in str(caught.value)


def test_another_dtype_is_refused():
    tower = shared("t")(lambda dtype: v1.get_variable("w", [1], dtype=dtype))
    tower(tf.float32)
    with pytest.raises(SharingError, match=r"expected dtype float32.*found dtype float64"):
        tower(tf.float64)


def test_tf_variables_are_refused_before_they_are_made():
    tower = shared("t")(lambda: tf.Variable([1.0], name="mine"))
    tower()
    with pytest.raises(SharingError, match="mine: expected only variables of the first call"):
        tower()
    assert names() == ["t/mine:0"]


def test_local_variables_of_later_calls_are_let_through():
    tower = shared("t")(lambda: v1.metrics.mean(tf.constant(1.0)))
    tower(), tower()
    assert len(v1.local_variables()) == 4


def test_two_builders_of_one_name_are_apart():
    one, two = shared("tower")(tower_function), shared("tower")(tower_function)
    x = tf.ones([2, 3])
    one(x), two(x), one(x)
    assert [scope.variable_scope.name for scope in (one, two)] == ["tower", "tower_1"]
    assert len(names()) == 4


def test_graphs_never_meet(graph):
    tower = shared("tower")(tower_function)
    tower(tf.ones([2, 3]))
    with tf.Graph().as_default():
        tower(tf.ones([2, 7]), depth=2)
        assert len(names()) == 4
        assert names()[0] == "tower/dense/kernel:0"
        assert tower.variables[0].graph is v1.get_default_graph()
    assert len(tower.variables) == 2
    tower(tf.ones([2, 3]))


def test_a_graph_is_let_go():
    tower = shared("tower")(tower_function)
    other = tf.Graph()
    with other.as_default():
        tower(tf.ones([2, 3]))
    alive = weakref.ref(other)
    del other
    gc.collect()
    assert alive() is None


def test_nested_builders():
    inner = shared("inner")(tower_function)
    outer = shared("outer")(lambda x: inner(x) + v1.get_variable("b", [3]))
    x = tf.ones([2, 3])
    outer(x), outer(x), inner(x)
    assert names() == ["outer/inner/dense/kernel:0", "outer/inner/dense/bias:0", "outer/b:0"]


def test_inner_growth_is_refused_by_the_outer_name():
    outer = shared("outer")(lambda x, n: tower_function(x, n))
    outer(tf.ones([2, 3]), 1)
    with v1.variable_scope("x"), pytest.raises(SharingError, match="outer/dense_1/kernel"):
        outer(tf.ones([2, 3]), 2)


def test_threads_share_and_wait(graph):
    tower, x = shared("tower")(tower_function), tf.ones([2, 3])
    errors = []

    def work():
        try:
            with graph.as_default():
                tower(x, depth=3)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert names() == [v.name for v in tower.variables]
    assert len(names()) == 6


def test_builders_of_one_name_in_threads_stay_apart(graph):
    builders = [shared("tower")(tower_function) for _ in range(3)]

    def work(builder):
        with graph.as_default():
            builder(tf.ones([2, 3]))

    for builder in builders:  # one thread after another: each counts default names anew
        thread = threading.Thread(target=work, args=(builder,))
        thread.start()
        thread.join()
    assert [b.variable_scope.name for b in builders] == ["tower", "tower_1", "tower_2"]


def test_partitions_devices_and_settings():
    scope = Scope(
        "table",
        partitioner=v1.fixed_size_partitioner(2),
        regularizer=tf.nn.l2_loss,
        device=v1.train.replica_device_setter(ps_tasks=2),
    )
    lookup = shared(scope)(lambda ids: v1.nn.embedding_lookup(v1.get_variable("w", [4, 2]), ids))
    lookup([0, 1]), lookup([2])
    assert names() == ["table/w/part_0:0", "table/w/part_1:0"]
    assert [v.device for v in v1.global_variables()] == ["/job:ps/task:0", "/job:ps/task:1"]
    assert len(v1.get_collection(v1.GraphKeys.REGULARIZATION_LOSSES)) == 2
    assert len(lookup.variables) == 1
    assert len(lookup.trainable_variables) == 2


def test_conditions_and_loops():
    tower = shared("tower")(tower_function)
    x = tf.ones([2, 3])
    flag = v1.placeholder_with_default(True, [])
    y = v1.cond(flag, lambda: tower(x), lambda: -tower(x))
    z = tf.while_loop(lambda i, value: i < 3, lambda i, value: (i + 1, tower(value)), [0, x])[1]
    assert names() == ["tower/dense/kernel:0", "tower/dense/bias:0"]
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        up, down = session.run(y), session.run(y, {flag: False})
        assert_arrays_equal(up, -down)
        assert session.run(z).shape == (2, 3)


def test_a_failed_first_call_may_be_tried_again():
    fail = [True]

    @shared("t")
    def flaky():
        a = v1.get_variable("a", [1])
        if fail.pop() if fail else False:
            raise RuntimeError("half way")
        return a + v1.get_variable("b", [1])

    with pytest.raises(RuntimeError, match="half way"):
        flaky()
    flaky(), flaky()
    assert names() == ["t/a:0", "t/b:0"]


def test_methods_share_for_each_instance():
    class Net:
        @shared("net")
        def forward(self, x):
            return layers.dense(x, 2)

    one, two = Net(), Net()
    x = tf.ones([1, 2])
    one.forward(x), one.forward(x), two.forward(x)
    assert [v.name for v in one.forward.variables] == ["net/dense/kernel:0", "net/dense/bias:0"]
    assert two.forward.variable_scope.name == "net_1"


def test_existing_variables_are_adopted_on_request():
    with v1.variable_scope("old"):
        v1.get_variable("w", [2])
    adopt = shared(Scope("old", reuse=v1.AUTO_REUSE))(lambda: v1.get_variable("w", [2]))
    adopt(), adopt()
    assert names() == ["old/w:0"]


def test_updates_and_losses_of_towers():
    @shared("tower")
    def tower(x):
        x = layers.batch_normalization(x, training=True, gamma_regularizer=tf.nn.l2_loss)
        return layers.dense(x, 2, kernel_regularizer=tf.nn.l2_loss)

    tower(tf.ones([4, 3])), tower(tf.ones([4, 3]))
    assert len(v1.get_collection(v1.GraphKeys.REGULARIZATION_LOSSES)) == 2
    assert len(v1.get_collection(v1.GraphKeys.UPDATE_OPS)) == 4


def test_eager_mode_is_refused():
    tower = shared("tower")(tower_function)
    failures = []

    def eager():  # a new thread has no graph of its own
        try:
            tower(tf.ones([2, 3]))
        except GraphError as error:
            failures.append(str(error))

    thread = threading.Thread(target=eager)
    thread.start()
    thread.join()
    assert len(failures) == 1
    assert "found eager mode" in failures[0]


def test_no_name():
    with pytest.raises(UsageError, match="expected the name of a scope, found ''"):
        shared("")
    with pytest.raises(UsageError, match="name cannot be None"):
        make_template(None, tower_function)


def test_templates_made_without_a_graph():
    made = []
    thread = threading.Thread(
        target=lambda: made.append(make_template("t", lambda: v1.get_variable("w", [1])))
    )
    thread.start()
    thread.join()
    made[0](), made[0]()
    assert names() == ["t/w:0"]
