"""Scope: settings carried, nesting, devices, partitions, reuse."""

import copy
import pickle
import threading

import pytest
import tensorflow as tf

from tf1compat.errors import UsageError
from tf1compat.graph import Scope
from tf1compat.testing import assert_arrays_close

v1 = tf.compat.v1


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as fresh:
        yield fresh


def test_settings_reach_variables(graph):
    clip = tf.nn.relu
    scope = Scope(
        "net",
        initializer=v1.constant_initializer(2.0),
        regularizer=tf.nn.l2_loss,
        dtype=tf.float64,
        caching_device="/cpu:0",
        device="/device:CPU:0",
        constraint=clip,
        use_resource=True,
    )
    with scope.open() as opened:
        variable = v1.get_variable("w", [3])
        inner = tf.constant(1.0)
    assert opened.name == "net"
    assert variable.name == "net/w:0"
    assert variable.dtype.base_dtype == tf.float64
    assert variable.constraint is clip
    assert variable.device == inner.device == "/device:CPU:0"
    assert variable.op.type == "VarHandleOp"
    (loss,) = v1.get_collection(v1.GraphKeys.REGULARIZATION_LOSSES)
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        assert_arrays_close(session.run([variable, loss])[1], 6.0)


def test_children_and_combinations():
    base = Scope("net", device="/cpu:0")
    assert (base / "a" / "b").name == "net/a/b"
    joined = base | Scope("head", dtype=tf.float16) | Scope(reuse=v1.AUTO_REUSE)
    assert (joined.name, joined.device, joined.dtype) == ("net/head", "/cpu:0", tf.float16)
    assert joined.reuse is v1.AUTO_REUSE
    assert base.name == "net"
    assert base == Scope("net", device="/cpu:0")


def test_custom_getters_of_a_combination_run_inner_first():
    order = []

    def getter(tag):
        def wrapped(getter, name, *args, **kwargs):
            order.append(tag)
            return getter(f"{name}_{tag}", *args, **kwargs)

        return wrapped

    scope = Scope("s", custom_getter=getter("outer")) | Scope(custom_getter=getter("inner"))
    with scope.open():
        assert v1.get_variable("w", [1]).name == "s/w_inner_outer:0"
    assert order == ["inner", "outer"]


def test_context_manager_and_decorator_are_reentrant():
    scope = Scope("s", reuse=v1.AUTO_REUSE)

    @scope
    def make():
        return v1.get_variable("w", [1])

    with scope as one, scope as two:
        assert (one.name, two.name) == ("s", "s/s")
    assert make() is make()
    assert v1.get_variable_scope().name == ""


def test_a_nameless_scope_changes_settings_only():
    with Scope("a").open(), Scope(dtype=tf.float64).open() as inner:
        variable = v1.get_variable("w", [1])
        assert (tf.constant(1.0, name="c").name, inner.name) == ("a/c:0", "a")
    assert (variable.name, variable.dtype.base_dtype) == ("a/w:0", tf.float64)


def test_reuse_given_to_open_wins():
    scope = Scope("s")
    with scope.open():
        first = v1.get_variable("w", [1])
    with scope.open(reuse=True):
        assert v1.get_variable("w", [1]) is first
    with scope.open(), pytest.raises(ValueError, match="already exists"):
        v1.get_variable("w", [1])


def test_partitions_over_replica_devices():
    setter = v1.train.replica_device_setter(ps_tasks=2, worker_device="/job:worker")
    scope = Scope("s", partitioner=v1.fixed_size_partitioner(2), device=setter)
    with scope:
        table = v1.get_variable("table", [4, 2])
        product = tf.constant(1.0) * 2.0
    assert [part.device for part in table] == ["/job:ps/task:0", "/job:ps/task:1"]
    assert product.device == "/job:worker"


def test_threads_open_one_value_each_for_itself(graph):
    scope, names, barrier = Scope("s", reuse=v1.AUTO_REUSE), [], threading.Barrier(3)

    def work():
        with graph.as_default(), scope as opened:
            barrier.wait()
            names.append((opened.name, v1.get_variable_scope().name))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names == [("s", "s")] * 3


def test_copies_are_equal():
    scope = Scope("s", dtype=tf.float32)
    assert copy.deepcopy(scope) is scope
    assert pickle.loads(pickle.dumps(Scope("s", use_resource=True))) == Scope(
        "s", use_resource=True
    )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Scope(3), "expected a name, found 3"),
        (lambda: Scope("a", reuse="yes"), "expected reuse to be None, True or AUTO_REUSE"),
        (lambda: Scope("a").with_(color=1), "no setting color; it has name, initializer"),
    ],
)
def test_wrong_arguments(make, words):
    with pytest.raises(UsageError, match=words):
        make()
