"""Weights of a live model are chosen, counted and listed in the words of graph queries."""

import sys

import keras
import numpy as np
import pytest

from tests.keras3.chosen.part_models import backbone, towers
from tf1compat.errors import ModelError, UnknownNameError, UsageError
from tf1compat.keras3 import select
from tf1compat.testing import assert_arrays_equal


@pytest.fixture(scope="module")
def model():
    return backbone()


@pytest.fixture(scope="module")
def shared():
    return towers()


def test_all_that_is_asked_is_true_of_what_is_chosen(model):
    assert len(select(model)) == len(model.weights)
    assert select(model, "encoder/.*", role="kernel").names == (
        "encoder/a/kernel",
        "encoder/b/kernel",
    )
    assert select(model, ["head/.*", "encoder/b/.*"], role=["bias"], layer="encoder").names == (
        "encoder/b/bias",
    )
    encoder = model.get_layer("encoder")
    assert (
        select(model, layer=encoder)
        == select(model).scope("encoder")
        == select(model, "encoder/.*")
    )
    assert select(model, layer=[encoder, "head"]) == select(model)
    assert next(iter(select(model, "head/kernel"))) is model.get_layer("head").kernel
    assert not select(model).regex("encoder/a")


def test_the_words_of_queries_narrow(model):
    every = select(model)
    assert every.glob("*/kernel").names == ("head/kernel",)
    assert len(every.glob("**/kernel")) == 3
    assert every.named("head/bias").one() is model.get_layer("head").bias
    assert every.untrainable().names == ("encoder/bn/moving_mean", "encoder/bn/moving_variance")
    assert every.where(lambda weight: weight.layer_class == "BatchNormalization") == every.scope(
        "encoder/bn/"
    )


def test_selections_combine(model):
    every, kernels, head = select(model), select(model, role="kernel"), select(model, layer="head")
    assert (kernels | head).names == (
        "encoder/a/kernel",
        "encoder/b/kernel",
        "head/kernel",
        "head/bias",
    )
    assert (kernels & head).names == ("head/kernel",)
    assert (head - kernels).names == ("head/bias",)
    assert (kernels ^ head).names == ("encoder/a/kernel", "encoder/b/kernel", "head/bias")
    assert ~kernels == every - kernels
    assert kernels in [every - ~kernels]
    assert kernels[1:].names == kernels.names[1:]
    assert kernels.index(kernels[1]) == 1


def test_a_shared_weight_goes_by_every_path(shared):
    assert select(shared, "left/.*") == select(shared, layer="left")
    assert select(shared, "right/shared/.*") == select(shared, "left/shared/.*")
    table = str(select(shared, layer="left"))
    assert [line for line in table.split("\n") if "right/shared/kernel" in line and "left/" in line]
    assert len(select(shared)) == len({id(v) for v in shared.weights})


def test_weights_in_lists_have_names(shared):
    assert select(shared, layer="counted").names == (
        "counted/parts_0",
        "counted/parts_1",
        "counted/calls",
    )


def test_nothing_that_is_not_there_is_chosen(model):
    with pytest.raises(UnknownNameError, match=r"encodr/.*nearest: encoder/") as error:
        select(model, ["encodr/.*", "hed/.*"], role="embedding")
    assert [problem.name for problem in error.value.problems] == [
        "pattern 'encodr/.*'",
        "pattern 'hed/.*'",
        "role 'embedding'",
    ]
    with pytest.raises(
        UnknownNameError, match=r"layer 'encode': expected a layer's path.*none; nearest: encoder\S"
    ):
        select(model, layer="encode")
    with pytest.raises(
        UnknownNameError, match=r"stranger: expected a layer of .*, found another's"
    ):
        select(model, layer=keras.layers.Dense(1, name="stranger"))
    with pytest.raises(UsageError, match="role 'kernal': expected one of"):
        select(model, role="kernal")
    with pytest.raises(UsageError, match=r"regex '\(a': expected a regular expression"):
        select(model, "(a")
    with pytest.raises(UsageError, match="a layer or its path, found int"):
        select(model, layer=3)
    with pytest.raises(UsageError, match="selections of two models"):
        select(model) | select(backbone())
    with pytest.raises(ModelError, match="found 10: encoder/a/kernel"):
        select(model).one()


def test_a_table_has_totals_and_ends(model):
    lines = str(select(model)).split("\n")
    assert lines[0].split() == ["name", "shape", "dtype", "parameters", "bytes", "role", "trained"]
    total = sum(int(np.prod(v.shape)) for v in model.weights)
    trained = sum(int(np.prod(v.shape)) for v in model.trainable_weights)
    assert lines[-1] == (
        f"10 in all: {total} parameters, {4 * total} bytes; 8 trained, with {trained} parameters"
    )
    assert select(model).table(rows=3).split("\n")[4] == "... 7 more"
    facts = select(model).to_dict()["encoder/bn/moving_mean"]
    assert (facts["trainable"], facts["layer_class"]) == (False, "BatchNormalization")


def test_parameters_are_counted_by_layer_as_keras_does(shared):
    counts = select(shared).by_layer()
    assert counts.trainable + counts.untrainable == shared.count_params()
    rows = {row.layer: row for row in counts}
    assert (rows["counted"].trainable, rows["counted"].untrainable) == (12, 1)
    assert (rows["right/shared"].trainable, rows["right/shared"].nbytes) == (12, 48)
    assert str(counts).split("\n")[-1].endswith(f"; {counts.trainable} trainable, 1 not")


def test_health_names_what_is_not_finite(model, tmp_path):
    assert str(select(model).health()).startswith("all of 10 weights are finite\n")
    head = model.get_layer("head")
    kept = head.get_weights()
    head.set_weights([np.array([[np.nan], [np.inf], [1.0], [2.0]]), kept[1]])
    try:
        health = select(model).health()
        assert [one.name for one in health.nonfinite] == ["head/kernel"]
        assert "  head/kernel: 1 NaN and 1 infinite of 4 elements" in str(health)
        assert health.nonfinite[0].value.maximum == 2.0
    finally:
        head.set_weights(kept)


def test_histograms_go_to_tensorboard(model, tmp_path):
    pytest.importorskip("tensorflow")
    select(model, role="kernel").write_histogram_summaries(tmp_path, step=3)
    assert len(list(tmp_path.iterdir())) == 1


def test_histograms_are_drawn_without_tensorflow(model, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    for name in [one for one in sys.modules if one.startswith("tf1compat.graph")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(UsageError, match="event files are written by TensorFlow, which can't"):
        select(model).write_histogram_summaries(tmp_path, step=3)
    select(model, "head/.*").plot_histograms(tmp_path / "head.png", title="Head")
    assert (tmp_path / "head.png").read_bytes().startswith(b"\x89PNG")


def test_values_are_assigned_by_path_or_not_at_all():
    model = backbone()
    head = select(model, layer="head")
    with pytest.raises(ModelError, match="nothing was assigned") as error:
        head.assign({"head/bias": [1], "head/kernel": [[1, 2, 3, 4]], "encoder/a/bias": [0] * 4})
    assert [str(problem) for problem in error.value.problems] == [
        "head/kernel: expected float32[4, 1], found int64[1, 4]",
        "encoder/a/bias: expected a weight of the selection, found none; nearest: head/bias, "
        "head/kernel",
    ]
    assert_arrays_equal(head.read()["head/bias"], np.zeros(1, "f4"))
    head.assign({"head/bias": [1], "head/kernel": np.ones((4, 1))})
    assert_arrays_equal(
        head.read(), {"head/kernel": np.ones((4, 1), "f4"), "head/bias": np.ones(1, "f4")}
    )
    counter = keras.Sequential([keras.Input((2,)), keras.layers.Dropout(0.5)])
    with pytest.raises(ModelError, match=r"expected (int32|int64|uint32)\[2\], found float64\[2\]"):
        select(counter).assign({"dropout/seed_generator_state": [0.5, 1.5]})
