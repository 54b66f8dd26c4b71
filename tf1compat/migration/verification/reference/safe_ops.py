"""Ops that a graph of unknown origin may run: they compute with their inputs and do nothing else.

None of them touches files, the network, Python, devices or anything that outlives the session.
Whatever isn't listed is refused by name; an op is added here once it is known to be as harmless.
"""

from __future__ import annotations

from tf1compat.names.op_types import VARIABLE_OPS

__all__ = [
    "CONTROL_FLOW_OPS",
    "DRAWING_OPS",
    "INPUT_OPS",
    "PARSING_OPS",
    "PIPELINE_OPS",
    "SAFE_OPS",
]

CONTROL_FLOW_OPS = frozenset(
    [
        "Enter",
        "Exit",
        "LoopCond",
        "Merge",
        "NextIteration",
        "Switch",
        "RefEnter",
        "RefExit",
        "RefMerge",
        "RefNextIteration",
        "RefSwitch",
    ]
)
"""The ops of ``tf.cond`` and ``tf.while_loop`` of 1.x: each belongs to a frame."""

INPUT_OPS = frozenset(("Placeholder", "PlaceholderV2", "PlaceholderWithDefault"))
"""Ops that take a value from outside."""

PIPELINE_OPS = frozenset(
    [
        "IteratorGetNext",
        "IteratorGetNextSync",
        "QueueDequeue",
        "QueueDequeueV2",
        "QueueDequeueMany",
        "QueueDequeueManyV2",
        "QueueDequeueUpTo",
        "QueueDequeueUpToV2",
        "ParseExample",  # how an Estimator's export takes its inputs, as serialized examples
        "ParseExampleV2",
    ]
)
"""Ops at which an input pipeline ends: they aren't run, and their outputs are given values."""

PARSING_OPS = frozenset(("ParseExample", "ParseExampleV2"))
"""Of these, those that parse serialized examples."""

DRAWING_OPS = frozenset(
    (
        *("Multinomial", "RandomGamma", "RandomShuffle", "RandomStandardNormal", "RandomUniform"),
        *("RandomUniformInt", "TruncatedNormal", "ParameterizedTruncatedNormal"),
        *("StatelessMultinomial", "StatelessRandomNormal", "StatelessRandomUniform"),
        "StatelessTruncatedNormal",
    )
)
"""Ops whose values nobody can know beforehand."""

_VARIABLES = """
  IsVariableInitialized ReadVariableOp ResourceGather ResourceGatherNd VarIsInitializedOp
  VariableShape
"""
_MATH = """
  Abs AccumulateNV2 Acos Acosh Add AddN AddV2 All Angle Any ApproximateEqual ArgMax ArgMin Asin
  Asinh Atan Atan2 Atanh BatchMatMul BatchMatMulV2 BatchMatMulV3 BesselI0e BesselI1e Betainc
  Bincount Bucketize Cast Ceil ClipByValue Complex ComplexAbs Conj Cos Cosh Cross Cumprod Cumsum
  Digamma Div DivNoNan Einsum Equal Erf Erfc Erfinv EuclideanNorm Exp Expm1 Floor FloorDiv FloorMod
  Greater GreaterEqual Igamma Igammac Imag Inv InTopK InTopKV2 IsFinite IsInf IsNan L2Loss Less
  LessEqual Lgamma LinSpace Log Log1p LogicalAnd LogicalNot LogicalOr MatMul Max Maximum Mean Min
  Minimum Mod Mul MulNoNan Ndtri Neg NextAfter NotEqual Polygamma Pow Prod Range Real RealDiv
  Reciprocal Rint Round Rsqrt SegmentMax SegmentMean SegmentMin SegmentProd SegmentSum Select
  SelectV2 Sigmoid Sign Sin Sinh SparseSegmentMean SparseSegmentMeanWithNumSegments
  SparseSegmentSqrtN SparseSegmentSqrtNWithNumSegments SparseSegmentSum
  SparseSegmentSumWithNumSegments SparseTensorDenseMatMul SparseMatMul Sqrt Square
  SquaredDifference Sub Sum Tan Tanh TruncateDiv TruncateMod UnsortedSegmentMax UnsortedSegmentMin
  UnsortedSegmentProd UnsortedSegmentSum Xdivy Xlog1py Xlogy Zeta
"""
_LINEAR_ALGEBRA = """
  BatchCholesky BatchMatrixInverse Cholesky FFT FFT2D FFT3D IFFT IFFT2D IFFT3D IRFFT IRFFT2D IRFFT3D
  MatrixBandPart MatrixDeterminant MatrixDiag MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3
  MatrixDiagV2 MatrixDiagV3 MatrixInverse MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3 MatrixSolve
  MatrixTriangularSolve Qr RFFT RFFT2D RFFT3D SelfAdjointEigV2 Svd
"""
_ARRAYS = """
  BatchToSpace BatchToSpaceND Bitcast BroadcastArgs BroadcastTo Concat ConcatOffset ConcatV2 Const
  DepthToSpace Diag DiagPart DynamicPartition DynamicStitch EnsureShape ExpandDims Fill Gather
  GatherNd GatherV2 GuaranteeConst Identity IdentityN InvertPermutation ListDiff MirrorPad NoOp
  OneHot OnesLike Pack Pad PadV2 ParallelDynamicStitch PlaceholderWithDefault PreventGradient Rank
  Reshape Reverse ReverseSequence ReverseV2 Roll ScatterNd Shape ShapeN
  Size Slice SpaceToBatch SpaceToBatchND SpaceToDepth Split SplitV Squeeze StopGradient StridedSlice
  TensorScatterUpdate Tile TopK TopKV2 Transpose Unique UniqueV2 UniqueWithCounts
  UniqueWithCountsV2 Unpack UnravelIndex Where ZerosLike
"""
_NETWORKS = """
  AvgPool AvgPool3D BiasAdd BiasAddV1 BlockLSTM BlockLSTMV2 Conv2D Conv2DBackpropInput Conv3D
  Conv3DBackpropInputV2 CudnnRNN CudnnRNNV2 CudnnRNNV3 CudnnRNNCanonicalToParams
  CudnnRNNParamsToCanonical CudnnRNNParamsSize DepthwiseConv2dNative Dilation2D Elu
  FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel FusedBatchNorm
  FusedBatchNormV2 FusedBatchNormV3 GRUBlockCell LeakyRelu LogSoftmax LRN LSTMBlockCell MaxPool
  MaxPool3D MaxPoolV2 MaxPoolWithArgmax NthElement Relu Relu6 Selu Softmax
  SoftmaxCrossEntropyWithLogits Softplus Softsign SparseSoftmaxCrossEntropyWithLogits
"""
_IMAGES = """
  AdjustContrastv2 AdjustHue AdjustSaturation CropAndResize ExtractGlimpse ExtractImagePatches
  HSVToRGB NonMaxSuppression NonMaxSuppressionV2 NonMaxSuppressionV3 NonMaxSuppressionV4
  NonMaxSuppressionV5 ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor RGBToHSV
"""
_SPARSE_AND_SEQUENCES = """
  CTCBeamSearchDecoder CTCGreedyDecoder EditDistance SparseAdd SparseConcat SparseFillEmptyRows
  SparseReduceSum SparseReorder SparseReshape SparseSlice SparseSoftmax SparseSplit
  SparseTensorDenseAdd SparseToDense
"""
# They keep what a loop computes, within the session.
_TENSOR_ARRAYS = """
  StackCloseV2 StackPopV2 StackPushV2 StackV2 TensorArrayCloseV3 TensorArrayConcatV3
  TensorArrayGatherV3 TensorArrayGradV3 TensorArrayReadV3 TensorArrayScatterV3 TensorArraySizeV3
  TensorArraySplitV3 TensorArrayV3 TensorArrayWriteV3 TensorListFromTensor TensorListGetItem
  TensorListLength TensorListReserve TensorListSetItem TensorListStack EmptyTensorList
  TensorListPopBack TensorListPushBack TensorListElementShape
"""
# They call functions of the graph's own library, whose ops are looked at too.
_CALLS = (
    "If PartitionedCall StatefulPartitionedCall StatelessIf StatelessWhile While SymbolicGradient"
)
# They end the run where the graph's own checks fail.
_CHECKS = "Assert CheckNumerics"

SAFE_OPS = (
    frozenset(
        " ".join(
            (
                *(_VARIABLES, _MATH, _LINEAR_ALGEBRA, _ARRAYS, _NETWORKS, _IMAGES),
                *(_SPARSE_AND_SEQUENCES, _TENSOR_ARRAYS, _CALLS, _CHECKS),
            )
        ).split()
    )
    | VARIABLE_OPS
    | CONTROL_FLOW_OPS
    | DRAWING_OPS
    | INPUT_OPS
)
"""Every op that runs without being asked about."""
