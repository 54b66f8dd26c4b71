"""Settings around variables, of graphs of TensorFlow 1.15.5 whose code says what they are."""

import pathlib

import pytest
import tensorflow as tf

from tf1compat.checkpoint.meta.activation_values import POINTS, name_of_values
from tf1compat.checkpoint.meta.settings import read_settings

v1 = tf.compat.v1
GOLDENS = pathlib.Path(__file__).parents[2] / "goldens"


@pytest.fixture(scope="module")
def settings():
    names = ("bert", "slim_mobilenet", "gan", "training_graph", "convnet_adam_ema")
    return {name: read_settings(GOLDENS / name / "model.ckpt.meta") for name in names}


def test_a_norm_of_contrib(settings):
    scope = "bert/encoder/layer_0/output/LayerNorm"
    found = settings["bert"].of_norm([f"{scope}/gamma", f"{scope}/beta"])
    assert found == {
        "epsilon": {1e-12},
        "statistics": {"batch"},
        "axes": {1},
        "scale": {f"{scope}/gamma"},
        "center": {f"{scope}/beta"},
    }


def test_gelu_of_the_bert_code(settings):
    scope = "bert/encoder/layer_1/intermediate/dense"
    found = settings["bert"].afterwards([f"{scope}/kernel", f"{scope}/bias"])
    assert found == {"activation": {"gelu(tanh)"}, "dropout": {0.0}}


def test_a_fused_batch_norm_without_gamma(settings):
    scope = "TinyMobilenet/Conv2d_0/BatchNorm"
    variables = [f"{scope}/{leaf}" for leaf in ("beta", "moving_mean", "moving_variance")]
    found = settings["slim_mobilenet"].of_norm(variables)
    assert (found["scale"], found["center"]) == ({""}, {f"{scope}/beta"})
    assert found["momentum"] == {0.7}
    assert settings["slim_mobilenet"].afterwards(variables)["activation"] == {"relu6"}


def test_a_depthwise_convolution(settings):
    found = settings["slim_mobilenet"].of_convolution(
        ["TinyMobilenet/Conv2d_1_depthwise/depthwise_weights"]
    )
    assert (found["padding"], found["dilation"]) == ({"SAME"}, {(1, 1)})
    assert found["data_format"] == {"NHWC"}


def test_a_transposed_convolution_and_what_the_other_net_has_after_its_own(settings):
    found = settings["gan"].of_convolution(["generator/conv2d_transpose/kernel"])
    assert (found["strides"], found["padding"]) == ({(2, 2)}, {"SAME"})
    after = settings["gan"].afterwards(["discriminator/conv2d/kernel", "discriminator/conv2d/bias"])
    assert after["activation"] == {"leaky_relu(0.2)"}


def test_whether_a_graph_trains(settings):
    assert {name: one.trains for name, one in settings.items() if one.trains} == {
        "training_graph": True
    }


def test_steps_that_were_made_examples_dilate_by_nobody_knows_how_much(tmp_path):
    """WaveNet's programs take every n-th step apart by reshaping, instead of SpaceToBatchND."""
    with tf.Graph().as_default():
        x = v1.placeholder(tf.float32, [1, 8, 3], "x")
        kernel = v1.get_variable("kernel", [2, 3, 3])
        apart = tf.reshape(tf.transpose(tf.reshape(x, [4, 2, 3]), [1, 0, 2]), [2, 4, 3])
        tf.nn.conv1d(apart, kernel, 1, "VALID")
        tf.nn.conv1d(x, v1.get_variable("plain", [2, 3, 3]), 1, "VALID")
        v1.train.export_meta_graph(str(tmp_path / "m.meta"))
    found = read_settings(str(tmp_path / "m.meta"))
    assert found.of_convolution(["kernel"]).get("dilation") is None
    assert found.of_convolution(["plain"])["dilation"] == {(1, 1)}


@pytest.mark.parametrize("values", [POINTS**2, POINTS * 0.5 + 1, abs(POINTS)])
def test_what_is_no_known_activation(values):
    assert name_of_values(values) is None


@pytest.mark.parametrize("loops", ["v1", "v2"])
def test_what_is_behind_a_layer_in_a_loop(loops, tmp_path):
    """Of a loop that is a function, the loop itself is no layer with a linear activation."""
    path = str(tmp_path / "graph.meta")
    (v1.disable_control_flow_v2 if loops == "v1" else v1.enable_control_flow_v2)()
    try:
        with tf.Graph().as_default():
            w, b = v1.get_variable("w", [3, 3]), v1.get_variable("b", [3])
            x = v1.placeholder(tf.float32, [None, 3])
            tf.while_loop(
                lambda n, h: n < 3, lambda n, h: (n + 1, tf.tanh(tf.matmul(h, w) + b)), [0, x]
            )
            v1.train.export_meta_graph(path)
    finally:
        v1.enable_control_flow_v2()
    assert read_settings(path).afterwards(["w", "b"])["activation"] == {"tanh"}
