"""A live TensorFlow 1 graph: scopes, layers, cells, queries, assigns. Public tf.compat.v1 only."""

from tf1compat.graph.assign import Assigner, Snapshot
from tf1compat.graph.assign_copy import ScopeCopy, ShadowSwap, pair_scopes
from tf1compat.graph.assign_sources import CheckpointLoad, assign_checkpoint, rename_values
from tf1compat.graph.assign_values import CastPolicy
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
    "Assigner",
    "CastPolicy",
    "CheckpointLoad",
    "GraphItem",
    "InitializationReport",
    "PartInfo",
    "QueryResult",
    "ScopeCopy",
    "ShadowSwap",
    "Snapshot",
    "VariableQuery",
    "apply_with_multipliers",
    "assign_checkpoint",
    "freeze",
    "frozen",
    "initialize_uninitialized",
    "multiplier_map",
    "pair_scopes",
    "query",
    "rename_values",
    "scale_gradients",
    "unfreeze",
]
