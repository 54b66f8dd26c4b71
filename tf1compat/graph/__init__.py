"""A live TensorFlow 1 graph: scopes, layers, cells, queries, assigns. Public tf.compat.v1 only."""

from tf1compat.graph.assign import Assigner, Snapshot
from tf1compat.graph.assign_copy import ScopeCopy, ShadowSwap, pair_scopes
from tf1compat.graph.assign_sources import CheckpointLoad, assign_checkpoint, rename_values
from tf1compat.graph.assign_values import CastPolicy
from tf1compat.graph.debug_dump import dump_variables
from tf1compat.graph.debug_histograms import plot_histograms, write_histogram_summaries
from tf1compat.graph.debug_nonfinite import NonFinite, NonFiniteFinder, NonFiniteReport
from tf1compat.graph.debug_statistics import (
    ArrayStatistics,
    StatisticsTable,
    TrainingStatistics,
    array_statistics,
    training_statistics,
)
from tf1compat.graph.query import VariableQuery, query
from tf1compat.graph.query_items import GraphItem, PartInfo
from tf1compat.graph.query_result import QueryResult
from tf1compat.graph.training_freeze import freeze, frozen, unfreeze
from tf1compat.graph.training_gradients import (
    apply_with_multipliers,
    multiplier_map,
    scale_gradients,
)
from tf1compat.graph.training_init import InitializationReport, initialize_uninitialized

__all__ = [
    "ArrayStatistics",
    "Assigner",
    "CastPolicy",
    "CheckpointLoad",
    "GraphItem",
    "InitializationReport",
    "NonFinite",
    "NonFiniteFinder",
    "NonFiniteReport",
    "PartInfo",
    "QueryResult",
    "ScopeCopy",
    "ShadowSwap",
    "Snapshot",
    "StatisticsTable",
    "TrainingStatistics",
    "VariableQuery",
    "apply_with_multipliers",
    "array_statistics",
    "assign_checkpoint",
    "dump_variables",
    "freeze",
    "frozen",
    "initialize_uninitialized",
    "multiplier_map",
    "pair_scopes",
    "plot_histograms",
    "query",
    "rename_values",
    "scale_gradients",
    "training_statistics",
    "unfreeze",
    "write_histogram_summaries",
]
