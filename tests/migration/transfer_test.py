"""From one live model into another: every weight of both is accounted for, or nothing is done."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf1compat.errors import ModelError, PlanError, UnknownNameError
from tf1compat.keras3 import model_checkpoint, select
from tf1compat.migration import plan_migration, transfer
from tf1compat.names import Rule
from tf1compat.testing import assert_arrays_equal

L = keras.layers


def net(part="encoder", head="head", classes=2):
    inside = [
        L.Dense(4, name="first"),
        L.BatchNormalization(name="norm"),
        L.Dropout(0.1, name="dropout"),
        L.Dense(5, name="second"),
        L.Dense(5, name="third"),
    ]
    encoder = keras.Sequential([keras.Input((3,)), *inside], name=part)
    x = keras.Input((3,))
    model = keras.Model(x, L.Dense(classes, name=head)(encoder(x)))
    rng = np.random.default_rng(classes)
    model.set_weights([rng.normal(size=w.shape).astype("f4") for w in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def source():
    return net()


def values(model, pattern=".*"):
    return select(model, pattern).where(lambda weight: weight.kind == "weight").read()


def test_every_weight_of_an_equal_model_arrives(source):
    target = net(classes=2)
    target.set_weights([weight * 0 for weight in target.get_weights()])
    done = transfer(source, target)
    assert done.plan.complete
    assert len(done.manifest.tensors) == len(done.plan.fills) == len(values(source))
    assert_arrays_equal(values(target), values(source))


def test_a_new_head_is_kept_and_the_old_one_left_behind(source):
    target = net("backbone", "new_head", 3)
    head = values(target, "new_head/.*")
    before = values(target)
    with pytest.raises(PlanError, match="new_head/kernel: expected a source of kernel"):
        transfer(source, target)
    assert_arrays_equal(values(target), before)  # nothing was assigned
    done = transfer(source, target, part="encoder:backbone")
    assert done.plan.headline().endswith("2 sources outside left behind, 2 targets outside kept")
    assert_arrays_equal(values(target, "new_head/.*"), head)
    assert_arrays_equal(
        list(values(target, "backbone/.*").values()), list(values(source, "encoder/.*").values())
    )


def test_an_object_based_checkpoint_of_another_model_is_planned_alike(source, tmp_path):
    path = tf.train.Checkpoint(model=source).write(str(tmp_path / "ckpt"))
    target = net("backbone", "new_head", 3)
    with pytest.raises(PlanError, match="model/_operations/2/bias"):
        transfer(path, target)
    transfer(
        path,
        target,
        [Rule(target="new_head/.*", keep="new"), Rule(".*/2/(_kernel|bias)", drop="old")],
    )
    assert_arrays_equal(
        list(values(target, "backbone/.*").values()), list(values(source, "encoder/.*").values())
    )


def test_the_silent_restore_that_it_replaces(source, tmp_path):
    """TensorFlow matches by position: the old head of the same shape goes into the new one."""
    path = tf.train.Checkpoint(model=source).write(str(tmp_path / "ckpt"))
    target = net("backbone", "new_head", 2)
    tf.train.Checkpoint(model=target).restore(path).expect_partial()
    assert_arrays_equal(target.get_layer("new_head").kernel, source.get_layer("head").kernel)


def test_a_live_model_says_what_its_weights_are(source):
    entries = model_checkpoint(source)
    names = {key: entry.name for key, entry in entries.items()}
    assert names["encoder/norm/moving_mean"].role == "moving_mean"
    assert names["encoder/dropout/seed_generator_state"].kind == "random_state"
    assert (entries.files, entries.graph_path, entries.format) == ((), None, "Keras model")
    plan = plan_migration(entries, net())
    assert plan.checkpoint == f"the model {source.name}"


def test_a_weight_called_like_a_slot_is_a_weight():
    def build():
        x = keras.Input((2,), name="x")
        return keras.Model(x, L.Dense(2, name="Adam")(L.Dense(2, name="kernel")(x)))

    source, target = build(), build()
    assert len(transfer(source, target).plan.fills) == 4
    assert_arrays_equal(target.get_weights(), source.get_weights())


def test_models_that_share_weights_are_refused_where_it_would_matter(source):
    encoder = source.get_layer("encoder")
    x = keras.Input((3,))
    target = keras.Model(x, L.Dense(2, name="other")(encoder(x)))
    head = [Rule("head/(.*)", r"other/\1")]
    assert transfer(source, target, head).plan.complete  # each of the shared to itself
    swapped = [
        *head,
        Rule("encoder/second/bias", "encoder/third/bias"),
        Rule("encoder/third/bias", "encoder/second/bias"),
    ]
    before = values(target)
    with pytest.raises(ModelError, match="found encoder/second/bias, which is encoder/second/bias"):
        transfer(source, target, swapped)
    assert_arrays_equal(values(target), before)


def test_wrong_uses(source):
    with pytest.raises(ModelError, match=r"expected a keras\.Model, found a object"):
        transfer(object(), source)
    with pytest.raises(ModelError, match=r"expected a keras\.Model, found a object"):
        transfer(source, object())
    with pytest.raises(UnknownNameError, match="nearest: encoder"):
        transfer(source, net(), part="encodr")
