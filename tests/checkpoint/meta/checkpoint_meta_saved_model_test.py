"""The graph of a SavedModel read as data: which of several, whose names, and what is damaged."""

import contextlib
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tf1compat.checkpoint import open_checkpoint, read_meta
from tf1compat.checkpoint.meta.meta_graph import meta_graph_bytes
from tf1compat.checkpoint.meta.settings import read_settings
from tf1compat.checkpoint.wire import varint
from tf1compat.errors import CorruptCheckpointError, UnsupportedCheckpointError

v1 = tf.compat.v1
GOLDEN = pathlib.Path(__file__).parents[2] / "goldens" / "saved_model"
GRAPH = GOLDEN / "saved_model.pb"
SERVE, TRAIN, OTHER = ["serve"], ["serve", "train"], ["other"]


def test_it_is_where_a_saver_s_graph_is():
    checkpoint = open_checkpoint(GOLDEN)
    assert checkpoint.graph_path == str(GRAPH)
    assert read_meta(checkpoint.prefix).path == str(GRAPH)


def test_it_tells_what_a_meta_tells():
    meta = read_meta(GRAPH)
    assert [one.name for one in meta.variables] == sorted(open_checkpoint(GOLDEN), key=_made)
    assert meta.tensorflow_version == "1.15.5"
    assert meta.flow["net/turned"] == ("net/norm/beta", "net/norm/gamma", *_STATISTICS)
    (use,) = meta.uses.by_variable["net/turned"]
    assert (use.kind, use.axes) == ("product", ("out", "in"))
    assert not meta.renamed


_STATISTICS = ("net/norm/moving_mean", "net/norm/moving_variance")
_MADE = ("one/kernel", "one/bias", "gamma", "beta", "moving_mean", "moving_variance", "turned")


def _made(name):
    return next(n for n, end in enumerate(_MADE) if name.endswith(end))


def test_settings_are_read_from_it():
    settings = read_settings(GRAPH)
    assert settings.of_norm(["net/norm/gamma"])["epsilon"] == {0.001}
    assert settings.afterwards(["net/one/kernel"])["activation"] == {"linear"}


def test_reading_it_needs_no_tensorflow():
    code = (
        "import sys; from tf1compat.checkpoint import read_meta; "
        f"read_meta({str(GRAPH)!r}); sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def saved(folder, *graphs, head=b"\x08\x01"):
    """Writes a SavedModel of graphs with these tags, each with a placeholder named after them."""
    data = head
    for tags in graphs:
        meta = v1.MetaGraphDef()
        meta.graph_def.node.add(name="of_" + "_".join(tags), op="Placeholder")
        meta.meta_info_def.tags.extend(tags)
        body = meta.SerializeToString()
        data += b"\x12" + varint(len(body)) + body
    path = folder / "saved_model.pb"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "graphs",
    [
        [TRAIN, SERVE],
        [OTHER, TRAIN],  # no other is tagged "serve"
        [["train"], []],  # as a module of TensorFlow Hub
        [["train"]],  # there is but one
    ],
)
def test_the_graph_to_serve_is_meant(tmp_path, graphs):
    meta = v1.MetaGraphDef()
    meta.ParseFromString(meta_graph_bytes(saved(tmp_path, *graphs)))
    assert list(meta.meta_info_def.tags) == graphs[-1]


@pytest.mark.parametrize("graphs", [[["train"], OTHER], [SERVE, SERVE], [[], []]])
def test_where_none_is_to_serve_the_tags_are_named(tmp_path, graphs):
    shown = ", ".join("{" + ", ".join(tags) + "}" for tags in graphs)
    message = rf"expected one graph tagged 'serve', found 2 with the tags {shown}; export"
    with pytest.raises(UnsupportedCheckpointError, match=message):
        read_meta(saved(tmp_path, *graphs))


def test_of_very_many_graphs_the_first_are_named(tmp_path):
    with pytest.raises(
        UnsupportedCheckpointError, match=r"found 99 with .*\}, \.\.\.; export"
    ) as e:
        read_meta(saved(tmp_path, *[SERVE] * 99))
    assert len(str(e.value)) < 500


def _cut(data):
    return data[:-1]


def _other_field(data):
    return data + b"\x1a\x00"


def _other_op(data):
    return data.replace(b"\x12\x07BiasAdd", b"\x12\x07BiasAdc")  # the node's, not the list's


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: b"", "the file is empty"),
        (lambda data: b"\x08\x01", "not a sound SavedModel: it holds no graph"),
        (_cut, "not a sound SavedModel: field 2 has"),
        (_other_field, "not a sound SavedModel: field 3 where there is none"),
        (_other_op, "not a sound MetaGraphDef: node .* has op 'BiasAdc', which isn't listed"),
        (lambda data: data.replace(b"net/turned", b"net/tu\xffned"), "text that is not UTF-8"),
    ],
)
def test_damage_is_told(tmp_path, damage, message):
    path = tmp_path / "saved_model.pb"
    path.write_bytes(damage(GRAPH.read_bytes()))
    with pytest.raises(CorruptCheckpointError, match=message):
        read_meta(path)
    assert read_settings(path) is None


def test_its_shapes_are_held_against_the_values(tmp_path):
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 2])
        y = x @ v1.get_variable("kernel", [2, 3])
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(session, str(tmp_path / "small"), {"x": x}, {"y": y})
    graph = tmp_path / "small" / "saved_model.pb"
    data = graph.read_bytes()
    assert data.count(b"\x12\x02\x08\x02\x12\x02\x08\x03")  # the shape [2, 3]
    graph.write_bytes(data.replace(b"\x12\x02\x08\x02\x12\x02\x08\x03", b"\x12\x02\x08\x03" * 2))
    with pytest.raises(CorruptCheckpointError, match=r"float32 of shape \(3, 3\) here, but float"):
        read_meta(graph)


class Module(tf.Module):
    """Names of variables that are no names of attributes, and one the other's."""

    def __init__(self):
        self.a = tf.Variable(tf.ones([4, 3]), name="b")
        self.b = tf.Variable(tf.ones([3]), name="a")

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
    def __call__(self, x):
        return {"y": tf.nn.relu(self.inner(x))}

    @tf.function
    def inner(self, x):
        return tf.nn.bias_add(tf.matmul(x, self.a), self.b)


@pytest.fixture(scope="module")
def of_functions(tmp_path_factory):
    """A SavedModel of TensorFlow 2: a signature that calls a function that calls another."""
    path = tmp_path_factory.mktemp("v2") / "module"
    module = Module()
    tf.saved_model.save(module, str(path), signatures={"serving_default": module.__call__})
    return path


def test_in_functions_variables_go_by_the_checkpoint_s_names(of_functions):
    checkpoint = open_checkpoint(of_functions)
    meta = read_meta(checkpoint.graph_path)
    assert dict(meta.renamed) == {"a": "b", "b": "a"}
    assert {"a", "b"} < set(checkpoint)
    assert meta.by_name()["a"].shape == (4, 3)
    assert meta.by_name()["b"].consumer_op_types == ("BiasAdd",)
    assert dict(meta.flow) == {"a": (), "b": ("a",)}
    (use,) = meta.uses.by_variable["a"]
    assert (use.kind, use.axes) == ("product", ("in", "out"))


def test_in_functions_settings_are_read_too(of_functions):
    settings = read_settings(of_functions / "saved_model.pb")
    assert settings.afterwards(["b"])["activation"] == {"relu"}


def test_damaged_functions_are_told_or_passed_over(of_functions, tmp_path):
    data = (of_functions / "saved_model.pb").read_bytes()
    path = tmp_path / "saved_model.pb"
    places = np.random.default_rng(8).integers(0, len(data), 150)
    for place in places:
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x15]) + data[place + 1 :])
        read_settings(path)
        with contextlib.suppress(CorruptCheckpointError):
            read_meta(path)
