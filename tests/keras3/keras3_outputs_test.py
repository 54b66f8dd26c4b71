"""A format of outputs that the package doesn't have, added from outside and used throughout."""

import json
import os
import sys
import zipfile

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import (
    Manifest,
    TensorDigest,
    staged_file,
    tensor_digest,
    write_checkpoint,
)
from tf1compat.errors import CorruptCheckpointError, ModelError, OutputError, UsageError
from tf1compat.keras3 import (
    Exported,
    export_weights,
    index_model,
    lazy_model,
    load_model,
    read_exported,
)
from tf1compat.keras3.formats import OUTPUT_FORMATS, ArrayValue, all_values
from tf1compat.keras3.formats.output_formats import (
    model_format,
    output_format,
    reading_format,
    suffixes,
)
from tf1compat.migration import convert, plan_migration, verify
from tf1compat.testing import assert_arrays_equal

_MODULE = """
import keras

def build():
    return keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(8, name="fc1")])
"""
VALUES = {
    "mlp/fc1/weights": np.arange(32, dtype=np.float32).reshape(4, 8) / 7,
    "mlp/fc1/biases": np.arange(8, dtype=np.float32),
}


class Toy:
    """An .npz of the weights by their paths, and the manifest beside them."""

    name, suffix, summary = "toy", ".toy.npz", "the weights by path, for numpy.load"
    holds, reads = "weights", (".toy.npz", ".toy")

    def write(self, index, path, read):
        arrays = {weight.path: value for weight, value in all_values(index, read)}
        manifest = Manifest(
            tuple(
                TensorDigest(name, value.shape, value.dtype.name, tensor_digest(value))
                for name, value in arrays.items()
            )
        )
        with staged_file(path) as staged, open(staged, "xb") as file:
            np.savez(file, **arrays, manifest=np.array(manifest.to_json()))
        return manifest

    def read(self, path, index):
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise OutputError(f"{path}: can't be read: {error}") from error
        manifest = Manifest.from_json(str(arrays.pop("manifest")))
        values = {n: ArrayValue(a.shape, a.dtype.name, lambda a=a: a) for n, a in arrays.items()}
        return Exported(path, values, manifest=manifest)

    def load(self, path, make):
        index = index_model(make())
        for name, array in self.read(path, index).items():
            index[name].variable.assign(array.read())
        return index.model

    def model(self, path):
        raise ModelError(f"{path}: weights alone")


class Whole(Toy):
    name, suffix, summary, holds = "whole", ".whole.json", "a toy of a whole model", "model"
    reads = (suffix,)

    def model(self, path):
        with open(path, encoding="utf-8") as file:
            return keras.saving.deserialize_keras_object(json.load(file))


@pytest.fixture
def work(tmp_path, monkeypatch):
    write_checkpoint(str(tmp_path / "model.ckpt"), VALUES)
    (tmp_path / "toy_models.py").write_text(_MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    with OUTPUT_FORMATS.with_(Toy()):
        yield tmp_path
    sys.modules.pop("toy_models", None)


def test_the_suffix_tells_the_format():
    assert suffixes().startswith(".weights.h5, .keras, ")
    assert output_format("a/b.keras").name == reading_format("b.keras").name == "keras"
    assert reading_format("old.h5").name == "weights.h5"
    assert (reading_format("model.ckpt-7"), model_format("x.weights.h5")) == (None, None)
    with pytest.raises(UsageError, match=r"old\.h5: expected a file name ending in \.weights\.h5"):
        output_format("old.h5")
    with OUTPUT_FORMATS.with_(Toy()):
        assert suffixes().endswith(" or .toy.npz")
        assert output_format("x.toy.npz").name == "toy"
    with pytest.raises(UsageError, match=r"x\.toy\.npz: expected a file name ending in"):
        output_format("x.toy.npz")


def test_the_longest_suffix_wins():
    longer = type("Longer", (Toy,), {"name": "longer", "suffix": ".x.h5", "reads": (".x.h5",)})
    with OUTPUT_FORMATS.with_(longer()):
        assert reading_format("m.x.h5").name == "longer"
        assert reading_format("m.h5").name == "weights.h5"
    longer = type(
        "Longer", (Toy,), {"name": "longer", "suffix": ".x.keras", "reads": (".x.keras",)}
    )
    with OUTPUT_FORMATS.with_(longer()):
        assert output_format("m.x.keras").name == "longer"
        assert output_format("m.keras").name == "keras"


def test_it_is_converted_to_read_back_verified_and_loaded(work):
    model = lazy_model("toy_models:build")
    plan = plan_migration("model.ckpt", model)
    done = convert(plan, model, output="out.toy.npz")
    assert [tensor.name for tensor in done.manifest.tensors] == ["fc1/kernel", "fc1/bias"]
    found = read_exported("out.toy.npz")
    assert (found.has_manifest, found.damage(), list(found)) == (True, [], list(index_model(model)))
    assert found["fc1/kernel"].nbytes == 128
    assert verify(plan, model, output="out.toy.npz").weights == 2
    loaded = load_model("toy_models:build", weights="out.toy.npz")
    assert_arrays_equal(loaded.get_layer("fc1").kernel, VALUES["mlp/fc1/weights"])


def test_its_damage_is_found(work):
    model = lazy_model("toy_models:build")
    export_weights(model, "out.toy.npz", lambda weight: None)
    with np.load("out.toy.npz") as file:
        arrays = dict(file)
    arrays["fc1/bias"] = arrays["fc1/bias"] + 1
    del arrays["fc1/kernel"]
    np.savez("out.toy.npz", **arrays)
    found = read_exported("out.toy.npz")
    assert {problem.name for problem in found.damage()} == {"fc1/kernel", "fc1/bias"}
    with pytest.raises(CorruptCheckpointError, match="dataset fc1/kernel is missing"):
        found["fc1/kernel"].read()
    with pytest.raises(CorruptCheckpointError, match=r"out\.toy\.npz: variable .*SHA-256"):
        found["fc1/bias"].read()
    with open("out.toy.npz", "w") as file:
        file.write("no zip")
    with pytest.raises(OutputError, match="can't be read"):
        read_exported("out.toy.npz")


def test_a_value_that_does_not_fit_is_refused(work):
    with pytest.raises(ModelError, match="fc1/kernel: expected a value of shape"):
        export_weights(lazy_model("toy_models:build"), "out.toy.npz", lambda weight: np.ones(3))
    assert not os.path.exists("out.toy.npz")


def test_the_apps_write_verify_and_compare_it(work, app):
    common = ("--checkpoint=model.ckpt", "--model=toy_models:build")
    code, out, err = app("migrate", *common, "--output=x.toy.npz", "--verify")
    assert (code, err) == (0, "")
    assert "wrote x.toy.npz" in out
    assert "2 weights equal bit for bit" in out
    assert app("verify", *common, "--output=x.toy.npz")[0] == 0
    assert app("diff", *common, "--other=x.toy.npz")[:2] == (0, "all 2 are equal\n")
    assert_arrays_equal(np.load("x.toy.npz")["fc1/bias"], VALUES["mlp/fc1/biases"])


def test_the_apps_say_that_it_is_there(work, app):
    for asked in (("help", "migrate"), ("migrate", "--help"), ("verify", "--help")):
        assert "  .toy.npz: the weights by path, for numpy.load\n" in app(*asked)[1]
    common = ("--checkpoint=model.ckpt", "--model=toy_models:build")
    _, _, err = app("migrate", *common, "--output=x.npz")
    assert "x.npz: expected a file name ending in .weights.h5, .keras, " in err
    assert " or .toy.npz" in err
    _, _, err = app("diff", "--checkpoint=model.ckpt", "--other=x.toy")
    assert "expected --model=module:callable to read a .toy.npz file by" in err


def test_a_whole_model_stands_for_itself(work, app):
    model = lazy_model("toy_models:build")
    with open("m.whole.json", "w", encoding="utf-8") as file:
        json.dump(keras.saving.serialize_keras_object(model), file)
    with OUTPUT_FORMATS.with_(Whole()):
        assert set(index_model(lazy_model("m.whole.json"))) == {"fc1/kernel", "fc1/bias"}
        assert app("plan", "--checkpoint=model.ckpt", "--model=m.whole.json")[0] == 0


def test_weights_alone_are_no_model(work):
    with pytest.raises(ModelError, match="weights alone"):
        OUTPUT_FORMATS["weights.h5"].model("x.weights.h5")
    with pytest.raises(ModelError, match="expected module:callable"):
        lazy_model("x.weights.h5")
