"""What an item says of the collections that hold its variable, asked outside of any query."""

import pytest
import tensorflow as tf

from tf1compat.graph import GraphItem, freeze, query, unfreeze

v1 = tf.compat.v1
Keys = v1.GraphKeys


@pytest.mark.parametrize("use_resource", [True, False])
def test_a_variable_knows_whether_it_is_trained(use_resource):
    with tf.Graph().as_default() as graph:
        w = v1.get_variable("w", [2], use_resource=use_resource)
        mean = v1.get_variable("mean", [2], trainable=False, use_resource=use_resource)
        stray = v1.get_variable("s", [], trainable=False, collections=[], use_resource=use_resource)
    assert tf.executing_eagerly()  # the variable's graph is asked, not the default one
    items = [GraphItem(variable) for variable in (w, mean, stray)]
    assert [item.trainable for item in items] == [True, False, False]
    assert items[0].collections == (Keys.TRAINABLE_VARIABLES, Keys.GLOBAL_VARIABLES)
    assert [item.collections for item in items[1:]] == [(Keys.GLOBAL_VARIABLES,), ()]
    with graph.as_default():
        freeze([w])
        assert not items[0].trainable  # as things are now
        unfreeze([w])
    assert items[0].trainable


def test_parts_are_trained_whether_filed_one_by_one_or_as_a_whole():
    with tf.Graph().as_default() as graph:
        split = v1.fixed_size_partitioner(2)
        table = v1.get_variable("t", [4], partitioner=split)
        still = v1.get_variable("s", [4], partitioner=split, trainable=False)
        graph.add_to_collection(Keys.TRAINABLE_VARIABLES, still)
        slots = v1.get_variable("m", [4], partitioner=split, trainable=False)
    assert [GraphItem(part).trainable for part in [*table, *still, *slots]] == [True] * 4 + [
        False
    ] * 2


def test_it_says_of_each_what_a_query_says():
    with tf.Graph().as_default() as graph:
        w = v1.get_variable("w", [2], use_resource=False)
        v1.get_variable("t", [4], partitioner=v1.fixed_size_partitioner(2))
        v1.train.AdamOptimizer().minimize(tf.nn.l2_loss(w))
        v1.add_to_collection("mine", w)
    for item in query(graph).result().items:
        alone = GraphItem(item.value)
        assert (alone.collections, alone.trainable) == (item.collections, item.trainable)


def test_what_is_in_no_graph_is_in_no_collection():
    eager = tf.Variable(1.0)
    assert [GraphItem(one).collections for one in (eager, "name", 3)] == [()] * 3
    assert not GraphItem(eager).trainable


def test_to_ask_leaves_the_graph_as_it_is():
    with tf.Graph().as_default() as graph:
        v = v1.get_variable("v", [], collections=[], trainable=False)
    assert not GraphItem(v).trainable
    assert graph.get_all_collection_keys() == []
