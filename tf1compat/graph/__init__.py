"""A live TensorFlow 1 graph: scopes, layers, cells, queries, assigns. Public tf.compat.v1 only."""

from tf1compat.graph.query import VariableQuery, query
from tf1compat.graph.query_items import GraphItem, PartInfo
from tf1compat.graph.query_result import QueryResult

__all__ = ["GraphItem", "PartInfo", "QueryResult", "VariableQuery", "query"]
