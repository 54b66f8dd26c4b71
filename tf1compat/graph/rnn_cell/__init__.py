"""Recurrent cells with the names, variables and arithmetic of `tf.nn.rnn_cell` and contrib."""

from tf1compat.graph.rnn_cell.base import LayerRNNCell, RNNCell, assert_like_rnncell
from tf1compat.graph.rnn_cell.basic import BasicRNNCell
from tf1compat.graph.rnn_cell.basic_lstm import BasicLSTMCell
from tf1compat.graph.rnn_cell.dropout import DropoutWrapper
from tf1compat.graph.rnn_cell.gru import GRUCell
from tf1compat.graph.rnn_cell.lstm import LSTMCell
from tf1compat.graph.rnn_cell.multi import MultiRNNCell
from tf1compat.graph.rnn_cell.projection import (
    EmbeddingWrapper,
    InputProjectionWrapper,
    OutputProjectionWrapper,
)
from tf1compat.graph.rnn_cell.state import LSTMStateTuple
from tf1compat.graph.rnn_cell.wrapper import DeviceWrapper, ResidualWrapper

__all__ = [
    "BasicLSTMCell",
    "BasicRNNCell",
    "DeviceWrapper",
    "DropoutWrapper",
    "EmbeddingWrapper",
    "GRUCell",
    "InputProjectionWrapper",
    "LSTMCell",
    "LSTMStateTuple",
    "LayerRNNCell",
    "MultiRNNCell",
    "OutputProjectionWrapper",
    "RNNCell",
    "ResidualWrapper",
    "assert_like_rnncell",
]
