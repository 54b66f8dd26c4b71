"""What configures a Keras layer, and what the graph of the model shows of it, are one."""

import keras
import pytest

from tf1compat.checkpoint.meta.settings import traced_settings
from tf1compat.keras3 import index_model
from tf1compat.keras3.index.layer_settings import model_settings

L = keras.layers
_READ = {
    "norm": ("activation", "epsilon", "axes"),
    "convolution": ("activation", "strides", "padding", "dilation"),
    "dense": ("activation",),
}

pytestmark = pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="other backends aren't traced"
)


def _image_layers():
    yield L.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="conv")
    yield L.BatchNormalization(epsilon=0.1, name="bn")
    yield L.LeakyReLU(0.3)
    yield L.ZeroPadding2D(((1, 0), (2, 1)))
    yield L.Conv2D(4, (3, 2), activation=lambda x: keras.activations.gelu(x, True), name="padded")
    yield L.DepthwiseConv2D(3, padding="same", activation="elu", name="depthwise")
    yield L.LayerNormalization(axis=[1, 2, 3], epsilon=0.2, name="ln")
    yield L.Activation("gelu")
    yield L.SeparableConv2D(6, 3, dilation_rate=2, name="separable")
    yield L.GroupNormalization(2, epsilon=0.3, name="gn")
    yield L.ReLU(6)
    yield L.Conv2DTranspose(4, 3, strides=2, padding="same", activation="tanh", name="transposed")
    yield L.MaxPooling2D()
    yield L.Activation("softplus")
    yield L.Flatten()
    yield L.Dense(6, activation="selu", name="dense")
    yield L.BatchNormalization(center=False, name="flat_bn")
    yield L.Activation("softsign")
    yield L.Dense(6, name="head")


def _signal_layers():
    yield L.Conv1D(4, 3, strides=2, name="conv1d")
    yield L.LayerNormalization(epsilon=0.2, scale=False, name="unscaled")
    yield L.Activation("sigmoid")
    yield L.EinsumDense("abc,cd->abd", (None, 5), activation="silu", name="einsum")
    yield L.SeparableConv1D(4, 3, padding="same", activation="relu", name="separable1d")
    yield L.Reshape((3, 3, 1, 4))
    yield L.Conv3D(2, (2, 2, 1), padding="same", activation="log_softmax", name="conv3d")


@pytest.mark.parametrize(
    ("made", "shape", "number"), [(_image_layers, (16, 16, 3), 30), (_signal_layers, (20, 3), 16)]
)
def test_config_and_graph_agree(made, shape, number):
    index = index_model(keras.Sequential([keras.Input(shape), *made()]))
    config, traced = model_settings(index), index.graph_of("")
    graph = traced_settings(traced.graph_def, traced.weights)
    placeholders = {path: name for name, path in traced.weights.items()}
    compared = 0
    for node in index.layers:
        settings = config.get(node.path)
        if not settings:
            continue
        (kind,) = settings["kind"]
        variables = [placeholders[path] for path in node.weights]
        shown = {**graph.afterwards(variables), **graph.of_convolution(variables)}
        shown |= graph.of_norm(variables)
        for name in set(_READ[kind]) & shown.keys() & settings.keys():
            shows, says = (_plain(side[name], settings) for side in (shown, settings))
            assert shows == says, (node.path, name)
            compared += 1
    assert compared >= number  # some releases of Keras write more out


def _plain(values, settings):
    """Values without ends, of the dimensions that the layer has."""
    rank = len(next(iter(settings.get("kernel_size", [()]))))
    return {one[-rank:] if isinstance(one, tuple) else one for one in values if one != "end"}
