"""Queries: exact scopes, every filter, set operations, and an index that the graph can't outrun."""

import json

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.errors import GraphError, UsageError
from tf1compat.graph import (
    Assigner,
    QueryResult,
    dump_variables,
    freeze,
    initialize_uninitialized,
    query,
    unfreeze,
)
from tf1compat.graph.query.graph_index import index_of
from tf1compat.testing import GraphTestCase

v1 = tf.compat.v1
Keys = v1.GraphKeys


def make_net():
    """Makes two scopes of which one's name begins like the other's, a table, and Adam's slots."""
    with v1.variable_scope("conv1"):
        kernel = v1.get_variable("kernel", [3, 4], use_resource=False)
        bias = v1.get_variable("bias", [4], use_resource=True)
        v1.get_variable("moving_mean", [4], trainable=False)
    with v1.variable_scope("conv10"), v1.device("/job:localhost/task:0/cpu:0"):
        v1.get_variable("kernel", [3, 4], tf.float64)
    with v1.variable_scope("t", partitioner=v1.fixed_size_partitioner(3)):
        table = v1.get_variable("table", [7, 2])
    v1.add_to_collection("mine", table)
    loss = tf.reduce_sum(kernel) + tf.reduce_sum(bias) + tf.reduce_sum(table)
    v1.add_to_collection(Keys.LOSSES, loss)
    v1.train.AdamOptimizer().minimize(loss, var_list=[kernel, bias, *table])
    return kernel, bias, table


class FilterTest(GraphTestCase):
    def setUp(self):
        super().setUp()
        self.kernel, self.bias, self.table = make_net()
        self.all = query(self.graph)

    def test_everything_in_order_of_creation(self):
        assert [id(v) for v in self.all] == [id(v) for v in v1.global_variables()]
        with v1.variable_scope("late"):
            v1.get_variable("local", [1], collections=[Keys.LOCAL_VARIABLES])
            v1.get_variable("global", [1])
        assert query().names[-2:] == ("late/local", "late/global")

    def test_a_scope_ends_at_its_slash(self):
        assert self.all.scope("conv1").names[:3] == (
            "conv1/kernel",
            "conv1/bias",
            "conv1/moving_mean",
        )
        assert self.all.scope("conv10").names == ("conv10/kernel",)
        assert self.all.scope("conv1/").result() == self.all.scope("conv1").result()
        assert self.all.scope("conv").names == ()
        assert self.all.scope("").result() == self.all.result()
        assert self.all.scope("t", "conv10").names[0] == "conv10/kernel"

    def test_a_scope_agrees_with_get_collection_where_that_has_its_slash(self):
        for scope in ("conv1", "conv10", "t", "t/table", "t/table/part_1", "conv1/kernel"):
            expected = self.graph.get_collection(Keys.GLOBAL_VARIABLES, scope + "/")
            assert [id(v) for v in self.all.scope(scope)] == [id(v) for v in expected]

    def test_names(self):
        assert self.all.named("conv1/bias:0").one() is self.bias
        assert self.all.named("t/table").names == tuple(f"t/table/part_{i}" for i in range(3))
        assert self.all.named("t/table/part_1").one() is list(self.table)[1]
        assert self.all.named("conv1/bia").names == ()

    def test_globs_and_regexes(self):
        assert self.all.glob("*/kernel").names == ("conv1/kernel", "conv10/kernel")
        assert self.all.glob("**/Adam").names == tuple(
            name for name in self.all.names if name.endswith("/Adam")
        )
        assert self.all.glob("conv1?/[!b]*").names == ("conv10/kernel",)
        assert self.all.glob("conv1/*").names == self.all.scope("conv1").names[:3]
        assert self.all.regex(r"conv\d+/kernel").names == ("conv1/kernel", "conv10/kernel")
        assert self.all.regex("conv1").names == ()
        with pytest.raises(UsageError, match="expected a regular expression"):
            self.all.regex("(")

    def test_collections(self):
        assert [id(v) for v in self.all.trainable()] == [id(v) for v in v1.trainable_variables()]
        assert (self.all.trainable() | self.all.untrainable()).names == self.all.names
        assert self.all.collection("mine").names == self.all.named("t/table").names
        assert self.all.collection("nobody's").names == ()
        assert "nobody's" not in self.graph.get_all_collection_keys()

    def test_dtype_shape_size(self):
        assert self.all.dtype(tf.float64).names == ("conv10/kernel",)
        assert self.all.dtype("float64", np.float32).names == self.all.names
        trained = self.all.trainable()
        assert trained.shape([None, 2]).names == self.all.named("t/table").names
        assert trained.shape([3, ...]).names == ("conv1/kernel", "conv10/kernel", "t/table/part_0")
        assert trained.shape([4, ..., 4]).names == ()  # one dimension isn't both
        assert trained.shape([..., 4]).names == ("conv1/kernel", "conv1/bias", "conv10/kernel")
        assert trained.rank(1).names == ("conv1/bias",)
        assert trained.size(at_least=5, at_most=6).names == ("t/table/part_0",)
        assert self.all.rank(0).names == ("beta1_power", "beta2_power")

    def test_role_and_kind(self):
        assert self.all.role("bias").trainable().names == ("conv1/bias",)
        assert self.all.role("moving_mean").names == ("conv1/moving_mean",)
        assert self.all.kind("optimizer_state").names == ("beta1_power", "beta2_power")
        assert len(self.all.kind("slot")) == 10
        with pytest.raises(UsageError, match=r"role 'kernal'.*nearest: kernel"):
            self.all.role("kernal")

    def test_slots(self):
        adam = ("conv1/kernel/Adam", "conv1/kernel/Adam_1")
        assert self.all.slots_of(self.kernel).names == adam
        assert self.all.slots_of("conv1/kernel:0").names == adam
        assert self.all.slots_of(self.all.scope("conv1").shape([3, 4])).names == adam
        assert len(self.all.slots_of(self.table)) == 6
        assert self.all.slots_of("t/table").names == self.all.slots_of(self.table).names

    def test_shadows(self):
        average = v1.train.ExponentialMovingAverage(0.9)
        average.apply([self.bias])
        shadow = average.average(self.bias)
        assert self.all.shadows_of(self.bias).one() is shadow
        assert self.all.kind("shadow").one() is shadow

    def test_device_and_op_type(self):
        for part in ("/job:localhost", "/task:0", "/device:CPU:0", "/job:localhost/task:0/cpu:0"):
            assert self.all.device(part).names == ("conv10/kernel",)
        assert self.all.device("/job:localhost/task:1").names == ()
        assert self.all.device("/job:local").names == ()
        assert len(self.all.device("")) == len(self.all) - 1
        assert self.all.op_type("VariableV2").scope("conv1").names == (
            "conv1/kernel",
            *self.all.slots_of(self.kernel).names,
        )
        assert self.bias in self.all.op_type("VarHandleOp")
        with pytest.raises(UsageError, match="device 'gpu zero'"):
            self.all.device("gpu zero")

    def test_initialized(self):
        assert self.all.initialized(self.session).names == ()
        self.session.run([self.kernel.initializer, self.bias.initializer])
        assert self.all.initialized(self.session).names == ("conv1/kernel", "conv1/bias")
        with self.assert_no_new_nodes():
            rest = self.all.trainable().uninitialized(self.session)
        assert rest.names == ("conv10/kernel", "t/table/part_0", "t/table/part_1", "t/table/part_2")

    def test_initialized_on_a_finalized_graph(self):
        self.graph.finalize()
        self.session.run([self.kernel.initializer, self.bias.initializer])
        assert self.all.initialized(self.session).names == ("conv1/kernel", "conv1/bias")

    def test_set_operations(self):
        kernels, conv1 = self.all.glob("*/kernel"), self.all.scope("conv1").trainable()
        assert (kernels | conv1).names == ("conv1/kernel", "conv1/bias", "conv10/kernel")
        assert (kernels & conv1).names == ("conv1/kernel",)
        assert (kernels - conv1).names == ("conv10/kernel",)
        assert (kernels ^ conv1).names == ("conv1/bias", "conv10/kernel")
        assert (~kernels | kernels).names == self.all.names
        assert (~kernels & kernels).names == ()
        assert (self.all & [self.table, self.bias]).names == (
            "conv1/bias",
            "t/table/part_0",
            "t/table/part_1",
            "t/table/part_2",
        )
        with pytest.raises(UsageError, match="two graphs"):
            kernels | query(tf.Graph())
        with pytest.raises(UsageError, match="found str"):
            kernels | "conv1/kernel"

    def test_wrong_arguments(self):
        for missing, what in (("scope", "a scope"), ("dtype", "a dtype"), ("rank", "a rank")):
            with pytest.raises(UsageError, match=f"expected {what}, found no argument"):
                getattr(self.all, missing)()
        with pytest.raises(UsageError, match=r"expected an operation's type \(a string\), found 1"):
            self.all.op_type(1)
        with pytest.raises(UsageError, match="expected a name"):
            self.all.named(self.bias)
        with pytest.raises(UsageError, match=r"expected a tf.Graph, found str"):
            query("graph")
        with pytest.raises(GraphError, match="expected exactly one, found 2: conv1/kernel, conv10"):
            self.all.glob("*/kernel").one()


class ResultTest(GraphTestCase):
    def setUp(self):
        super().setUp()
        make_net()
        self.found = query(self.graph).scope("conv1").trainable().result()

    def test_is_an_immutable_sequence(self):
        assert isinstance(self.found, QueryResult)
        assert len(self.found) == 2
        assert self.found[1].op.name == "conv1/bias"
        assert self.found[:1].names == ("conv1/kernel",)
        assert self.found[0] in self.found
        assert (self.found.index(self.found[1]), self.found.count(self.found[1])) == (1, 1)
        assert not hasattr(self.found, "append")
        with pytest.raises(TypeError, match="does not support item assignment"):
            self.found[0] = None
        v1.get_collection_ref(Keys.TRAINABLE_VARIABLES).clear()
        assert self.found.items[0].trainable  # as it was when asked

    def test_table_with_totals(self):
        assert str(self.found).splitlines() == [
            "name          shape   dtype    parameters  bytes  collections",
            "conv1/kernel  (3, 4)  float32          12     48  trainable_variables, variables",
            "conv1/bias    (4,)    float32           4     16  trainable_variables, variables",
            "2 in all: 16 parameters, 64 bytes",
        ]
        assert self.found.table(rows=1).splitlines()[2:] == [
            "... 1 more",
            "2 in all: 16 parameters, 64 bytes",
        ]
        assert str(query().scope("none")).endswith("nothing: 0 parameters, 0 bytes")

    def test_exports(self):
        expected = {
            "kind": "variable",
            "shape": [4],
            "dtype": "float32",
            "size": 4,
            "nbytes": 16,
            "device": "",
            "op_type": "VarHandleOp",
            "trainable": True,
            "collections": ["trainable_variables", "variables"],
        }
        assert self.found.to_dict()["conv1/bias"] == expected
        assert json.loads(self.found.to_json())["conv1/bias"] == expected

    def test_pandas_if_present(self):
        pandas = pytest.importorskip("pandas")  # no dependency of this package, nor of its tests
        frame = self.found.to_pandas()
        assert isinstance(frame, pandas.DataFrame)
        assert frame["size"].to_dict() == {"conv1/kernel": 12, "conv1/bias": 4}

    def test_without_pandas(self):
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(__import__("sys").modules, "pandas", None)
            with pytest.raises(UsageError, match="pip install pandas"):
                self.found.to_pandas()


class CustomCollectionTest(GraphTestCase):
    def test_tensors_operations_and_objects(self):
        a = tf.constant([1.0, 2.0], name="net/a")
        b = tf.constant(1, name="net/b")
        update = tf.no_op(name="net10/update")
        for value in (b, a, update, b):
            v1.add_to_collection("all", value)
        assert query(key="all").names == ("net/a", "net/b", "net10/update")
        assert query(key="all").scope("net").dtype(tf.float32).one() is a
        assert query(key="all").op_type("NoOp").one() is update
        assert (query(key="all") - [a]).names == ("net/b", "net10/update")
        v1.add_to_collection("things", "text")
        v1.add_to_collection("things", update)
        assert list(query(key="things")) == ["text", update]
        assert query(key="nobody's").names == ()

    def test_losses_and_summaries(self):
        kernel, _, _ = make_net()
        assert query(key=Keys.LOSSES).result().items[0].kind == "tensor"
        v1.summary.scalar("length", tf.norm(kernel))
        assert query(key=Keys.SUMMARIES).dtype(tf.string).names == ("length",)


class StandIn:
    """What some frameworks file instead of a variable: a wrapper with a name."""

    def __init__(self, name, shape=(2,)):
        self.name, self.shape, self.dtype = f"{name}:0", shape, tf.float32


class StandInTest(GraphTestCase):
    def test_wrappers_are_found_where_variables_are_filed(self):
        first = v1.get_variable("a/w", [1])
        wrapper = StandIn("a/wrapped")
        v1.add_to_collection(Keys.GLOBAL_VARIABLES, wrapper)
        v1.add_to_collection(Keys.TRAINABLE_VARIABLES, wrapper)
        last = v1.get_variable("b/w", [1])
        assert list(map(id, query())) == [id(first), id(wrapper), id(last)]
        assert query().scope("a").trainable().names == ("a/w", "a/wrapped")
        assert query().named("a/wrapped").result().items[0].size == 2
        assert "a/wrapped  (2,)" in str(query())
        assert "a/wrapped  (2,)" in dump_variables(self.graph)
        assert initialize_uninitialized(self.session).initialized == ("a/w", "b/w")
        for function in (freeze, unfreeze, Assigner):
            with pytest.raises(UsageError, match=r"expected variables, found .*StandIn"):
                function(query())

    def test_a_change_to_what_compares_strangely_is_seen(self):
        v1.add_to_collection("mine", StandIn("x"))
        assert query(key="mine").names == ("x",)
        v1.get_collection_ref("mine")[0] = np.array([StandIn("y")] * 2)
        assert query(key="mine").names == ("",)
        v1.get_collection_ref("mine")[0] = np.array([1, 2])
        assert len(query(key="mine")) == 1


NAMES = [f"{a}/{b}{n}" for a in ("conv", "conv1", "conv10", "conv/1") for b in "wb" for n in "01"]


class RandomTest(GraphTestCase):
    def test_against_a_plain_look_at_every_name(self):
        keys = (Keys.TRAINABLE_VARIABLES, "one", "other")
        names = [str(name) for name in self.rng.permutation(NAMES)]
        for round_ in range(12):
            for name in names[2 * round_ : 2 * round_ + 2]:
                v1.get_variable(name, [1 + len(name) % 3], trainable=False)
            everything = v1.global_variables()
            chosen = everything[int(self.rng.integers(len(everything)))]
            collection = v1.get_collection_ref(str(self.rng.choice(keys)))
            if any(value is chosen for value in collection):
                collection[:] = [value for value in collection if value is not chosen]
            else:
                collection.insert(0, chosen)
            for scope in ("conv", "conv1", "conv10", "conv/1", "conv1/w0", "", "con"):
                for key in keys:
                    inside = {id(v) for v in v1.get_collection(key)}
                    expected = [
                        v.op.name
                        for v in everything
                        if (not scope or v.op.name.startswith(scope + "/")) and id(v) in inside
                    ]
                    assert query().scope(scope).collection(key).names == tuple(expected)
                    rest = (query().scope(scope) - query().collection(key)).names
                    assert len(rest) + len(expected) == len(query().scope(scope))


class GrowthTest(GraphTestCase):
    """The index against a plain look at the collections, whatever is done to them."""

    def agrees(self):
        trained = self.graph.get_collection(Keys.TRAINABLE_VARIABLES)
        assert {id(v) for v in query().trainable()} == {id(v) for v in trained}
        assert len(query()) == len(self.graph.get_collection(Keys.GLOBAL_VARIABLES))

    def test_every_change_is_seen(self):
        everything, inner = query(), query().scope("a")
        assert len(everything) == 0
        a = v1.get_variable("a/w", [1])
        assert (everything.names, inner.names) == (("a/w",), ("a/w",))
        b = v1.get_variable("b", [1])
        self.agrees()
        trainable = v1.get_collection_ref(Keys.TRAINABLE_VARIABLES)
        trainable.remove(next(v for v in trainable if v is a))
        self.agrees()
        trainable[0] = a  # as many as before, but another
        self.agrees()
        assert query().trainable().one() is a
        v1.add_to_collection("mine", b)
        assert query().collection("mine").one() is b
        self.graph.clear_collection("mine")
        assert query().collection("mine").names == ()

    def test_a_graph_keeps_its_index_and_exports_none_of_it(self):
        v1.get_variable("a", [1])
        len(query())
        assert set(v1.train.export_meta_graph().collection_def) == {
            Keys.GLOBAL_VARIABLES,
            Keys.TRAINABLE_VARIABLES,
        }

    def test_a_scope_called_like_a_part_is_none(self):
        split = v1.fixed_size_partitioner(2)
        for scope in ("part_two", "part_1"):
            v1.get_variable(f"{scope}/t", [4], partitioner=split)
        v1.train.MomentumOptimizer(0.1, 0.9).minimize(
            tf.add_n([tf.reduce_sum(v) for v in v1.trainable_variables()])
        )
        found = {name: parsed.part for name, parsed in index_of(self.graph).parsed.items()}
        names = [f"{s}/t/part_{i}" for s in ("part_two", "part_1") for i in range(2)]
        assert {name: found[name] for name in names} == dict(zip(names, [0, 1] * 2, strict=True))
        slots = [f"{name}/Momentum" for name in names]
        assert [found[name] for name in slots] == [0, 1, 0, 1]

    def test_a_query_adds_no_node(self):
        make_net()
        with self.assert_no_new_nodes():
            str(query().role("kernel").slots_of("conv1/kernel") | query().scope("t"))
            assert query().trainable()[0] in query()


def test_outside_of_the_graph_in_eager_mode():
    with tf.Graph().as_default() as graph:
        make_net()
    assert tf.executing_eagerly()
    before = len(graph.get_operations())
    assert len(query(graph).slots_of("t/table")) == 6
    parts = tuple(f"t/table/part_{i}" for i in range(3))
    assert query(graph).named("t/table").partitioned().names == parts
    first, last = query(graph)[0], query(graph)[-1]
    assert last in query(graph)
    assert query(graph).index(last) == len(query(graph)) - 1
    with pytest.raises(ValueError, match="is not in it"):
        query(graph).scope("t").index(first)
    assert len(graph.get_operations()) == before
