"""Keys of the kinds of files that are also read, for those who decide by them."""

from __future__ import annotations

__all__ = ["FROZEN", "GRAPH", "SAVED", "ZIP"]

GRAPH, FROZEN, SAVED = "graph", "frozen", "saved_model"
"""The keys of graphs, of those of them that seem to hold their values, and of SavedModels'."""
ZIP = "zip"
"""The key of zip files, whatever they hold."""
