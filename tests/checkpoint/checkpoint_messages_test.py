"""Messages of graphs as objects: what they hold is what TensorFlow's own hold."""

import copy
import pathlib

import pytest
import tensorflow as tf

from tf1compat.checkpoint.meta._text_schema import ASIDE, MESSAGES
from tf1compat.checkpoint.meta.messages import Message
from tf1compat.checkpoint.meta.meta_graph import meta_graph_bytes
from tf1compat.checkpoint.wire import WireError

GOLDENS = pathlib.Path(__file__).parents[1] / "goldens"
SCHEMA = {**MESSAGES, **ASIDE}
GRAPHS = (
    "convnet_adam_ema/model.ckpt.meta",  # collections, constants
    "meanings/scanned_layers/model.ckpt.meta",  # a loop
    "saved_model/saved_model.pb",  # signatures, assets
)


def plain(kind, message):
    """Returns a message of either kind in dicts and lists, by the fields of the schema."""
    found = {}
    for name, slot in SCHEMA[kind].items():
        if slot.kind == "skip":
            continue
        value = getattr(message, name)
        inner = SCHEMA.get(slot.kind, {})
        if inner.keys() == {"key", "value"}:
            of = inner["value"].kind
            found[name] = {k: plain(of, v) if of in SCHEMA else v for k, v in value.items()}
        elif slot.several:
            found[name] = [plain(slot.kind, v) if inner else v for v in value]
        elif inner:  # of what isn't there all fields have their defaults, without end
            found[name] = plain(slot.kind, value) if message.HasField(name) else None
        else:
            found[name] = value
    return found


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_holds_what_tensorflow_reads(name):
    data, theirs = meta_graph_bytes(GOLDENS / name), tf.compat.v1.MetaGraphDef()
    theirs.ParseFromString(data)
    found = plain("MetaGraphDef", Message("MetaGraphDef", data))
    assert found == plain("MetaGraphDef", theirs)
    assert found["graph_def"]["node"][0]["attr"]


def test_a_copy_is_changed_by_itself():
    graph = Message("GraphDef", meta("GraphDef", node=[{"name": "a", "op": "Abs", "input": ["x"]}]))
    for _ in range(2):  # before anything of it was looked at, and after
        other = copy.deepcopy(graph)
        node = other.node[0]
        node.op, node.input[0] = "Identity", "y"
        node.attr["T"].type = 1
        other.node.append(Message("NodeDef"))
        assert (graph.node[0].op, graph.node[0].input) == ("Abs", ["x"])
        assert (len(graph.node), "T" in graph.node[0].attr) == (1, False)
        assert (len(other.node), node.op, node.attr["T"].type) == (2, "Identity", 1)


def meta(kind, **fields):
    message = getattr(tf.compat.v1, kind)()
    for name, values in fields.items():
        for value in values:
            getattr(message, name).add(**value)
    return message.SerializeToString()


@pytest.mark.parametrize(
    ("kind", "data", "field", "message"),
    [
        ("NodeDef", b"\x0a\x05ab", "name", "field 1 has 5 bytes, 2 left"),
        ("NodeDef", b"\x0a\x01\xff", "name", "text that is not UTF-8"),
        ("NodeDef", b"\x08\x01", "name", "field 1 is not a message or string"),
        ("TensorProto", b"\x2a\x03\0\0\0", "float_val", "field 5 is cut off within a number"),
        ("TensorProto", b"\x0a\x00", "dtype", "field 1 has 0 values, not one"),
    ],
)
def test_a_fault_is_met_where_it_is_looked_at(kind, data, field, message):
    found = Message(kind, data)
    with pytest.raises(WireError, match=message):
        getattr(found, field)


def test_numbers_are_taken_as_they_are_written():
    data = b"\x08\x01\x2a\x04\x00\x00\x80\x3f\x2d\x00\x00\x00\x40"
    tensor = Message("TensorProto", data)
    assert (tensor.dtype, tensor.float_val, tensor.bool_val) == (1, [1.0, 2.0], [])


def test_a_message_has_its_own_fields_alone():
    node = Message("NodeDef")
    with pytest.raises(AttributeError, match="NodeDef has no field 'nodes'"):
        _ = node.nodes
    with pytest.raises(AttributeError, match="NodeDef has no field 'nodes'"):
        node.nodes = 1
