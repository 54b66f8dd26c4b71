"""NASNet-A as slim has it onto `keras.applications.NASNetMobile`.

Keras pads with zeros before it pools, which slim doesn't: pixels at the edge differ. With slim's
pools the two compute the same; with Keras' own, computing says where they part.
"""

import functools
import os

import keras
import pytest
import shares
from keras import layers
from real_pairs import nasnet_program as program
from v1_programs import saved

from tf1compat.migration import Status, lint, plan_migration, prove
from tf1compat.names import Rule

WHOLE = pytest.mark.skipif(
    "TF1COMPAT_REAL_PAIRS" not in os.environ, reason="optional, 40 s: TF1COMPAT_REAL_PAIRS=1"
)
DEAD = "separable_conv_1_reduction_left4_stem_1"  # with these values all it is given is negative
FEW = 2  # cells behind the stem's two: one whose input is halved, one whose input is projected


def mobile(cells=program.CELLS):
    """Keras' own, cut off behind some of its first cells, with a head of its own then."""
    keras.utils.clear_session()
    shape = (program.SIDE, program.SIDE, 3)
    model = keras.applications.NASNetMobile(shape, weights=None, classes=program.CLASSES)
    if cells == program.CELLS:
        return model
    h = layers.ReLU()(model.get_layer(f"normal_concat_{cells - 1}").output)
    head = layers.Dense(program.CLASSES, "softmax", name="predictions")
    return keras.Model(model.input, head(layers.GlobalAveragePooling2D()(h)))


def pooled_as_slim(layer):
    config = layer.get_config()
    if layer.name.startswith("reduction_pad"):
        return layers.Identity(name=layer.name)
    if isinstance(layer, (layers.AveragePooling2D, layers.MaxPooling2D)):
        config["padding"] = "valid" if layer.name.startswith("adjust") else "same"
    return type(layer).from_config(config)


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nasnet")
    return saved(folder, functools.partial(program.nasnet, FEW), scale=0.2)


@pytest.fixture(scope="module")
def few():
    return mobile(FEW)


@pytest.mark.skipif(
    not shares.WHOLE, reason="TF1COMPAT_SHARES=whole: a share is in plain_pairs_test.py"
)
def test_it_is_complete_and_proved_without_a_rule(prefix, few):
    model = keras.models.clone_model(few, clone_function=pooled_as_slim)
    plan = plan_migration(prefix, model)
    proof = prove(plan, model)
    assert proof.agrees, proof.outputs
    assert set(proof.lines.values()) == {Status.PROVED}
    assert len(proof.lines) == len(plan.sources) == 284
    assert not lint(plan, model).findings


@WHOLE
def test_computing_finds_that_keras_pads_before_it_pools(prefix, few):
    plan = plan_migration(prefix, few)
    proof = prove(plan, few)
    assert plan.complete
    assert not proof.agrees
    assert "reduction_conv_1_stem_2" in str(proof.divergence)  # behind the first cell's pools


@WHOLE
def test_a_graph_that_trains_takes_a_rule_for_its_second_head(few, tmp_path):
    model = keras.models.clone_model(few, clone_function=pooled_as_slim)
    prefix = saved(tmp_path, functools.partial(program.trained, FEW), scale=0.2)
    plan = plan_migration(prefix, model, [Rule("aux_.*", drop="the model has one head")])
    proof = prove(plan, model)
    assert proof.agrees, proof.outputs
    assert set(proof.lines.values()) == {Status.PROVED}
    assert not lint(plan, model).findings


@WHOLE
def test_all_of_it_is_complete_and_proved_without_a_rule(tmp_path):
    """Keras counts 0 to 3, 5 to 8 and 9 to 12 what slim counts from 0 to 11."""
    model = keras.models.clone_model(mobile(), clone_function=pooled_as_slim)
    plan = plan_migration(saved(tmp_path, program.nasnet, scale=0.15), model)
    proof = prove(plan, model)
    assert proof.agrees, proof.outputs
    unreached = {path for path, status in proof.lines.items() if status is not Status.PROVED}
    assert {path.rpartition("/")[0] for path in unreached} == {DEAD}
    assert len(proof.lines) == len(plan.sources) == 1126
