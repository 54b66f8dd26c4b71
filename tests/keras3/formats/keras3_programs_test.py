"""SavedModels and TFLite files: run by the libraries that serve them, beside the model itself."""

import dataclasses
import functools
import os
import shutil
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf1compat.checkpoint import Manifest
from tf1compat.errors import ModelError, OutputError, UsageError
from tf1compat.keras3 import build_model, export_weights, index_model, read_exported
from tf1compat.keras3.formats import OUTPUT_FORMATS
from tf1compat.keras3.formats.options import configured
from tf1compat.keras3.formats.output_formats import read_program
from tf1compat.keras3.formats.programs import served_model, tflite
from tf1compat.keras3.formats.programs.sample_inputs import recorded_inputs
from tf1compat.testing import assert_arrays_close, assert_arrays_equal

L = keras.layers
SAVED, TFLITE = OUTPUT_FORMATS["saved_model"], OUTPUT_FORMATS["tflite"]


def named():
    """Returns a model of named inputs and outputs, of which one is looked up in a table."""
    ids, x = keras.Input((3,), dtype="int32", name="ids"), keras.Input((8,), name="x")
    e = L.GlobalAveragePooling1D()(L.Embedding(5, 4, name="table")(ids))
    y = L.BatchNormalization(name="norm")(L.Dropout(0.5)(L.Dense(40, "relu", name="wide")(x)))
    both = L.Concatenate()([e, L.Dense(40, name="deep")(y)])
    return keras.Model({"ids": ids, "x": x}, {"scores": L.Dense(2, name="scores")(both), "e": e})


class Listed(keras.Model):
    """Three whole numbers in, in order, and two outputs."""

    def __init__(self):
        super().__init__(name="listed")
        self.parts = [L.Embedding(2, 3, name=f"table_{n}") for n in range(3)]

    def call(self, inputs):
        x, y, z = (part(one) for part, one in zip(self.parts, inputs, strict=True))
        return x - y, z * 2


def listed():
    model = Listed()
    model([keras.Input((4,), dtype="int32") for _ in range(3)])
    return model


def value_of(weight):
    if weight.kind == "state":
        return None
    rng = np.random.default_rng(len(weight.path))
    return np.abs(rng.normal(size=weight.shape)).astype(weight.dtype) + 0.1


def holding(factory):
    """Returns the model with those values, as Keras holds them."""
    model = factory()
    for weight in index_model(model).values():
        if weight.kind == "weight":
            weight.variable.assign(value_of(weight))
    return model


INPUTS = {
    "ids": np.array([[0, 4, 2], [1, 3, 3]], np.int32),
    "x": np.random.default_rng(0).normal(size=(2, 8)).astype(np.float32),
}


@pytest.fixture(scope="module")
def model():
    return build_model(named)


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("out") / "m.savedmodel"
    return path, export_weights(model, path, value_of)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("in") / "in.npz"
    rng = np.random.default_rng(1)
    x = rng.normal(size=(40, 8)).astype(np.float32)
    np.savez(path, **{"in/ids": rng.integers(0, 5, (40, 3)).astype(np.int32), "in/x": x})
    return os.fspath(path)


def test_the_signature_computes_what_the_model_does(saved, model):
    served = tf.saved_model.load(str(saved[0])).signatures["serving_default"]
    found = served(**{name: tf.constant(value) for name, value in INPUTS.items()})
    expected = holding(named)(INPUTS, training=False)
    for name, value in expected.items():
        assert_arrays_close(found[name], value, rtol=1e-5)
    assert all(w.variable._value is None for w in index_model(model).values())


@pytest.mark.slow
def test_keras_takes_it_for_a_layer(saved):
    layer = keras.layers.TFSMLayer(saved[0], call_endpoint="serve")
    expected = holding(named)(INPUTS, training=False)
    assert_arrays_close(layer(INPUTS)["scores"], expected["scores"], rtol=1e-5)


def test_its_weights_are_read_and_loaded_back(saved, model):
    path, manifest = saved
    found = read_exported(path, model)
    assert {one.name: one.sha256 for one in manifest.tensors} == {
        name: array.sha256 for name, array in found.items()
    }
    assert (found.damage(), found.misplaced(), found.unchecked) == ([], [], ())
    loaded = index_model(SAVED.load(str(path), named))
    assert_arrays_equal(
        keras.ops.convert_to_numpy(loaded["wide/kernel"].variable),
        value_of(loaded["wide/kernel"]),
    )
    with pytest.raises(ModelError, match="found a SavedModel, its graph alone"):
        SAVED.model(str(path))


def test_a_model_without_names_keeps_its_order_and_its_whole_numbers(tmp_path):
    export_weights(build_model(listed), tmp_path / "m.savedmodel", value_of)
    served = tf.saved_model.load(str(tmp_path / "m.savedmodel")).signatures["serving_default"]
    _, specs = served.structured_input_signature
    assert {spec.dtype.name for spec in specs.values()} == {"int32"}
    names = served_model.in_order(specs)
    given = [np.full((2, 4), n % 2, np.int32) for n in range(3)]
    found = served(**dict(zip(names, map(tf.constant, given), strict=True)))
    expected = holding(listed)(given)
    assert_arrays_close(found["output_0"], expected[0], rtol=1e-5)
    assert_arrays_close(found["output_1"], expected[1], rtol=1e-5)


def test_one_that_keras_wrote_is_read_by_the_model(tmp_path):
    model = named()
    model.export(tmp_path / "m.savedmodel", verbose=False)
    found = read_exported(tmp_path / "m.savedmodel", model)
    assert_arrays_equal(
        found["norm/gamma"].read(), keras.ops.convert_to_numpy(model.get_layer("norm").gamma)
    )
    assert "no manifest" in found.unchecked[0]
    with pytest.raises(OutputError, match=r"can't be written, .* it has no manifest"):
        export_weights(model, tmp_path / "m.savedmodel", value_of)


@pytest.mark.parametrize("name", ["saved_model.pb", "variables/variables.data-00000-of-00001"])
def test_damage_of_a_saved_model_is_found(tmp_path, saved, model, name):
    path = shutil.copytree(saved[0], tmp_path / "m")
    data = bytearray((path / name).read_bytes())
    data[len(data) // 2] ^= 1
    (path / name).write_bytes(data)
    assert name in {problem.name for problem in read_exported(path, model).damage()}


@pytest.mark.slow
def test_what_computes_otherwise_is_not_written(tmp_path, model, monkeypatch):
    plain = served_model.signature_of

    def off(*given, **named_):
        program = plain(*given, **named_)
        run = program.run
        return dataclasses.replace(program, run=lambda inputs: [y + 1 for y in run(inputs)])

    monkeypatch.setattr(served_model, "signature_of", off)
    with pytest.raises(OutputError, match=r"scores: expected a relative difference of at most"):
        export_weights(model, tmp_path / "m.savedmodel", value_of)
    assert not list(tmp_path.iterdir())


class Counting(L.Layer):
    """A layer that remembers what it was called with, whatever for."""

    def build(self, shape):
        self.count = self.add_weight(shape=(), initializer="zeros", name="count", trainable=False)

    def call(self, x):
        self.count.assign(keras.ops.sum(x))
        return x


def test_a_model_that_changes_as_it_computes_is_refused(tmp_path):
    model = keras.Sequential([keras.Input((2,)), Counting(name="counting")])
    with pytest.raises(ModelError, match="counting/count: expected to stay as it is in inference"):
        export_weights(model, tmp_path / "m.savedmodel", lambda weight: None)
    assert not list(tmp_path.iterdir())
    assert float(model.layers[0].count) == 0


def test_what_keras_cannot_export_is_told(tmp_path, monkeypatch, model):
    stateful = keras.Sequential([keras.Input(batch_shape=(1, 3, 2)), L.LSTM(2, stateful=True)])
    for one in (SAVED, TFLITE):
        with pytest.raises(ModelError, match=r"Keras can't export this model: \w+Error: "):
            export_weights(stateful, tmp_path / f"m{one.suffix}", lambda weight: None)

    def full(*_, **__):
        raise RuntimeError("/m/part-0.data; No space left on device [Op:SaveV2]")

    with monkeypatch.context() as broken:
        broken.setattr(type(model), "export", full)
        with pytest.raises(
            OutputError, match=r"m\.savedmodel: could not be written \(No space left"
        ):
            export_weights(model, tmp_path / "m.savedmodel", value_of)
    monkeypatch.setattr(keras.config, "backend", lambda: "torch")
    with pytest.raises(UsageError, match="found torch; set KERAS_BACKEND=tensorflow"):
        export_weights(model, tmp_path / "m.savedmodel", value_of)
    assert not list(tmp_path.iterdir())


WAYS = {"none": 1e-6, "float16": 1e-3, "dynamic": 0.05, "int8": 0.4}
SLOW = [way if way == "dynamic" else pytest.param(way, marks=pytest.mark.slow) for way in WAYS]


INT8 = {"max_error": 0.5}


@pytest.fixture(scope="module")
def files(model, recording, tmp_path_factory):
    """Returns TFLite files by how they are quantized, each made when it is first asked for."""
    folder = tmp_path_factory.mktemp("out")

    @functools.cache
    def made(way):
        given = {"quantize": way} | (INT8 | {"representative": recording} if way == "int8" else {})
        path = folder / f"{way}.tflite"
        manifest = export_weights(model, path, value_of, output_format=configured(TFLITE, given))
        return path, manifest

    return made


@pytest.mark.parametrize("way", SLOW)
def test_litert_computes_nearly_what_the_model_does(files, recording, way):
    from ai_edge_litert.interpreter import Interpreter

    path, manifest = files(way)
    inputs = recorded_inputs(recording, ["ids", "x"])
    expected = holding(named)(inputs, training=False)
    runner = Interpreter(model_path=str(path)).get_signature_runner("serving_default")
    found = runner(**inputs)
    errors = {}
    for name, value in expected.items():
        errors[name] = np.abs(found[name] - value).max() / np.abs(value).max()
        assert errors[name] <= WAYS[way], name
    assert (max(errors.values()) > 1e-6) == (way != "none")
    told = manifest.notes["tflite"]
    allowed = 0.5 if way == "int8" else tflite.ALLOWED[way]
    assert (told["quantize"], told["max_error"]) == (way, allowed)
    assert [one["name"] for one in told["errors"]] == ["e", "scores"]


@pytest.mark.slow
def test_quantized_files_are_smaller(files):
    size = {way: os.path.getsize(files(way)[0]) for way in WAYS}
    assert size["int8"] < size["float16"] < size["none"]


def test_its_manifest_says_what_it_is_made_of(files, model):
    path, manifest = files("dynamic")
    found = read_exported(path, model)
    assert (found.manifest, dict(found), found.damage()) == (manifest, {}, [])
    assert {one.name for one in manifest.tensors} == set(index_model(model))
    program = read_program(str(path))
    assert (list(program.inputs), program.outputs) == (["ids", "x"], ("e", "scores"))
    with pytest.raises(ModelError, match="expected weights, found a program"):
        TFLITE.load(str(path), named)
    with pytest.raises(ModelError, match="found a program for LiteRT"):
        TFLITE.model(str(path))


def test_damage_of_a_program_is_found(files, tmp_path):
    data = bytearray(files("dynamic")[0].read_bytes())
    data[len(data) // 4] ^= 1
    (tmp_path / "m.tflite").write_bytes(data)
    assert len(read_exported(tmp_path / "m.tflite").damage()) == 1
    (tmp_path / "m.tflite").write_bytes(files("dynamic")[0].read_bytes()[:9000])
    assert read_exported(tmp_path / "m.tflite").manifest is None
    (tmp_path / "m.tflite").write_text("no program")
    with pytest.raises(OutputError, match="expected a TFLite file with one signature"):
        read_program(str(tmp_path / "m.tflite"))
    with pytest.raises(OutputError, match="expected a program, found a name of no format"):
        read_program("m.keras")


def test_a_program_that_is_too_far_off_is_refused(tmp_path, model, recording):
    one = configured(TFLITE, {"quantize": "dynamic", "max_error": "1e-7"})
    (tmp_path / "m.tflite").write_text("old")
    with pytest.raises(OutputError, match="scores: expected a relative difference of at most 1e-0"):
        export_weights(model, tmp_path / "m.tflite", value_of, output_format=one)
    assert (tmp_path / "m.tflite").read_text() == "old"
    assert os.listdir(tmp_path) == ["m.tflite"]


@pytest.mark.slow
def test_a_manifest_that_reads_back_otherwise_is_refused(tmp_path, model, monkeypatch):
    append = tflite._append
    monkeypatch.setattr(tflite, "_append", lambda path, manifest: append(path, Manifest(())))
    with pytest.raises(OutputError, match="expected its manifest, found another"):
        export_weights(model, tmp_path / "m.tflite", value_of)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"quantize": "int4"}, "quantize: expected none, dynamic, float16, int8, found 'int4'"),
        ({"quantize": "int8"}, "expected representative inputs for int8"),
        ({"max_error": "-1"}, "max_error: expected a positive number"),
        ({"max_error": "nan"}, "max_error: expected a positive number"),
        ({"max_error": "much"}, "could not convert string to float"),
    ],
)
def test_options_that_cannot_be(given, message):
    with pytest.raises(UsageError, match=message):
        configured(TFLITE, given)


def test_without_the_library_nothing_is_written(tmp_path, model, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(UsageError, match=r"ai-edge-litert, which runs .*tf1compat\[tflite"):
        export_weights(model, tmp_path / "m.tflite", value_of)
    assert not list(tmp_path.iterdir())


def test_recorded_inputs_go_by_name_or_by_order(tmp_path):
    path = os.fspath(tmp_path / "in.npz")
    np.savez(path, **{"in/b": np.ones((2, 1)), "in/a": np.zeros((2, 3)), "out/y": np.ones(2)})
    assert {n: v.shape for n, v in recorded_inputs(path, ["a", "b"]).items()} == {
        "a": (2, 3),
        "b": (2, 1),
    }
    assert list(recorded_inputs(path, ["first", "second"])["first"].shape) == [2, 1]
    with pytest.raises(UsageError, match=r"expected an array for each input \(a\), found b, a"):
        recorded_inputs(path, ["a"])
    np.savez(path, a=np.ones((2, 1)), b=np.ones((3, 1)))
    with pytest.raises(UsageError, match=r"arrays of as many rows each, found a \(2, 1\), b"):
        recorded_inputs(path, ["a", "b"])


@pytest.mark.parametrize(("policy", "allowed"), [("mixed_bfloat16", 2**-6), ("float16", 2**-9)])
def test_what_half_precision_rounds_is_no_difference(policy, allowed, tmp_path, monkeypatch):
    """Fused in one graph, the same ops round elsewhere."""
    layer = L.Dense(4, dtype=policy, name="half")
    inner = keras.Sequential([keras.Input((8,)), layer])
    model = keras.Sequential([keras.Input((8,)), inner, L.Dense(2, name="whole")])
    asked = []
    monkeypatch.setattr(
        served_model, "require_near", lambda found, allowed, path: asked.append(allowed)
    )
    export_weights(index_model(model), tmp_path / "m.savedmodel", value_of)
    assert asked == [allowed]
