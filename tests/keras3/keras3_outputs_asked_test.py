"""A format of outputs from outside that answers wrongly, or writes less than it says."""

import os

import keras
import numpy as np
import pytest

from tf1compat.checkpoint import Manifest
from tf1compat.errors import (
    CorruptCheckpointError,
    LayoutError,
    ModelError,
    OutputError,
    UsageError,
)
from tf1compat.keras3 import Exported, export_weights, lazy_model, load_model, read_exported
from tf1compat.keras3.formats import OUTPUT_FORMATS, ArrayValue, all_values


class Plain:
    """An .npz of the weights by their paths, written where it is told to."""

    name, suffix, summary = "plain", ".plain", "the weights by path"
    holds, reads = "weights", (".plain",)

    def write(self, index, path, read):
        self.save(path, {weight.path: value for weight, value in all_values(index, read)})
        return Manifest(())

    def save(self, path, arrays):
        with open(path, "wb") as file:
            np.savez(file, **arrays)

    def read(self, path, index):
        with np.load(path) as file:
            arrays = dict(file)
        values = {n: ArrayValue(a.shape, a.dtype.name, lambda a=a: a) for n, a in arrays.items()}
        return Exported(path, values, manifest=None)

    def load(self, path, make):
        return make()

    def model(self, path):
        raise ModelError(f"{path}: weights alone")


def fails(*_):
    raise KeyError("lost")


def breaks_off(self, path, arrays):
    with open(path, "wb") as file:
        file.write(b"half")
        raise OSError("disk on fire")


def changed(change):
    """Returns a way to save that changes the arrays before."""
    return lambda self, path, arrays: Plain.save(self, path, change(arrays))


def using(**members):
    return OUTPUT_FORMATS.with_(type("Toy", (Plain,), members)())


@pytest.fixture(scope="module")
def model():
    return keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(3, name="fc")])


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"save": lambda *_: None}, "wrote nothing"),
        (
            {"save": changed(lambda arrays: {"fc/kernel": arrays["fc/kernel"]})},
            r"fc/bias: expected float32\[3\], found nothing",
        ),
        (
            {"save": changed(lambda a: {n: v.T for n, v in a.items()})},
            r"fc/kernel: expected float32\[2, 3\], found float32\[3, 2\]",
        ),
        (
            {"save": changed(lambda a: {n: v.astype("float64") for n, v in a.items()})},
            r"fc/bias: expected float32\[3\], found float64\[3\]",
        ),
        ({"save": breaks_off}, r"out\.plain: could not be written \(disk on fire\)"),
        ({"save": fails}, "'plain': expected .* of its method write.*, found KeyError: 'lost'"),
        ({"write": lambda *_: None}, "'plain': expected an answer of type Manifest .*found None"),
        ({"read": fails}, r"'plain': expected .* method read for .*\.plain.*, found KeyError"),
        ({"read": lambda *_: {}}, r"method read for .*\.plain, found \{\}"),
    ],
)
@pytest.mark.parametrize("before", [None, "older"])
def test_what_is_written_wrongly_leaves_what_was_there(tmp_path, model, members, message, before):
    path = tmp_path / "out.plain"
    if before is not None:
        path.write_text(before)
    with using(**members), pytest.raises(OutputError, match=message):
        export_weights(model, path, lambda weight: None)
    assert [one.name for one in tmp_path.iterdir()] == ([path.name] if before else [])
    assert before is None or path.read_text() == before


def test_what_it_is_written_through_is_not_its_own_error(tmp_path, model):
    def gives(weight):
        raise RuntimeError("the values' own")

    with using(), pytest.raises(RuntimeError, match="the values' own"):
        export_weights(model, tmp_path / "out.plain", gives)
    with using(), pytest.raises(LayoutError, match="no layout"):
        export_weights(
            model, tmp_path / "out.plain", lambda weight: _raise(LayoutError("no layout"))
        )
    assert not list(tmp_path.iterdir())


def test_it_asks_for_values_by_weights(tmp_path, model):
    by_path = {"write": lambda self, index, path, read: [read(name) for name in index]}
    with using(**by_path), pytest.raises(UsageError, match="value of a Weight, found 'fc/kernel'"):
        export_weights(model, tmp_path / "out.plain", lambda weight: None)


def in_a_folder(self, path, arrays):
    os.mkdir(path)
    Plain.save(self, os.path.join(path, "all"), arrays)


def test_what_is_written_may_be_a_folder(tmp_path, model):
    members = {"save": in_a_folder, "read": lambda s, p, i: Plain.read(s, f"{p}/all", i)}
    with using(**members):
        export_weights(model, tmp_path / "out.plain", lambda weight: None)
        assert set(read_exported(tmp_path / "out.plain")) == {"fc/kernel", "fc/bias"}
    with using(**members | {"read": fails}), pytest.raises(OutputError, match="KeyError: 'lost'"):
        export_weights(model, tmp_path / "new.plain", lambda weight: None)
    assert [one.name for one in tmp_path.iterdir()] == ["out.plain"]


def _raise(error):
    raise error


def test_a_file_that_cannot_be_read_is_told_with_its_name(tmp_path):
    with using(), pytest.raises(OutputError, match=r"read for .*gone\.plain .*FileNotFoundError"):
        read_exported(tmp_path / "gone.plain")


@pytest.mark.parametrize(
    "read", [fails, lambda: None, lambda: np.ones(3, "float32"), lambda: np.ones((2, 3), "int32")]
)
def test_a_value_unlike_what_was_said(read):
    found = Exported("f", {"w": ArrayValue((2, 3), "float32", read)}, manifest=None)
    with pytest.raises((CorruptCheckpointError, UsageError), match=r"expected an array of float32"):
        found["w"].read()
    assert [problem.name for problem in found.damage()] == ["w"]


def test_values_that_say_nothing_of_themselves():
    with pytest.raises(UsageError, match="f: expected values that say where they are"):
        Exported("f", {"w": np.ones(2)}, manifest=None)


def test_a_model_that_is_none(tmp_path, model, monkeypatch):
    (tmp_path / "made_by_a_test.py").write_text(
        "import keras\n"
        "def build():\n"
        "    return keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(3)])\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    message = r"'plain': expected .* of its method load.*, found "
    for load in (lambda *_: None.lost, lambda *_: None):
        with using(load=load), pytest.raises(ModelError, match=message):
            load_model("made_by_a_test:build", weights="x.plain")
    for made in (fails, lambda *_: None):
        with (
            using(holds="model", model=made),
            pytest.raises(ModelError, match=r"'plain': expected .* of its method model.*, found"),
        ):
            lazy_model("x.plain")
