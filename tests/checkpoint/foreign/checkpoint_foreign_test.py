"""Files that are no checkpoints, each as its own library writes it, named for what they are."""

import gzip
import io
import json
import pickle
import tarfile
import zipfile

import h5py
import numpy as np
import pytest
import tensorflow as tf

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.checkpoint.foreign.recognition import FOREIGN_KINDS, recognise
from tf1compat.checkpoint.wire import varint
from tf1compat.errors import (
    CheckpointError,
    CorruptCheckpointError,
    UnsupportedCheckpointError,
    UsageError,
)

v1 = tf.compat.v1
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"


def field(number, data):
    """Returns one length-delimited field of a message."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def hdf5(*groups, attribute=None):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for group in groups:
            file.create_group(group)
        if attribute:
            file.attrs[attribute] = b"x"
    return buffer.getvalue()


def zipped(*names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in names:
            file.writestr(name, b"x" * 100)
    return buffer.getvalue()


def tarred(mode, *names):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as file:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = 700
            file.addfile(info, io.BytesIO(bytes(700)))
    return buffer.getvalue()


def npz(count):
    buffer = io.BytesIO()
    np.savez(buffer, **{f"scope/v{n}": np.ones(3) for n in range(count)})
    return buffer.getvalue()


def npy():
    buffer = io.BytesIO()
    np.save(buffer, np.ones(3))
    return buffer.getvalue()


def safetensors():
    header = json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(8)


def onnx():
    node = field(4, b"MatMul")
    return b"\x08\x08" + field(2, b"tf2onnx") + field(7, field(1, node)) + field(8, b"\x10\x0d")


def a_graph():
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [None, 40], name="x")
        tf.matmul(x, v1.get_variable("dense/kernel", [40, 400]), name="y")
    return graph


def graph_bytes():
    return a_graph().as_graph_def().SerializeToString()


def old_variables():
    graph_def = a_graph().as_graph_def()
    for node in graph_def.node:
        node.op = node.op.replace("VariableV2", "AutoReloadVariable")
        node.op = node.op.replace("VarHandleOp", "AutoReloadVariable")
    return graph_def.SerializeToString()


def frozen():
    with a_graph().as_default() as graph, v1.Session() as session:
        session.run(v1.global_variables_initializer())
        definition = graph.as_graph_def()
        return v1.graph_util.convert_variables_to_constants(session, definition, ["y"])


def meta_graph():
    with a_graph().as_default():
        return v1.train.export_meta_graph().SerializeToString()


FILES = {
    "keras 2 weights": (lambda: hdf5("dense", attribute="layer_names"), "HDF5 .*Keras 2 and earl"),
    "keras 3 weights": (lambda: hdf5("layers/dense/vars"), "HDF5 .*weights of Keras 3"),
    "keras model": (lambda: hdf5("model_weights"), "HDF5 .*a whole model of Keras"),
    "other hdf5": (lambda: hdf5("x"), r"an HDF5 file; .*ends in \.h5"),
    "hdf5 behind a block": (lambda: bytes(512) + hdf5("x")[:512], "an HDF5 file"),
    "npz": (lambda: npz(2), r"numpy arrays \(\.npz\); give it a name that ends in \.npz"),
    "npz of many": (lambda: npz(2000), r"numpy arrays \(\.npz\)"),
    "keras": (
        lambda: zipped("metadata.json", "config.json", "model.weights.h5"),
        r"a Keras model \(\.keras\); it is read by a name that ends in \.keras",
    ),
    "torch": (lambda: zipped("t/data.pkl", "t/data/0"), "zip file of PyTorch"),
    "old torch": (
        lambda: b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.",
        "a pickle of PyTorch",
    ),
    "zip": (lambda: zipped("bert/model.ckpt.index", "bert/x"), "holds the checkpoint model.ckpt;"),
    "tar": (
        lambda: tarred("w", "m/", "m/x-3.index"),
        "a tar archive that holds the checkpoint x-3",
    ),
    "tar.gz": (lambda: tarred("w:gz", "m/x.meta"), "a gzip file of a tar .* checkpoint x; unpack"),
    "tar.bz2": (lambda: tarred("w:bz2", "x.meta"), "a bzip2 file; unpack it"),
    "gzip": (lambda: gzip.compress(bytes(99)), "a gzip file; unpack it"),
    "npy": (npy, "one numpy array"),
    "safetensors": (safetensors, r"a safetensors file; give it a name that ends in \.safetensors"),
    "tflite": (lambda: b"\x1c\0\0\0TFL3" + bytes(99), "a TensorFlow Lite model"),
    "onnx": (onnx, "an ONNX model"),
    "old variables": (
        old_variables,
        "a graph without values",
    ),
    "frozen": (
        lambda: frozen().SerializeToString(),
        r"a frozen graph .*give it a name that ends in \.pb, by",
    ),
    "pbtxt": (lambda: str(frozen()).encode(), r"a graph as text \(a GraphDef, \.pbtxt\)"),
    "graph": (graph_bytes, r"a graph without values \(a GraphDef\)"),
    "meta": (meta_graph, r"a graph without values \(a MetaGraphDef, \.meta\)"),
    "zeros": (lambda: bytes(999), "found nothing but zeros; .* fetch it again"),
    "lfs": (lambda: LFS, "a git-LFS pointer; .*git lfs pull"),
    "annex": (lambda: b"/annex/objects/SHA256E-s9--0.ckpt\n", "a git-annex pointer; .*annex get"),
    "html": (lambda: b"\n<!DOCTYPE html><html></html>", "an HTML page; the download went wrong"),
    "xhtml": (lambda: b'<?xml version="1.0"?>\n<html></html>' * 9, "an HTML page"),
    "xml": (lambda: b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>', "an XML doc"),
    "json": (lambda: b'{"error": "not found"}', "a JSON file"),
    "tfjs": (lambda: b'{"format": "graph-model", "weightsManifest": []}', "TensorFlow.js"),
    "text": (lambda: "Modèle à venir\n".encode() * 9, "a text file that begins 'Modèle à venir'"),
    **{
        f"pickle {protocol}": (
            lambda protocol=protocol: pickle.dumps({"a": np.ones(3)}, protocol),
            "a Python pickle",
        )
        for protocol in range(6)
    },
}


@pytest.mark.parametrize("kind", FILES)
def test_it_is_named_by_its_content(tmp_path, kind):
    make, message = FILES[kind]
    path = tmp_path / "model.ckpt"  # its name says nothing, or the wrong thing
    path.write_bytes(make())
    with pytest.raises(UnsupportedCheckpointError, match=message) as caught:
        open_checkpoint(path)
    assert str(caught.value).startswith(f"{path}: expected a TensorFlow checkpoint, found ")
    path.rename(tmp_path / "model.ckpt.index")
    with pytest.raises(UnsupportedCheckpointError, match=message):
        open_checkpoint(path)


@pytest.mark.parametrize("count", [9, 9999])
def test_a_page_in_place_of_a_shard_is_named(tmp_path, count):
    write_checkpoint(tmp_path / "m", {"w": np.ones(count, "f4")})
    (tmp_path / "m.data-00000-of-00001").write_bytes(b"<!DOCTYPE html><html></html>" * 9)
    message = (
        rf"at byte 0: variable 'w': expected {4 * count} bytes of values, found an HTML page; "
    )
    with pytest.raises(CorruptCheckpointError, match=message):
        open_checkpoint(tmp_path / "m")["w"].read()


def test_events_are_named(tmp_path):
    graph = a_graph()
    with graph.as_default():
        v1.summary.FileWriter(str(tmp_path), graph).close()
    (path,) = tmp_path.iterdir()
    with pytest.raises(UnsupportedCheckpointError, match="events file of TensorBoard"):
        open_checkpoint(path)


def test_a_checkpoint_cut_short_is_damaged_and_nothing_else(tmp_path):
    names = {f"scope_{n}/weights": np.ones((n, 3), "f4") for n in range(200)}
    write_checkpoint(tmp_path / "m", names)
    index = (tmp_path / "m.index").read_bytes()
    for length in range(0, len(index), 97):
        (tmp_path / "m.index").write_bytes(index[:length])
        with pytest.raises(CorruptCheckpointError, match=r"too few|does not end as"):
            open_checkpoint(tmp_path / "m")


@pytest.mark.parametrize(
    "data",
    [b"<!---->" * 9000 + b"x", b"a" + b"\n" * 65000, zipped("./" * 30000 + "x"), b"#\n" * 30000],
    ids=["comments", "lines", "slashes", "remarks"],
)
def test_nothing_takes_long_to_tell(tmp_path, data):
    (tmp_path / "m").write_bytes(data)
    assert recognise(str(tmp_path / "m")) is not None


def test_any_bytes_at_all_are_an_error_that_says_so(tmp_path):
    rng = np.random.default_rng(0)
    samples = [make() for make, _ in FILES.values()]
    path = tmp_path / "m"
    for n in range(300):
        data = bytearray(samples[n % len(samples)])
        for _ in range(5):
            data[rng.integers(len(data))] = rng.integers(256)
        path.write_bytes(data[: rng.integers(1, len(data) + 1)])
        with pytest.raises(CheckpointError, match=str(path)):
            open_checkpoint(path)


def test_a_file_that_nobody_knows_is_not_guessed(tmp_path):
    (tmp_path / "m").write_bytes(np.random.default_rng(0).bytes(999))
    assert recognise(str(tmp_path / "m")) is None
    assert recognise(str(tmp_path)) is None
    assert recognise(str(tmp_path / "none")) is None


def test_a_kind_of_texts_is_asked_before_it_is_any_text(tmp_path):
    from tf1compat.checkpoint.foreign._sample import Foreign
    from tf1compat.checkpoint.foreign.recognition import ForeignKind

    def tell(sample):
        return Foreign("a toy", "play") if sample.head.startswith(b"# toy") else None

    (tmp_path / "m").write_bytes(b"# toy\n1 2 3\n")
    assert "a text file that begins '# toy" in recognise(str(tmp_path / "m")).what
    with FOREIGN_KINDS.with_(ForeignKind("toy", tell)):
        assert recognise(str(tmp_path / "m")).what == "a toy"


@pytest.mark.parametrize("answer", [lambda sample: "a toy", lambda sample: {}["lost"]])
def test_a_kind_that_answers_wrongly_is_named(tmp_path, answer):
    from tf1compat.checkpoint.foreign.recognition import ForeignKind

    (tmp_path / "m").write_bytes(b"\1toy")
    message = (
        "kind of files 'toy': expected a Foreign or None of its method tell.*, found (KeyE|'a)"
    )
    with (
        FOREIGN_KINDS.with_(ForeignKind("toy", answer)),
        pytest.raises(UsageError, match=message),
    ):
        recognise(str(tmp_path / "m"))


def test_a_kind_is_added_in_one_place(tmp_path):
    from tf1compat.checkpoint.foreign._sample import Foreign
    from tf1compat.checkpoint.foreign.recognition import ForeignKind

    def tell(sample):
        return Foreign("a toy", "play") if sample.head.startswith(b"\1toy") else None

    (tmp_path / "m").write_bytes(b"\1toy")
    with (
        FOREIGN_KINDS.with_(ForeignKind("toy", tell)),
        pytest.raises(UnsupportedCheckpointError, match="found a toy; play"),
    ):
        open_checkpoint(tmp_path / "m")
