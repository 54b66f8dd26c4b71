"""Models' weights in safetensors, one file or a folder: read by the library, loaded, held to."""

import dataclasses
import json
import os
import sys

import keras
import numpy as np
import pytest
import safetensors
import safetensors.numpy

from tf1compat.checkpoint import open_checkpoint, write_checkpoint
from tf1compat.errors import ModelError, OutputError, UsageError
from tf1compat.files.folders import FOLDER_MANIFEST
from tf1compat.keras3 import (
    build_model,
    export_weights,
    index_model,
    lazy_model,
    load_model,
    read_exported,
)
from tf1compat.keras3.formats import OUTPUT_FORMATS
from tf1compat.keras3.formats.options import configured, options_of
from tf1compat.keras3.formats.safetensors_files import _tensors
from tf1compat.migration import convert, plan_migration, verify
from tf1compat.testing import assert_arrays_equal

L = keras.layers
FILE, FOLDER = "m.safetensors", "m.safetensors.d"
SHARDS = dataclasses.replace(OUTPUT_FORMATS["safetensors_folder"], shard_size=80)
_MODULE = """
import keras

def build():
    layers = [keras.layers.Dense(8, name="fc1"), keras.layers.Dense(2, name="fc2")]
    return keras.Sequential([keras.layers.Input((4,)), *layers])
"""
V1 = {
    "mlp/fc1/weights": np.arange(32, dtype=np.float32).reshape(4, 8) / 7,
    "mlp/fc1/biases": np.arange(8, dtype=np.float32),
    "mlp/fc2/weights": np.arange(16, dtype=np.float32).reshape(8, 2) / 7,
    "mlp/fc2/biases": np.arange(2, dtype=np.float32),
}


def build():
    x = keras.Input((4,))
    y = L.BatchNormalization()(L.Dropout(0.1)(L.Dense(4, name="fc")(x)))
    return keras.Model(x, L.Dense(2, name="half", dtype="bfloat16")(y))


@pytest.fixture(scope="module")
def model():
    return build_model(build)


def value_of(weight):
    if weight.kind == "state":
        return None
    rng = np.random.default_rng(len(weight.path))
    return rng.normal(size=weight.shape).astype(_tensors.numpy_dtype(weight.dtype))


@pytest.fixture(scope="module", params=[FILE, FOLDER, "shards"])
def written(model, tmp_path_factory, request):
    """An output of each kind; the folder of shards has a name that tells nothing."""
    path = tmp_path_factory.mktemp("out") / request.param
    wanted = SHARDS if request.param == "shards" else None
    return path, export_weights(model, path, value_of, output_format=wanted)


def files_of(path):
    return [path] if path.is_file() else sorted(path.glob("*.safetensors"))


def test_the_library_reads_every_weight(model, written):
    path, _ = written
    found = {}
    for one in files_of(path):
        found |= safetensors.numpy.load_file(one)
        with safetensors.safe_open(one, framework="numpy") as file:
            assert file.metadata()["format"] == "tf"
    index = index_model(model)
    assert set(found) == set(index)
    for name, weight in index.items():
        if weight.kind == "weight":
            assert_arrays_equal(found[name], value_of(weight), name)


def test_it_is_read_and_loaded_back(model, written):
    path, manifest = written
    found = read_exported(path, model)
    assert {one.name: one.sha256 for one in manifest.tensors} == {
        name: array.sha256 for name, array in found.items()
    }
    assert (found.damage(), found.misplaced(), found.unchecked) == ([], [], ())
    one = OUTPUT_FORMATS["safetensors" if path.is_file() else "safetensors_folder"]
    loaded = index_model(one.load(str(path), build))
    for name, weight in loaded.items():
        assert_arrays_equal(keras.ops.convert_to_numpy(weight.variable), found[name].read(), name)


def test_it_is_a_checkpoint_too(model, written):
    path, _ = written
    if path.is_dir():
        shards = path / "model.safetensors.index.json"
        path = shards if shards.exists() else path / "model.safetensors"
    assert set(open_checkpoint(path)) == set(index_model(model))


def test_shards_are_of_the_size_and_the_index_says_where(model, tmp_path):
    export_weights(model, tmp_path / "out", value_of, output_format=SHARDS)
    names = sorted(os.listdir(tmp_path / "out"))
    count = len(names) - 2
    assert count == 3
    assert names == [
        *(f"model-{n:05}-of-{count:05}.safetensors" for n in range(1, count + 1)),
        "model.safetensors.index.json",
        FOLDER_MANIFEST,
    ]
    held = json.loads((tmp_path / "out/model.safetensors.index.json").read_text())
    sizes = []
    for name in names[:count]:
        arrays = safetensors.numpy.load_file(tmp_path / "out" / name)
        assert {held["weight_map"][one] for one in arrays} == {name}
        sizes.append(sum(array.nbytes for array in arrays.values()))
    assert max(sizes) <= 80
    assert held["metadata"]["total_size"] == sum(sizes)
    assert len(held["weight_map"]) == len(index_model(model))


def flip(path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def text(old, new):
    return lambda path: path.write_bytes(path.read_bytes().replace(old, new))


@pytest.mark.parametrize(
    ("name", "spoil", "found"),
    [
        (FILE, flip, "half/bias"),
        (FILE, text(b'"half/bias":{', b'"half/bios":{'), "half/bias"),
        (FILE, text(b'"format":"tf"', b'"format":"pt"'), FILE),
        ("shards", lambda path: flip(files_of(path)[-1]), "half/bias"),
        (
            "shards",
            lambda path: text(b'"total_size"', b'"total_sizf"')(
                path / "model.safetensors.index.json"
            ),
            "model.safetensors.index.json",
        ),
        (
            "shards",
            lambda path: text(b'"format":"tf"', b'"format":"pt"')(files_of(path)[0]),
            "model-00001-of-00003.safetensors",
        ),
    ],
)
def test_damage_is_found(model, tmp_path, name, spoil, found):
    path = tmp_path / name
    export_weights(model, path, value_of, output_format=SHARDS if name == "shards" else None)
    spoil(path)
    damaged = {
        os.path.basename(p.name) if "m.s" in p.name else p.name
        for p in read_exported(path, model).damage()
    }
    assert found in damaged


def test_what_is_no_such_file_is_told(model, tmp_path):
    (tmp_path / FILE).write_text("no tensors at all")
    with pytest.raises(OutputError, match="this is no safetensors file"):
        read_exported(tmp_path / FILE, model)
    (tmp_path / FOLDER).mkdir()
    with pytest.raises(OutputError, match=r"model\.safetensors: the file is missing"):
        read_exported(tmp_path / FOLDER, model)


def test_what_reads_back_otherwise_is_not_written(model, tmp_path, monkeypatch):
    export_weights(model, tmp_path / FILE, value_of)
    before = (tmp_path / FILE).read_bytes()
    read = _tensors._read
    monkeypatch.setattr(_tensors, "_read", lambda *given: read(*given) + 1)
    with pytest.raises(OutputError, match="fc/kernel: expected the bytes that were wr"):
        export_weights(model, tmp_path / FILE, value_of)
    assert (tmp_path / FILE).read_bytes() == before
    assert os.listdir(tmp_path) == [FILE]


def test_without_the_library_nothing_is_written(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    for name in (FILE, FOLDER):
        with pytest.raises(UsageError, match=r"expected safetensors, .*tf1compat\[safetensors\]"):
            export_weights(model, tmp_path / name, value_of)
    assert not list(tmp_path.iterdir())


def test_a_model_that_does_not_fit_is_told_all_at_once(written):
    path, _ = written
    one = OUTPUT_FORMATS["safetensors" if path.is_file() else "safetensors_folder"]
    other = keras.Sequential([keras.Input((4,)), L.Dense(3, name="fc"), L.Dense(1, name="new")])
    with pytest.raises(ValueError, match=r"fc/kernel: expected .*found .*; new/kernel: expected"):
        one.load(str(path), lambda: other)
    with pytest.raises(ModelError, match="weights alone"):
        one.model(str(path))


def test_options_are_told_parsed_and_refused():
    folder = OUTPUT_FORMATS["safetensors_folder"]
    assert options_of(OUTPUT_FORMATS["keras"]) == {}
    (option,) = options_of(folder).values()
    assert (option.name, option.default) == ("shard_size", 5_000_000_000)
    assert configured(folder, {"shard_size": "1.5MB"}).shard_size == 1_500_000
    assert configured(folder, {}) is folder
    with pytest.raises(
        UsageError, match=r"expected what the format .* has .shard_size., found ano"
    ):
        configured(folder, {"sharp_size": 1})
    with pytest.raises(UsageError, match="found 'few', which is no size such as 500MB"):
        configured(folder, {"shard_size": "few"})
    with pytest.raises(UsageError, match="expected a number of bytes, found 0"):
        configured(folder, {"shard_size": "0"})


def test_a_file_has_the_suffix_of_its_format_and_a_folder_may_have_any(model, tmp_path):
    with pytest.raises(UsageError, match=r"a name ending in \.safetensors for the format"):
        export_weights(model, tmp_path / "m", value_of, output_format="safetensors")
    with pytest.raises(UsageError, match="which is 'keras'"):
        export_weights(model, tmp_path / "m.keras", value_of, output_format="safetensors_folder")
    export_weights(model, tmp_path / "m", value_of, output_format="safetensors_folder")
    assert read_exported(tmp_path / "m").damage() == []


@pytest.fixture
def work(tmp_path, monkeypatch):
    write_checkpoint(str(tmp_path / "model.ckpt"), V1)
    (tmp_path / "hub_models.py").write_text(_MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("hub_models", None)


def test_v1_names_and_the_plan_are_in_the_metadata(work):
    model = lazy_model("hub_models:build")
    plan = plan_migration("model.ckpt", model)
    convert(plan, model, output=FILE, notes={"proof": {"n": 1}})
    with safetensors.safe_open(FILE, framework="numpy") as file:
        metadata = file.metadata()
    assert json.loads(metadata["tf1compat.sources"])["fc1/kernel"] == ["mlp/fc1/weights"]
    assert metadata["tf1compat.plan_sha256"] == plan.digest()
    assert read_exported(FILE).notes == {"proof": {"n": 1}, "plan_sha256": plan.digest()}
    elsewhere = dataclasses.replace(plan, checkpoint="other.ckpt")
    assert elsewhere.digest() == plan.digest()
    assert dataclasses.replace(plan, model="another").digest() != plan.digest()
    assert verify(plan, model, output=FILE).weights == 4
    loaded = load_model("hub_models:build", weights=FILE)
    assert_arrays_equal(loaded.get_layer("fc1").kernel, V1["mlp/fc1/weights"])


def test_the_apps_write_verify_and_compare_them(work, app):
    common = ("--checkpoint=model.ckpt", "--model=hub_models:build")
    assert app("migrate", *common, f"--output={FILE}", "--verify")[0] == 0
    named = ("--output=hub", "--output_format=safetensors_folder", "--shard_size=100")
    code, out, err = app("migrate", *common, *named, "--verify")
    assert (code, err) == (0, "")
    assert "4 weights equal bit for bit" in out
    assert len(files_of(work / "hub")) == 3
    for output in (FILE, "hub"):
        assert app("verify", *common, f"--output={output}")[0] == 0
        assert app("diff", *common, f"--other={output}")[:2] == (0, "all 4 are equal\n")
    code, _, err = app("migrate", *common, "--output=x.keras", "--shard_size=1GB")
    assert (code, "shard_size: expected what the format 'keras' has (no options)" in err) == (
        2,
        True,
    )
    code, out, _ = app("migrate", "--help")
    assert "--shard_size=VALUE\n      Of .safetensors.d: Bytes of weights" in out
    assert "[safetensors_folder]" in out
    (work / "mine").mkdir()
    folder = ("--output=mine", "--output_format=safetensors_folder", "--overwrite")
    code, _, err = app("migrate", *common, *folder)
    assert (code, "no output that is to be replaced" in err) == (1, True)


def test_what_is_read_is_not_replaced(work, app):
    common = ("--checkpoint=model.ckpt", "--model=hub_models:build")
    assert app("migrate", *common, "--output=hub.safetensors.d")[0] == 0
    source = "--checkpoint=hub.safetensors.d/model.safetensors"
    rules = "rules = [{source='(.*)', target='\\\\1'}]"
    (work / "r.toml").write_text(rules)
    code, _, err = app("migrate", source, common[1], "--output=hub.safetensors.d", "--overwrite")
    assert code != 0
    assert "expected a folder of its own" in err
    assert read_exported("hub.safetensors.d").damage() == []
