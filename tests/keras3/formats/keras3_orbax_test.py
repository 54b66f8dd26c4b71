"""Models' weights as Orbax checkpoints: Orbax reads them, and what it wrote is read.

Orbax, with jax, is no requirement of the tests: ``pip install '.[orbax]'`` adds it. Where it lacks,
the tests that are marked ``orbax`` are skipped and say so; with ``TF1COMPAT_ORBAX=required`` they
fail. What is promised without it is tested everywhere.
"""

import importlib.util
import os
import signal
import sys

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import write_checkpoint
from tf1compat.errors import ModelError, OutputError, UsageError
from tf1compat.files.dtypes import numpy_dtype
from tf1compat.files.folders import FOLDER_MANIFEST
from tf1compat.keras3 import build_model, export_weights, index_model, load_model, read_exported
from tf1compat.keras3.formats import OUTPUT_FORMATS, _orbax_tree
from tf1compat.keras3.formats.output_formats import output_format, reading_format
from tf1compat.stopping import Stopped, stoppable
from tf1compat.testing import assert_arrays_equal

L = keras.layers
ONE = OUTPUT_FORMATS["orbax"]
_MODULE = """
import keras

def build():
    return keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2, name="fc")])
"""
V1 = {
    "mlp/fc/weights": np.arange(8, dtype=np.float32).reshape(4, 2) / 7,
    "mlp/fc/biases": np.arange(2, dtype=np.float32),
}


class Scaled(keras.Model):
    """One of its own weights is called as a layer is, whose weights' paths begin so."""

    def __init__(self):
        super().__init__()
        self.fc = L.Dense(4, name="fc")
        self.norm = L.BatchNormalization()
        self.drop = L.Dropout(0.1)
        self.halved = L.Dense(2, name="a.b", dtype="bfloat16")
        self.scalar = self.add_weight(shape=(), name="fc")

    def call(self, x):
        return self.halved(self.drop(self.norm(self.fc(x)))) * self.scalar


def build():
    model = Scaled()
    model(keras.Input((4,)))
    return model


@pytest.fixture(scope="module")
def model():
    return build_model(build)


def value_of(weight):
    if weight.kind == "state":
        return None
    rng = np.random.default_rng(len(weight.path))
    return rng.normal(size=weight.shape).astype(numpy_dtype(weight.dtype))


@pytest.fixture(scope="module")
def orbax():
    if importlib.util.find_spec("orbax") is None:
        missing = "orbax-checkpoint isn't installed: pip install '.[orbax]'"
        if os.environ.get("TF1COMPAT_ORBAX") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    from orbax.checkpoint import v1

    return v1


@pytest.fixture(scope="module")
def written(orbax, model, tmp_path_factory):
    path = tmp_path_factory.mktemp("out") / "m.orbax"
    return path, export_weights(model, path, value_of)


def test_its_name_is_known_without_the_library():
    assert output_format("m.orbax") is reading_format("m.orbax") is ONE
    assert (ONE.name, ONE.holds, ONE.is_folder) == ("orbax", "weights", True)
    with pytest.raises(ModelError, match="weights alone"):
        ONE.model("m.orbax")


def test_without_the_library_nothing_is_written_or_read(model, tmp_path, monkeypatch):
    for name in ("orbax", "orbax.checkpoint"):
        monkeypatch.setitem(sys.modules, name, None)
    needed = r"expected orbax-checkpoint, .*pip install 'tf1compat\[orbax\]'"
    with pytest.raises(UsageError, match=needed):
        export_weights(model, tmp_path / "m.orbax", value_of)
    assert not list(tmp_path.iterdir())
    (tmp_path / "m.orbax").mkdir()
    with pytest.raises(UsageError, match=needed):
        read_exported(tmp_path / "m.orbax")
    with pytest.raises(UsageError, match=needed):
        ONE.load(str(tmp_path / "m.orbax"), build)


@pytest.mark.orbax
def test_orbax_reads_every_weight(orbax, model, written):
    path, _ = written
    found = orbax.load(path)
    assert set(found) == set(index_model(model))
    assert {"fc", "fc/kernel", "a.b/kernel"} <= set(found)
    for name, weight in index_model(model).items():
        if weight.kind == "weight":
            assert_arrays_equal(found[name], value_of(weight), name)
    assert found["a.b/kernel"].dtype.name == "bfloat16"


@pytest.mark.orbax
@pytest.mark.parametrize("batch", [1, 1 << 26])
def test_it_is_read_and_loaded_back(model, written, batch, monkeypatch):
    monkeypatch.setattr(_orbax_tree, "_BATCH", batch)
    path, manifest = written
    found = read_exported(path, model)
    assert {one.name: one.sha256 for one in manifest.tensors} == {
        name: array.sha256 for name, array in found.items()
    }
    assert (found.damage(), found.misplaced(), found.unchecked) == ([], [], ())
    loaded = index_model(ONE.load(str(path), build))
    for name, weight in loaded.items():
        assert_arrays_equal(keras.ops.convert_to_numpy(weight.variable), found[name].read(), name)


@pytest.mark.orbax
def test_what_jax_saved_is_read_nested_too(orbax, tmp_path):
    import jax.numpy as jnp

    tree = {
        "fc": {"kernel": jnp.ones((4, 3)), "bias": np.arange(3, dtype=np.float32)},
        "blocks": [jnp.ones(2, jnp.bfloat16), jnp.zeros(3)],
        "step": 7,
    }
    orbax.save_checkpointables(tmp_path / "m.orbax", {"pytree": tree})
    found = read_exported(tmp_path / "m.orbax")
    described = {name: f"{array.dtype}{list(array.shape)}" for name, array in found.items()}
    assert described == {
        "blocks/0": "bfloat16[2]",
        "blocks/1": "float32[3]",
        "fc/bias": "float32[3]",
        "fc/kernel": "float32[4, 3]",
    }
    assert_arrays_equal(found["fc/bias"].read(), tree["fc"]["bias"])
    assert_arrays_equal(found["blocks/0"].read(), np.asarray(tree["blocks"][0]))
    assert "no manifest" in found.unchecked[0]
    orbax.save_checkpointables(tmp_path / "two.orbax", {"pytree": {"fc/bias": jnp.ones(1), **tree}})
    with pytest.raises(OutputError, match="one array of each path, found two of 'fc/bias'"):
        read_exported(tmp_path / "two.orbax")
    orbax.save_checkpointables(tmp_path / "other.orbax", {"state": tree})
    with pytest.raises(OutputError, match="a PyTree called 'pytree', found state"):
        read_exported(tmp_path / "other.orbax")


@pytest.mark.orbax
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Orbax' loop
def test_damage_is_found_whichever_file_has_it(model, tmp_path, written):
    path = tmp_path / "m.orbax"
    export_weights(model, path, value_of)
    names = [one for one in path.rglob("*") if one.is_file() and one.stat().st_size]
    assert len(names) >= 5
    for name in names:
        if name.name == FOLDER_MANIFEST:
            continue
        whole = bytearray(name.read_bytes())
        whole[len(whole) // 2] ^= 1
        before = name.read_bytes()
        name.write_bytes(whole)
        try:
            damaged = {problem.name for problem in read_exported(path, model).damage()}
        except OutputError as error:
            damaged = {str(name.relative_to(path))} if "m.orbax: expected an" in str(error) else {}
        assert str(name.relative_to(path)) in damaged
        name.write_bytes(before)
    assert read_exported(path, model).damage() == []


@pytest.mark.orbax
def test_what_reads_back_otherwise_is_not_written(model, tmp_path, monkeypatch, orbax):
    export_weights(model, tmp_path / "m.orbax", value_of)
    before = {one: one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()}
    loaded = _orbax_tree.OrbaxTree._loaded

    def other(self, batch):
        return {number: array + 1 for number, array in loaded(self, batch).items()}

    monkeypatch.setattr(_orbax_tree.OrbaxTree, "_loaded", other)
    with pytest.raises(OutputError, match="fc/kernel: expected the bytes that were wr"):
        export_weights(model, tmp_path / "m.orbax", value_of)
    assert {one: one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()} == before
    assert os.listdir(tmp_path) == ["m.orbax"]


@pytest.mark.orbax
def test_what_orbax_cannot_save_or_open_is_told(tmp_path, orbax, monkeypatch, model):
    x = keras.Input((0,))
    empty = keras.Model(x, [L.Dense(2, name="fc")(x), L.Dense(3, name="no")(x)])
    with pytest.raises(ModelError, match=r"2 weight\(s\) that Orbax can't save(.|\n)*no/kernel"):
        export_weights(empty, tmp_path / "m.orbax", lambda weight: None)
    (tmp_path / "m.orbax").mkdir()
    with pytest.raises(OutputError, match=r"m\.orbax: expected an Orbax checkpoint"):
        read_exported(tmp_path / "m.orbax")
    (tmp_path / "m.orbax").rmdir()

    def full(*given):
        raise ValueError("No space left on device")

    monkeypatch.setattr(orbax, "save_checkpointables", full)
    with pytest.raises(OutputError, match="could not be written, Orbax says: No space left"):
        export_weights(model, tmp_path / "m.orbax", value_of)
    assert os.listdir(tmp_path) == []


@pytest.mark.orbax
def test_a_signal_is_kept_until_orbax_is_done(tmp_path, orbax, monkeypatch, model):
    """What it raises in a callback of Orbax' event loop would be lost, and the signal with it."""
    save, done = orbax.save_checkpointables, []

    def interrupted(*given):
        signal.raise_signal(signal.SIGINT)
        done.append(save(*given))

    monkeypatch.setattr(orbax, "save_checkpointables", interrupted)
    with stoppable(), pytest.raises(Stopped, match="interrupted"):
        export_weights(model, tmp_path / "m.orbax", value_of)
    assert len(done) == 1
    assert os.listdir(tmp_path) == []


@pytest.mark.orbax
def test_a_model_that_does_not_fit_is_told_all_at_once(written):
    path, _ = written
    other = keras.Sequential([keras.Input((4,)), L.Dense(3, name="fc"), L.Dense(1, name="new")])
    with pytest.raises(ValueError, match=r"fc/kernel: expected .*found .*; new/kernel: expected"):
        ONE.load(str(path), lambda: other)


@pytest.mark.orbax
def test_the_apps_write_verify_and_compare_them(orbax, tmp_path, monkeypatch, app):
    write_checkpoint(str(tmp_path / "model.ckpt"), V1)
    (tmp_path / "orbax_models.py").write_text(_MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    common = ("--checkpoint=model.ckpt", "--model=orbax_models:build")
    code, out, err = app("migrate", *common, "--output=m.orbax", "--verify")
    assert (code, err) == (0, "")
    assert "2 weights equal bit for bit" in out
    assert app("migrate", *common, "--output=other", "--output_format=orbax")[0] == 0
    for output in ("m.orbax", "other"):
        assert app("verify", *common, f"--output={output}")[0] == 0
        assert app("diff", *common, f"--other={output}")[:2] == (0, "all 2 are equal\n")
    loaded = load_model("orbax_models:build", weights="m.orbax")
    assert_arrays_equal(loaded.get_layer("fc").kernel, V1["mlp/fc/weights"])
    sys.modules.pop("orbax_models", None)
