"""Layers with the names, variables and arithmetic of TensorFlow 1.15's `tf.layers`."""

from tf1compat.graph.layers.base import InputSpec, Layer
from tf1compat.graph.layers.contrib_norms import group_norm, instance_norm, layer_norm
from tf1compat.graph.layers.convolution import Conv1D, Conv2D, Conv3D, conv1d, conv2d, conv3d
from tf1compat.graph.layers.core import Dense, Dropout, Flatten, dense, dropout, flatten
from tf1compat.graph.layers.depthwise import DepthwiseConv2D, depthwise_conv2d
from tf1compat.graph.layers.embedding import (
    Embedding,
    embed_sequence,
    embedding,
    embedding_lookup,
    embedding_lookup_unique,
)
from tf1compat.graph.layers.maxout import maxout
from tf1compat.graph.layers.normalization import BatchNormalization, batch_normalization
from tf1compat.graph.layers.pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
    average_pooling1d,
    average_pooling2d,
    average_pooling3d,
    max_pooling1d,
    max_pooling2d,
    max_pooling3d,
)
from tf1compat.graph.layers.separable import (
    SeparableConv1D,
    SeparableConv2D,
    separable_conv1d,
    separable_conv2d,
)
from tf1compat.graph.layers.transpose import (
    Conv2DTranspose,
    Conv3DTranspose,
    conv2d_transpose,
    conv3d_transpose,
)

__all__ = [
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "BatchNormalization",
    "Conv1D",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "Conv3DTranspose",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "Embedding",
    "Flatten",
    "InputSpec",
    "Layer",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "SeparableConv1D",
    "SeparableConv2D",
    "average_pooling1d",
    "average_pooling2d",
    "average_pooling3d",
    "batch_normalization",
    "conv1d",
    "conv2d",
    "conv2d_transpose",
    "conv3d",
    "conv3d_transpose",
    "dense",
    "depthwise_conv2d",
    "dropout",
    "embed_sequence",
    "embedding",
    "embedding_lookup",
    "embedding_lookup_unique",
    "flatten",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "max_pooling1d",
    "max_pooling2d",
    "max_pooling3d",
    "maxout",
    "separable_conv1d",
    "separable_conv2d",
]
