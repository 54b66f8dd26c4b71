"""Frozen weights don't move in a step of training, and all others do; thawing undoes just that."""

import keras
import pytest

from tests.keras3.chosen.part_models import (
    backbone,
    compiled,
    moved_by,
    step_of,
    towers,
)
from tf1compat.errors import ModelError, UsageError
from tf1compat.keras3 import select

NORM = {"encoder/bn/moving_mean", "encoder/bn/moving_variance"}


def trained(model):
    return set(select(model).trainable().names)


def moved(model):
    return moved_by(model, step_of(compiled(model)))


def test_frozen_weights_stay_and_others_move():
    model = backbone()
    frozen = select(model, "encoder/.*").freeze()
    assert frozen.names == tuple(sorted(set(frozen.names), key=list(select(model).names).index))
    assert set(frozen.names) == set(select(model, "encoder/.*").names) - NORM
    assert set(frozen.moving.names) == NORM
    assert not frozen.held
    assert "still moved by their layers: encoder/bn/moving_mean" in str(frozen)
    assert moved(model) == {"head/kernel", "head/bias"} | NORM
    held = select(model, layer="encoder").freeze(updates="hold")
    assert (len(held), set(held.held.names), len(held.moving)) == (0, NORM, 0)
    assert moved(model) == {"head/kernel", "head/bias"}
    thawed = select(model, "encoder/b/.*").thaw()
    assert thawed.names == ("encoder/b/kernel", "encoder/b/bias")
    assert moved(model) == {"head/kernel", "head/bias", "encoder/b/kernel", "encoder/b/bias"}
    thawed = select(model).thaw()
    assert (set(thawed.moving.names), trained(model)) == (NORM, set(select(model).names) - NORM)
    assert moved(model) >= NORM | {"encoder/a/kernel", "encoder/bn/gamma"}


def test_a_compiled_model_has_to_be_compiled_again():
    """On TensorFlow its train function would go on moving what is frozen, and say nothing."""
    model = compiled(backbone(), run_eagerly=False)
    step = step_of(model)
    step()
    for variable in model.get_layer("encoder").trainable_variables:
        variable.trainable = False
    if keras.backend.backend() == "tensorflow":
        assert any("encoder" in path for path in moved_by(model, step))  # Keras by itself
    select(model, layer="encoder").thaw()
    with pytest.raises(ValueError, match="must call `compile"):
        step()
    compiled(model, run_eagerly=False)
    select(model, "head/bias").freeze()
    with pytest.raises(ValueError, match="must call `compile"):
        step()
    compiled(model)
    select(model, "head/bias").freeze()  # changes nothing, so nothing is to be done
    assert "encoder/a/kernel" in moved_by(model, step)


def test_thawing_leaves_alone_what_keras_froze():
    model = backbone()
    model.trainable = False
    assert trained(model) == set()
    assert select(model, "encoder/b/kernel").thaw().names == ("encoder/b/kernel",)
    assert trained(model) == {"encoder/b/kernel"}
    layers = {layer.name: layer.trainable for layer in model.get_layer("encoder").layers}
    assert layers == {"a": False, "bn": False, "b": True}
    assert select(model, layer="encoder").freeze().unsaved.names == ()
    assert not model.get_layer("encoder").get_layer("b").trainable


def test_what_was_never_made_to_be_trained_stays_so():
    model = towers()
    everything = trained(model)
    select(model).freeze()
    assert trained(model) == set()
    select(model).thaw()
    assert trained(model) == everything
    assert "counted/calls" not in everything
    with pytest.raises(
        ModelError, match="made to be trained to thaw, found none among: counted/calls"
    ):
        select(model, "counted/calls").thaw()


def test_a_shared_layer_is_frozen_for_all_its_users():
    model = towers()
    frozen = select(model, layer="right").freeze()
    assert frozen.names == (
        "right/shared/kernel",
        "right/shared/bias",
        "right/own/kernel",
        "right/own/bias",
    )
    assert select(model, layer="right").trainable().names == ()
    assert moved(model) == set(select(model).names) - set(frozen.names)


def test_layers_that_cannot_be_held_are_said_and_nothing_is_frozen():
    model = towers()
    frozen = select(model, "counted/parts_0").freeze()
    assert frozen.moving.names == ("counted/calls",)
    with pytest.raises(
        ModelError, match=r"counted: .*found a Counted, which may move counted/calls"
    ):
        select(model, layer="counted").freeze(updates="hold")
    assert "counted/parts_1" in trained(model)
    model = backbone()
    with pytest.raises(
        ModelError, match=r"encoder/bn: .*found encoder/bn/beta trained; freeze these"
    ):
        select(model, "encoder/(a/.*|bn/gamma)").freeze(updates="hold")
    assert "encoder/a/kernel" in trained(model)


def test_spectral_normalization_moves_a_frozen_kernel():
    wrapped = keras.layers.SpectralNormalization(keras.layers.Dense(2, name="inner"), name="sn")
    model = keras.Sequential([keras.Input((3,)), wrapped, keras.layers.Dense(1, name="head")])
    frozen = select(model, layer="sn").freeze()
    assert set(frozen.moving.names) == {"sn/vector_u", "sn/inner/kernel"}
    assert moved(model) - {"head/kernel", "head/bias"} == set(frozen.moving.names)
    with pytest.raises(ModelError, match="a SpectralNormalization, which always moves"):
        select(model, layer="sn").freeze(updates="hold")


def test_a_norm_of_a_programs_own_is_not_said_to_be_held():
    class Mine(keras.layers.BatchNormalization):
        def call(self, inputs, training=None, mask=None):
            return super().call(inputs, training=training, mask=mask)

    model = keras.Sequential([keras.Input((3,)), Mine(name="norm")])
    with pytest.raises(ModelError, match="a Mine, which may move norm/moving_mean"):
        select(model).freeze(updates="hold")


def test_files_keep_what_is_frozen_by_layers(tmp_path):
    model = backbone()
    frozen = select(model, ["encoder/a/kernel", "encoder/b/.*"]).freeze()
    assert frozen.unsaved.names == ("encoder/a/kernel",)
    assert "trained again once saved and loaded: encoder/a/kernel" in str(frozen)
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    assert trained(loaded) - trained(model) == {"encoder/a/kernel"}
    assert trained(model) <= trained(loaded)


def composites():
    x = keras.Input((4, 3))
    y = keras.layers.MultiHeadAttention(1, 2, name="attention")(x, x)
    y = keras.layers.Bidirectional(
        keras.layers.LSTM(2, return_sequences=True, name="inner"), name="both"
    )(y)
    y = keras.layers.TimeDistributed(keras.layers.Dense(2), name="each")(y)
    cells = keras.layers.StackedRNNCells([keras.layers.LSTMCell(2), keras.layers.GRUCell(2)])
    y = keras.layers.RNN(cells, name="stacked")(y)
    return keras.Model(x, keras.layers.Dense(1, name="head")(y))


@pytest.mark.parametrize("pattern", [".*", "both/forward_layer/.*l|each/.*|.*cells_0/.*|head/bias"])
def test_what_files_forget_is_said_exactly(pattern, tmp_path):
    """Layers that others make for themselves come back trainable, whatever they were."""
    model = composites()
    frozen = select(model, pattern).freeze()
    model.save(tmp_path / "m.keras")
    again = trained(keras.saving.load_model(tmp_path / "m.keras")) - trained(model)
    assert again == set(frozen.unsaved.names)
    assert again
    assert not any(name.startswith(("each/", "stacked/")) for name in again)


def test_wrong_uses():
    model = backbone()
    with pytest.raises(UsageError, match="updates: expected 'leave' or 'hold', found 'stop'"):
        select(model).freeze(updates="stop")
    with pytest.raises(ModelError, match="to freeze, found none among: no weights at all"):
        (select(model) - select(model)).freeze()
    with pytest.raises(ModelError, match="moved by their layers, which updates='hold' holds"):
        select(model, "encoder/bn/moving.*").freeze()


def test_statistics_alone_are_held_once_their_layer_is_frozen():
    model = backbone()
    select(model, "encoder/bn/(gamma|beta)").freeze()
    held = select(model, "encoder/bn/moving_mean").freeze(updates="hold")
    assert set(held.held.names) == NORM
    assert not model.get_layer("encoder").get_layer("bn").trainable
