"""Each check of settings: it names both sides where one setting differs, and else says nothing."""

import keras
import pytest
import tensorflow as tf
from settings_programs import (
    ONES,
    SIZE,
    AllAxes,
    Case,
    all_axes,
    blocks,
    bottleneck,
    bottleneck_model,
    by_hand,
    conv,
    conv_model,
    dense,
    dense_model,
    dropped,
    dropped_as_in_1_15,
    dropped_as_once,
    dropped_model,
    erf_gelu,
    head,
    layer_norm,
    layer_norm_model,
    leaky,
    made_model,
    norm,
    norm_model,
    padded,
    shape_of_other,
    tanh_gelu,
    v1_program,
)
from v1_programs import saved

from tf1compat.graph import layers
from tf1compat.keras3 import index_model
from tf1compat.migration import lint, plan_migration

L = keras.layers

CASES = {
    "gelu": Case(
        "activation",
        dense(tanh_gelu),
        lambda: dense_model(activation=lambda x: keras.activations.gelu(x, approximate=True)),
        lambda: dense_model(activation="gelu"),
        "activation gelu(tanh) in the v1 graph, gelu(erf) in the model",
    ),
    "gelu by erf": Case(
        "activation",
        dense(erf_gelu),
        lambda: dense_model(L.Activation("gelu")),
        lambda: dense_model(activation="silu"),
        "activation gelu(erf) in the v1 graph, swish in the model",
    ),
    "leaky": Case(
        "activation",
        dense(leaky),
        lambda: dense_model(L.LeakyReLU(0.1)),
        lambda: dense_model(L.LeakyReLU(0.3)),
        "activation leaky_relu(0.1) in the v1 graph, leaky_relu(0.3) in the model",
    ),
    "none": Case(
        "activation",
        dense(tf.nn.relu6),
        lambda: dense_model(L.ReLU(6)),
        lambda: dense_model(),
        "activation relu6 in the v1 graph, linear in the model",
    ),
    "behind a norm": Case(
        "activation",
        lambda x: head(tf.nn.elu(layers.batch_normalization(x, name="bn"))),
        lambda: [L.BatchNormalization(name="bn"), L.ELU(), *norm_model()[1:]],
        lambda: [L.BatchNormalization(name="bn"), L.Activation("relu"), *norm_model()[1:]],
        "activation elu in the v1 graph, relu in the model",
    ),
    "epsilon": Case(
        "epsilon",
        norm(epsilon=1e-3),
        lambda: norm_model(epsilon=1e-3),
        lambda: norm_model(epsilon=1e-5),
        "epsilon 0.001 in the v1 graph, 1e-05 in the model",
    ),
    "epsilon by hand": Case(
        "epsilon",
        by_hand,
        lambda: norm_model(epsilon=1e-2),
        lambda: norm_model(),
        "epsilon 0.01 in the v1 graph, 0.001 in the model",
    ),
    "epsilon of a layer norm": Case(
        "epsilon",
        layer_norm,
        lambda: layer_norm_model(epsilon=1e-12),
        lambda: layer_norm_model(epsilon=1e-6),
        "epsilon 1e-12 in the v1 graph, 1e-06 in the model",
    ),
    "axes": Case(
        "axes",
        all_axes,
        lambda: [AllAxes(epsilon=1e-12, name="ln"), *layer_norm_model()[1:]],
        lambda: layer_norm_model(epsilon=1e-12),
        "number of axes that a norm takes together 3 in the v1 graph, 1 in the model",
    ),
    "momentum": Case(
        "momentum",
        norm(momentum=0.9, training=True),
        lambda: norm_model(momentum=0.9),
        lambda: norm_model(momentum=0.99),
        "momentum of moving statistics 0.9 in the v1 graph, 0.99 in the model "
        "(for further training only)",
        trains=True,
    ),
    "scale": Case(
        "scale",
        norm(scale=False),
        lambda: norm_model(scale=False),
        lambda: norm_model(gamma_initializer=ONES),
        "scale of a norm: none in the v1 graph, gamma in the model (for further training only)",
    ),
    "center": Case(
        "center",
        norm(),
        lambda: norm_model(),
        lambda: norm_model(center=False),
        "offset of a norm: bn/beta in the v1 graph, none in the model",
    ),
    "scale of a layer norm": Case(
        "scale",
        layer_norm,
        lambda: layer_norm_model(epsilon=1e-12),
        lambda: layer_norm_model(epsilon=1e-12, scale=False),
        "scale of a norm: ln/gamma in the v1 graph, none in the model",
    ),
    "center by hand": Case(
        "center",
        by_hand,
        lambda: norm_model(epsilon=1e-2),
        lambda: norm_model(epsilon=1e-2, center=False),
        "offset of a norm: bn/beta in the v1 graph, none in the model",
    ),
    "strides": Case(
        "strides",
        conv(strides=2),
        lambda: conv_model(strides=2),
        lambda: conv_model(),
        "strides 2x2 in the v1 graph, 1x1 in the model (3x3 kernel)",
    ),
    "place of strides": Case(
        "stride_place",
        bottleneck,
        lambda: bottleneck_model(1, 2),
        lambda: bottleneck_model(2, 1),
        "strides 2x2 on the 3x3 kernel after it in the v1 graph, on the 1x1 kernel in the model",
    ),
    "padding": Case(
        "padding",
        padded,
        lambda: conv_model(L.ZeroPadding2D(1), strides=2),
        lambda: conv_model(strides=2, padding="same"),
        "padding 1+1 x 1+1 pixels in the v1 graph, 'SAME' in the model: outputs differ for its "
        "images of 8x8 (3x3 kernel, strides 2x2)",
    ),
    "padding that comes to the same": Case(
        "padding",
        conv(padding="same"),
        lambda: conv_model(L.ZeroPadding2D(1)),
        lambda: conv_model(L.ZeroPadding2D(((2, 0), (2, 0)))),
        "padding 'SAME' in the v1 graph, 2+0 x 2+0 pixels in the model: outputs differ for its "
        "images of 8x8 (3x3 kernel, strides 1x1)",
    ),
    "dilation": Case(
        "dilation",
        conv(dilation_rate=2, padding="same"),
        lambda: conv_model(dilation_rate=2, padding="same"),
        lambda: conv_model(padding="same"),
        "dilation 2x2 in the v1 graph, 1x1 in the model",
    ),
    "dilation by blocks": Case(
        "dilation",
        blocks,
        lambda: conv_model(dilation_rate=2, padding="same"),
        lambda: conv_model(dilation_rate=3, padding="same"),
        "dilation 2x2 in the v1 graph, 3x3 in the model",
    ),
    "data format": Case(
        "data_format",
        conv(data_format="channels_first"),
        lambda: conv_model(data_format="channels_first"),
        lambda: conv_model(),
        "data format of images: channels_first in the v1 graph, channels_last in the model",
        shape=(3, SIZE, SIZE),
    ),
    **{
        name: Case(
            "dropout",
            program,
            lambda: dropped_model(0.25),
            lambda: dropped_model(0.5),
            "rate of dropout 0.25 in the v1 graph, 0.5 in the model (for further training only)",
            trains=True,
        )
        for name, program in {
            "dropout": dropped(0.25),
            "dropout of 1.15": dropped_as_in_1_15,
            "dropout of 1.0": dropped_as_once,
        }.items()
    },
}


@pytest.mark.parametrize("name", CASES)
def test_one_setting_that_differs_is_found_and_else_nothing(name, tmp_path):
    case = CASES[name]
    prefix = saved(tmp_path, v1_program(case))
    found = []
    for make, shape in ((case.alike, case.shape), (case.other, shape_of_other(case))):
        keras.utils.clear_session()
        with keras.StatelessScope(initialize_variables=False):  # no value matters here
            index = index_model(made_model(make(), shape))
        found.append(lint(plan_migration(prefix, index), index))
    assert found[0].findings == (), str(found[0])
    assert found[0].compared[case.kind.replace("stride_place", "strides")]
    mine = [one for one in found[1].findings if one.kind == case.kind]
    assert [one.text for one in mine] == [case.text], str(found[1])
    assert {one.kind for one in found[1].findings} == {case.kind}, str(found[1])
