"""What is kept with a graph: one for all who ask, shown and exported by nothing."""

import gc
import weakref

import tensorflow as tf

from tf1compat.graph.building import kept_with

v1 = tf.compat.v1


class Thing:
    """Something of which there can be weak references."""


def test_the_first_to_ask_makes_it():
    graph, other = tf.Graph(), tf.Graph()
    things = kept_with(graph, "things", list)
    things.append(1)
    assert kept_with(graph, "things", list) is things
    assert kept_with(graph, "others", list) == []
    assert kept_with(other, "things", list) == []


def test_of_two_that_ask_at_once_the_first_made_counts():
    graph = tf.Graph()
    made = []

    def make():
        made.append(kept_with(graph, "thing", Thing))  # another thread is quicker
        return Thing()

    assert kept_with(graph, "thing", make) is made[0]
    assert kept_with(graph, "thing", Thing) is made[0]


def test_it_is_listed_and_exported_nowhere():
    with tf.Graph().as_default() as graph:
        v1.get_variable("a", [1])
        keys, exported = graph.get_all_collection_keys(), v1.train.export_meta_graph()
        kept_with(graph, "things", list).append(1)
        kept_with(graph, object(), Thing)
        assert graph.get_all_collection_keys() == keys
        assert v1.train.export_meta_graph() == exported


def test_a_finalized_graph_keeps_things_too_and_takes_them_with_it():
    graph = tf.Graph()
    graph.finalize()
    thing = weakref.ref(kept_with(graph, "thing", Thing))
    gc.collect()
    assert kept_with(graph, "thing", list) is thing()
    del graph
    gc.collect()
    assert thing() is None
