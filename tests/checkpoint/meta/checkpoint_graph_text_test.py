"""Graphs as text, read as protobuf's own parser reads them."""

import pathlib

import pytest
import tensorflow as tf
from google.protobuf import text_format

from tf1compat.checkpoint.meta._graph_text import binary_of
from tf1compat.checkpoint.wire import WireError

GOLDEN = pathlib.Path(__file__).parents[2] / "goldens" / "frozen" / "reference.pbtxt"
ATTRIBUTE = 'node { name: "n" op: "Op" attr { key: "a" value { %s } } }'
TENSOR = ATTRIBUTE % "tensor { %s }"


def expected(text):
    return text_format.Parse(text, tf.compat.v1.GraphDef())


def found(text):
    return tf.compat.v1.GraphDef.FromString(binary_of(text))


def test_a_whole_graph():
    text = GOLDEN.read_bytes()
    assert found(text) == expected(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        'node { name: "a" op: "B" input: "c" input: "^d" device: "/cpu:0" };',
        "node < name: 'a', op: 'B' >",
        "node: { input: ['a', 'b'] } node {}",
        "versions { producer: 134 min_consumer: 12 bad_consumers: [1, 2] }",
        r"""node { name: "a" 'b' "\n\t\"\'\\\x41\101\a" }""",
        r'node { name: "\303\266\\q" }',
        r'node { name: "\4\\77\1\\" }',
        ATTRIBUTE % "i: -7",
        ATTRIBUTE % "i: 0x1F",
        ATTRIBUTE % "i: 017",
        ATTRIBUTE % "f: 1.5e-3",
        ATTRIBUTE % "f: -inf",
        ATTRIBUTE % "f: 1.5f",
        ATTRIBUTE % "f: 3",
        ATTRIBUTE % "b: true",
        ATTRIBUTE % "b: 0",
        ATTRIBUTE % "type: DT_FLOAT_REF",
        ATTRIBUTE % "type: 23",
        ATTRIBUTE % "list { i: [1, 2] s: 'x' type: DT_INT32 shape { unknown_rank: true } }",
        ATTRIBUTE % "func { name: 'f' attr { key: 'T' value { type: DT_HALF } } }",
        TENSOR % "dtype: DT_DOUBLE double_val: [1, 2.5, -3] tensor_shape { dim { size: 3 } }",
        TENSOR % "dtype: DT_INT32 int_val: -1 int_val: 2",
        TENSOR % "dtype: DT_UINT64 uint64_val: 18446744073709551615",
        TENSOR % r'tensor_content: "\000\377\177\200"',
        'library { function { signature { name: "f" input_arg { name: "x" type: DT_FLOAT } } '
        'ret { key: "y" value: "z:0" } } gradient { function_name: "f" } }',
    ],
)
def test_each_form(text):
    assert found(text.encode()) == expected(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nodes { }", "GraphDef has no field 'nodes'"),
        ('node { name "a" }', "'\"a\"' where text is expected"),
        ("node { name: a }", "expected a text"),
        ('node { name: "a" ', "NodeDef has no field ''"),
        ("node: 7", "'7' where NodeDef is expected"),
        ('node { name: "a }', "found '.a }"),
        (r'node { name: "\q" }', r"an escape '\\\\q', which there is none"),
        (r'node { name: "\777" }', r"an escape '\\\\777', which there is none"),
        (r'node { name: "\u00e9" }', "an escape"),
        (r'node { name: "\?" }', "an escape"),
        (ATTRIBUTE % "i: 1.5", "'1.5' where int is expected"),
        (ATTRIBUTE % "i: 99999999999999999999", "where int is expected"),
        (ATTRIBUTE % "b: maybe", "'maybe' where bool is expected"),
        (ATTRIBUTE % "f: x", "'x' where float is expected"),
        (ATTRIBUTE % "type: DT_FLOTE", "'DT_FLOTE' where type is expected"),
        (ATTRIBUTE % "list { i: [1 2] }", "a list without its end"),
        ("debug_info {", "it ends within a message"),
        ("node { } }", "GraphDef has no field '}'"),
    ],
)
def test_what_is_no_graph_says_where(text, message):
    with pytest.raises(WireError, match=message):
        binary_of(text.encode())


def test_depth_has_an_end():
    text = "list { func { attr { value { " * 60
    with pytest.raises(WireError, match="nested more than 100 deep"):
        binary_of((ATTRIBUTE % text).encode())


def test_a_meta_graph_keeps_graph_and_signatures():
    text = """meta_info_def { tags: "serve" any_info { type_url: "x" } }
    graph_def { node { name: "x" op: "Placeholder" } }
    signature_def { key: "s" value { inputs { key: "i" value { name: "x:0" dtype: DT_FLOAT } } } }
    collection_def { key: "c" value { node_list { value: "x" } } }"""
    meta = tf.compat.v1.MetaGraphDef()
    meta.ParseFromString(binary_of(text.encode()))
    whole = text_format.Parse(text, tf.compat.v1.MetaGraphDef())
    assert meta.graph_def == whole.graph_def
    assert meta.signature_def["s"] == whole.signature_def["s"]
