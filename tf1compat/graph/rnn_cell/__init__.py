"""Recurrent cells with the names, variables and arithmetic of `tf.nn.rnn_cell` and contrib."""

from tf1compat.graph.rnn_cell.attention import AttentionCellWrapper
from tf1compat.graph.rnn_cell.base import LayerRNNCell, RNNCell, assert_like_rnncell
from tf1compat.graph.rnn_cell.basic_lstm import BasicLSTMCell
from tf1compat.graph.rnn_cell.basic_rnn import BasicRNNCell
from tf1compat.graph.rnn_cell.bidirectional import (
    stack_bidirectional_dynamic_rnn,
    stack_bidirectional_rnn,
)
from tf1compat.graph.rnn_cell.block_fused import LSTMBlockFusedCell, LSTMBlockWrapper
from tf1compat.graph.rnn_cell.block_gradients import register_block_gradients
from tf1compat.graph.rnn_cell.block_gru import CudnnCompatibleGRUCell, GRUBlockCell, GRUBlockCellV2
from tf1compat.graph.rnn_cell.block_lstm import CudnnCompatibleLSTMCell, LSTMBlockCell
from tf1compat.graph.rnn_cell.compiled import CompiledWrapper
from tf1compat.graph.rnn_cell.conv_lstm import (
    Conv1DLSTMCell,
    Conv2DLSTMCell,
    Conv3DLSTMCell,
    ConvLSTMCell,
)
from tf1compat.graph.rnn_cell.coupled import CoupledInputForgetGateLSTMCell
from tf1compat.graph.rnn_cell.dropout import DropoutWrapper
from tf1compat.graph.rnn_cell.fused import FusedRNNCell, FusedRNNCellAdaptor, TimeReversedFusedRNN
from tf1compat.graph.rnn_cell.glstm import GLSTMCell
from tf1compat.graph.rnn_cell.grid import BidirectionalGridLSTMCell, GridLSTMCell
from tf1compat.graph.rnn_cell.gru import GRUCell
from tf1compat.graph.rnn_cell.highway import HighwayWrapper
from tf1compat.graph.rnn_cell.independent import IndRNNCell, IndyGRUCell, IndyLSTMCell
from tf1compat.graph.rnn_cell.layernorm_basic_lstm import LayerNormBasicLSTMCell
from tf1compat.graph.rnn_cell.layernorm_lstm import LayerNormLSTMCell
from tf1compat.graph.rnn_cell.lstm import LSTMCell
from tf1compat.graph.rnn_cell.multi import MultiRNNCell
from tf1compat.graph.rnn_cell.nas import NASCell
from tf1compat.graph.rnn_cell.ntm import NTMCell, NTMControllerState
from tf1compat.graph.rnn_cell.phased import PhasedLSTMCell
from tf1compat.graph.rnn_cell.projection import (
    EmbeddingWrapper,
    InputProjectionWrapper,
    OutputProjectionWrapper,
)
from tf1compat.graph.rnn_cell.sequence import (
    best_effort_input_batch_size,
    transpose_batch_time,
)
from tf1compat.graph.rnn_cell.simple import CFNCell, MinimalRNNCell, SRUCell
from tf1compat.graph.rnn_cell.state_tuple import LSTMStateTuple
from tf1compat.graph.rnn_cell.time_freq import TimeFreqLSTMCell
from tf1compat.graph.rnn_cell.ugrnn import IntersectionRNNCell, UGRNNCell
from tf1compat.graph.rnn_cell.weight_norm import WeightNormLSTMCell
from tf1compat.graph.rnn_cell.wrapper import DeviceWrapper, ResidualWrapper

__all__ = [
    "AttentionCellWrapper",
    "BasicLSTMCell",
    "BasicRNNCell",
    "BidirectionalGridLSTMCell",
    "CFNCell",
    "CompiledWrapper",
    "Conv1DLSTMCell",
    "Conv2DLSTMCell",
    "Conv3DLSTMCell",
    "ConvLSTMCell",
    "CoupledInputForgetGateLSTMCell",
    "CudnnCompatibleGRUCell",
    "CudnnCompatibleLSTMCell",
    "DeviceWrapper",
    "DropoutWrapper",
    "EmbeddingWrapper",
    "FusedRNNCell",
    "FusedRNNCellAdaptor",
    "GLSTMCell",
    "GRUBlockCell",
    "GRUBlockCellV2",
    "GRUCell",
    "GridLSTMCell",
    "HighwayWrapper",
    "IndRNNCell",
    "IndyGRUCell",
    "IndyLSTMCell",
    "InputProjectionWrapper",
    "IntersectionRNNCell",
    "LSTMBlockCell",
    "LSTMBlockFusedCell",
    "LSTMBlockWrapper",
    "LSTMCell",
    "LSTMStateTuple",
    "LayerNormBasicLSTMCell",
    "LayerNormLSTMCell",
    "LayerRNNCell",
    "MinimalRNNCell",
    "MultiRNNCell",
    "NASCell",
    "NTMCell",
    "NTMControllerState",
    "OutputProjectionWrapper",
    "PhasedLSTMCell",
    "RNNCell",
    "ResidualWrapper",
    "SRUCell",
    "TimeFreqLSTMCell",
    "TimeReversedFusedRNN",
    "UGRNNCell",
    "WeightNormLSTMCell",
    "assert_like_rnncell",
    "best_effort_input_batch_size",
    "register_block_gradients",
    "stack_bidirectional_dynamic_rnn",
    "stack_bidirectional_rnn",
    "transpose_batch_time",
]
