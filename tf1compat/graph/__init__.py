"""A live TensorFlow 1 graph: scopes, layers, cells, queries, assigns. Public tf.compat.v1 only."""

from tf1compat.graph.assign import Assigner, Snapshot
from tf1compat.graph.assign_values import CastPolicy
from tf1compat.graph.query import VariableQuery, query
from tf1compat.graph.query_items import GraphItem, PartInfo
from tf1compat.graph.query_result import QueryResult

__all__ = [
    "Assigner",
    "CastPolicy",
    "GraphItem",
    "PartInfo",
    "QueryResult",
    "Snapshot",
    "VariableQuery",
    "query",
]
