"""A live TensorFlow 1 graph: scopes, layers, cells, queries, assigns. Public tf.compat.v1 only."""

from tf1compat.checkpoint.array_statistics import ArrayStatistics, array_statistics
from tf1compat.checkpoint.histogram_drawing import plot_histograms
from tf1compat.checkpoint.rotation import keep_checkpoints, list_checkpoints
from tf1compat.graph.assign.assigner import Assigner, Snapshot
from tf1compat.graph.assign.copying import ScopeCopy, ShadowSwap, pair_scopes
from tf1compat.graph.assign.fitting import CastPolicy
from tf1compat.graph.assign.ledger import CheckpointLoad
from tf1compat.graph.assign.sources import assign_checkpoint, rename_values
from tf1compat.graph.debug.dump import dump_variables
from tf1compat.graph.debug.histograms import write_histogram_summaries
from tf1compat.graph.debug.nonfinite import NonFinite, NonFiniteFinder, NonFiniteReport
from tf1compat.graph.debug.statistics import (
    StatisticsTable,
    TrainingStatistics,
    training_statistics,
)
from tf1compat.graph.initializer_guide import InitializerAdvice, initializer_for
from tf1compat.graph.initializers import (
    contrib_variance_scaling_initializer,
    convolutional_delta_orthogonal,
    xavier_initializer,
    xavier_initializer_conv2d,
)
from tf1compat.graph.items import GraphItem, PartInfo
from tf1compat.graph.query.result import QueryResult
from tf1compat.graph.query.variable_query import VariableQuery, query
from tf1compat.graph.regularizers import (
    apply_regularization,
    l1_l2_regularizer,
    l1_regularizer,
    l2_regularizer,
    sum_regularizer,
)
from tf1compat.graph.scopes.builder import Scope
from tf1compat.graph.scopes.sharing import Shared, make_template, shared
from tf1compat.graph.scopes.variable_scope import get_variable, variable_scope
from tf1compat.graph.training.freezing import Frozen, UpdatePolicy, freeze, frozen, unfreeze
from tf1compat.graph.training.gradients import (
    apply_with_multipliers,
    multiplier_map,
    scale_gradients,
)
from tf1compat.graph.training.initialization import InitializationReport, initialize_uninitialized

__all__ = [
    "ArrayStatistics",
    "Assigner",
    "CastPolicy",
    "CheckpointLoad",
    "Frozen",
    "GraphItem",
    "InitializationReport",
    "InitializerAdvice",
    "NonFinite",
    "NonFiniteFinder",
    "NonFiniteReport",
    "PartInfo",
    "QueryResult",
    "Scope",
    "ScopeCopy",
    "ShadowSwap",
    "Shared",
    "Snapshot",
    "StatisticsTable",
    "TrainingStatistics",
    "UpdatePolicy",
    "VariableQuery",
    "apply_regularization",
    "apply_with_multipliers",
    "array_statistics",
    "assign_checkpoint",
    "contrib_variance_scaling_initializer",
    "convolutional_delta_orthogonal",
    "dump_variables",
    "freeze",
    "frozen",
    "get_variable",
    "initialize_uninitialized",
    "initializer_for",
    "keep_checkpoints",
    "l1_l2_regularizer",
    "l1_regularizer",
    "l2_regularizer",
    "list_checkpoints",
    "make_template",
    "multiplier_map",
    "pair_scopes",
    "plot_histograms",
    "query",
    "rename_values",
    "scale_gradients",
    "shared",
    "sum_regularizer",
    "training_statistics",
    "unfreeze",
    "variable_scope",
    "write_histogram_summaries",
    "xavier_initializer",
    "xavier_initializer_conv2d",
]
