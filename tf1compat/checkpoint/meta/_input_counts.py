"""How many inputs ops have: who follows a graph asks for an addition's second without a look."""

from __future__ import annotations

from collections.abc import Mapping

from tf1compat.checkpoint.meta._node_def import Node
from tf1compat.checkpoint.wire import WireError

__all__ = ["require_inputs"]

# Of ops by which anything here goes; of a list of inputs, as many as the op takes at least.
_LEAST: Mapping[str, int] = {
    op: count
    for count, ops in {
        1: """
            Abs AddN AvgPool AvgPool3D Cast CheckNumerics Einsum Elu EnsureShape Enter Erf Exit Exp
            FakeQuantWithMinMaxArgs Floor Identity IdentityN If L2Loss LeakyRelu LogSoftmax
            LogicalNot LoopCond MaxPool MaxPool3D Merge Neg NextIteration Pack
            PlaceholderWithDefault PreventGradient ReadVariableOp Reciprocal RefEnter RefExit
            RefIdentity RefMerge Relu Relu6 Rsqrt Selu Shape Sigmoid Snapshot Softmax Softplus
            Softsign Sqrt Square Squeeze StatelessIf StopGradient Tanh Unique Unpack""",
        2: """Add AddV2 All Any ArgMax ArgMin Assign AssignAdd AssignSub AssignSubVariableOp
            AssignVariableOp BatchMatMul BatchMatMulV2 BatchMatMulV3 BiasAdd Conv2D Conv3D
            DepthwiseConv2dNative Div DynamicPartition Equal ExpandDims FloorDiv FloorMod Gather
            Greater GreaterEqual Less LessEqual MatMul Max Maximum Mean Min Minimum MirrorPad Mod
            Mul NotEqual Pad Pow Prod RealDiv RefSwitch Reshape ResizeBilinear
            ResizeNearestNeighbor ResourceGather ReverseV2 Split SquaredDifference Sub Sum Switch
            TensorListStack Transpose""",
        3: """BatchToSpaceND ClipByValue Concat ConcatV2 Conv2DBackpropInput Conv3DBackpropInputV2
            GatherV2 PadV2 RestoreV2 Select SelectV2 Slice SpaceToBatchND SplitV""",
        4: """CudnnRNN CudnnRNNParamsToCanonical CudnnRNNParamsToCanonicalV2 CudnnRNNV2 OneHot
            SparseTensorDenseMatMul StridedSlice""",
        5: "CudnnRNNV3 FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3",
        6: "GRUBlockCell",
        8: "LSTMBlockCell",
        9: "BlockLSTM BlockLSTMV2",
    }.items()
    for op in ops.split()
}


_LISTED = frozenset(
    [
        "AddN",
        "Concat",
        "ConcatV2",
        "Einsum",
        "IdentityN",
        "If",
        "Merge",
        "Pack",
        "RefMerge",
        "StatelessIf",
    ]
)


def require_inputs(nodes: Mapping[str, Node]) -> None:
    """Raises WireError for an op that reads less than ops of its type do, or more."""
    for node in nodes.values():
        least = _LEAST.get(node.op, 0)
        more = least and len(node.inputs) > least and node.op not in _LISTED
        if len(node.inputs) < least or more:
            raise WireError(
                f"node {node.name!r} reads {len(node.inputs)} values, {node.op} takes {least}", 0
            )
