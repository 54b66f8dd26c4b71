"""Every layer of Keras that holds weights: the table by class says what its traced graph does."""

import types

import keras
import numpy as np
import pytest
from keras import layers as L

from tf1compat.keras3 import index_model
from tf1compat.migration.uses.declared import LAYERS, declared_uses, is_declared
from tf1compat.migration.uses.of_targets import traced_uses

IMAGE, LINE, CUBE, WORDS = (6, 6, 3), (6, 3), (5, 5, 5, 2), (4,)
SEQUENCES = (2, 4, 6, 3)

CASES = {
    "dense": (L.Dense(4), (3,)),
    "dense_of_lines": (L.Dense(4), LINE),
    "einsum": (L.EinsumDense("abc,cde->abde", (None, 2, 5), bias_axes="de"), (8, 3)),
    "einsum_turned": (L.EinsumDense("ab,cb->ac", 5, bias_axes="c"), (3,)),
    "einsum_open": (L.EinsumDense("...x,xy->...y", 5, bias_axes="y"), LINE),
    "embedding": (L.Embedding(7, 4), WORDS),
    "conv1d": (L.Conv1D(4, 3, strides=2), LINE),
    "conv1d_causal": (L.Conv1D(4, 3, dilation_rate=2, padding="causal"), LINE),
    "conv2d": (L.Conv2D(4, 3, strides=2, padding="same"), IMAGE),
    "conv2d_dilated": (L.Conv2D(4, 2, dilation_rate=2, padding="same"), IMAGE),
    "conv2d_dilated_valid": (L.Conv2D(4, 2, dilation_rate=2), IMAGE),
    # Where its filters are as many as the image is wide, Keras adds the bias along the width.
    "conv2d_first": (L.Conv2D(4, 3, data_format="channels_first"), (3, 8, 8)),
    "conv2d_groups": (L.Conv2D(4, 3, groups=2), (6, 6, 4)),
    "conv3d": (L.Conv3D(4, 3, strides=(1, 2, 1)), CUBE),
    "conv1d_transpose": (L.Conv1DTranspose(4, 3, strides=2), LINE),
    "conv2d_transpose": (L.Conv2DTranspose(4, 3, strides=2, padding="same"), IMAGE),
    "conv3d_transpose": (L.Conv3DTranspose(4, 3), CUBE),
    "depthwise1d": (L.DepthwiseConv1D(3, strides=2), LINE),
    "depthwise2d": (L.DepthwiseConv2D(3, depth_multiplier=2), IMAGE),
    "separable1d": (L.SeparableConv1D(4, 3), LINE),
    "separable2d": (L.SeparableConv2D(4, 3, strides=2, padding="same"), IMAGE),
    "batch_norm": (L.BatchNormalization(epsilon=1e-5), IMAGE),
    "batch_norm_first": (L.BatchNormalization(axis=1), (3, 6, 6)),
    "layer_norm": (L.LayerNormalization(epsilon=1e-12), LINE),
    "layer_norm_axes": (L.LayerNormalization(axis=(1, 2)), LINE),
    "group_norm": (L.GroupNormalization(2), (8, 4)),
    "prelu": (L.PReLU(shared_axes=[1, 2]), IMAGE),
    "attention": (L.Attention(use_scale=True), [LINE, LINE]),
    "additive": (L.AdditiveAttention(), [LINE, LINE]),
    "multi_head": (L.MultiHeadAttention(2, 3), {"query": (4, 6), "value": (4, 6)}),
    "grouped_query": (L.GroupQueryAttention(3, 4, 2), {"query": (4, 6), "value": (4, 6)}),
    "lstm": (L.LSTM(5), LINE),
    "lstm_by_gate": (L.LSTM(5, implementation=1), LINE),
    "gru": (L.GRU(5), LINE),
    "gru_before": (L.GRU(5, reset_after=False), LINE),
    "gru_by_gate": (L.GRU(5, implementation=1), LINE),
    "simple_rnn": (L.SimpleRNN(5), LINE),
    "bidirectional": (L.Bidirectional(L.GRU(3)), LINE),
    "lstm_cells": (L.RNN([L.LSTMCell(3), L.LSTMCell(2)]), LINE),
    "gru_cell": (L.RNN(L.GRUCell(3)), LINE),
    "simple_cell": (L.RNN(L.SimpleRNNCell(3)), LINE),
    "conv_lstm1d": (L.ConvLSTM1D(3, 2), (4, 5, 3)),
    "conv_lstm2d": (L.ConvLSTM2D(3, 2, strides=2, padding="same"), (2, 5, 5, 3)),
    "conv_lstm3d": (L.ConvLSTM3D(2, 2), (2, 3, 3, 3, 1)),
    "time_distributed": (L.TimeDistributed(L.Dense(4)), LINE),
    "spectral": (L.SpectralNormalization(L.Dense(4)), (3,)),
    "normalization": (L.Normalization(), (3,)),
}
# What older releases of Keras don't have.
LATER = {
    "reversible": ("ReversibleEmbedding", lambda layer: (layer(7, 4), WORDS)),
    "reversible_untied": (
        "ReversibleEmbedding",
        lambda layer: (layer(7, 4, tie_weights=False), WORDS),
    ),
    "rms_norm": ("RMSNormalization", lambda layer: (layer(), LINE)),
    "spectrogram": (
        "STFTSpectrogram",
        lambda layer: (layer("real", 4, 2, 4, window=None), (16, 1)),
    ),
}
CASES |= {
    name: made(getattr(L, layer)) for name, (layer, made) in LATER.items() if hasattr(L, layer)
}

# What inference doesn't read, so that no graph shows it.
UNREAD = {
    ("Normalization", "mean"),  # constants are made of them when they are adapted or loaded
    ("Normalization", "variance"),
    ("Normalization", "count"),
    ("SpectralNormalization", "vector_u"),  # of the power iteration while training
    ("ReversibleEmbedding", "reverse_embeddings"),  # of calls with reverse=True
}
# Where a name says another role than the use does.
ROLES = {
    ("DepthwiseConv1D", "kernel"): "depthwise_kernel",
    ("DepthwiseConv2D", "kernel"): "depthwise_kernel",
    ("PReLU", "alpha"): "unknown",
    ("Attention", "scale"): "unknown",
    ("AdditiveAttention", "scale"): "unknown",
    ("LSTMCell", "recurrent_kernel"): "kernel",
    ("GRUCell", "recurrent_kernel"): "kernel",
    ("SimpleRNNCell", "recurrent_kernel"): "kernel",
    ("ConvLSTMCell", "recurrent_kernel"): "kernel",
    ("SeparableConv1D", "pointwise_kernel"): "kernel",
    ("SeparableConv2D", "pointwise_kernel"): "kernel",
}
# Classes that hold what others made (models of TensorFlow, JAX and torch), and tables of words,
# which are TensorFlow's variables and no weights.
FOREIGN = {"TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper"}
FOREIGN |= {"StringLookup", "IntegerLookup"}


def built(layer, shape):
    """Returns a layer after one symbolic call, on inputs of a shape without the batch."""

    def tensor(one):
        return keras.KerasTensor((None, *one), "int32" if one is WORDS else "float32")

    if isinstance(shape, dict):
        layer(**{name: tensor(one) for name, one in shape.items()})
    else:
        layer([tensor(one) for one in shape] if isinstance(shape, list) else tensor(shape))
    return layer


@pytest.fixture(scope="module")
def indexes():
    return {name: index_model(built(*case)) for name, case in CASES.items()}


@pytest.fixture(scope="module", params=CASES)
def case(request, indexes):
    """The index of a layer, and the uses of its weights as its graph has them."""
    index = indexes[request.param]
    return index, traced_uses(index, [""])


def weights(index):
    return {path: weight for path, weight in index.items() if weight.kind == "weight"}


def test_the_table_says_what_the_graph_does(case):
    index, traced = case
    table = declared_uses(index, weights(index))
    for path, weight in weights(index).items():
        declared = table.get(path)
        if (weight.layer_class, weight.name) in UNREAD:
            assert (declared, traced.get(path)) == (None, None)
            continue
        for use in traced[path]:
            assert (use.kind, use.axes, use.gates) == (declared.kind, declared.axes, declared.gates)
            shared = declared.facts.keys() & use.facts.keys()
            assert {k: use.facts[k] for k in shared} == {k: declared.facts[k] for k in shared}
            assert shared >= declared.facts.keys() - {"data_format"}


def test_roles_by_name_are_those_of_the_uses(case):
    index, traced = case
    for path, weight in weights(index).items():
        expected = ROLES.get((weight.layer_class, weight.name), weight.role)
        assert {use.role for use in traced.get(path, ())} <= {expected}, path


def test_every_weight_is_in_the_table(case):
    index, _ = case
    held = weights(index).values()
    assert [w.layer_class for w in held if not is_declared(index, w)] == []


def makes_weights(cls):
    """Tells whether a class, or one it is derived from, adds weights in a method of its own."""
    own = [base for base in cls.__mro__ if issubclass(base, L.Layer) and base is not L.Layer]
    code = [vars(base).values() for base in own]
    functions = [f for values in code for f in values if isinstance(f, types.FunctionType)]
    return any({"add_weight", "Variable"} & {*f.__code__.co_names} for f in functions)


def test_every_class_of_keras_that_makes_weights_is_in_the_table(indexes):
    """A layer that is new in Keras fails here: write its line in the table and its case above."""
    classes = {c.__name__: c for c in vars(L).values() if isinstance(c, type)}
    making = {name for name, cls in classes.items() if makes_weights(cls)} - FOREIGN
    assert making - {*LAYERS} == set()
    tried = {node.class_name for index in indexes.values() for node in index.layers}
    assert {name for name in LAYERS if hasattr(L, name)} - tried == set()


def test_an_adapted_normalization_reads_no_weight():
    layer = L.Normalization()
    layer.adapt(np.arange(6.0).reshape(3, 2))
    index = index_model(layer)
    assert traced_uses(index, [""]) == {}


def test_what_stands_beside_a_kernel_is_no_kernel():
    model = keras.Sequential([keras.Input((3,)), L.Dense(4, name="d"), L.Dense(2, name="lora")])
    model.get_layer("d").quantize("int8")
    model.get_layer("lora").enable_lora(2)
    index = index_model(model)
    assert {"d/kernel_scale", "lora/lora_kernel_a", "lora/lora_kernel_b"} <= set(index)
    assert set(declared_uses(index, index)) == {"d/kernel", "d/bias", "lora/kernel", "lora/bias"}
