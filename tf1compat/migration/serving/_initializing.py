"""What is run when a SavedModel is loaded: tables are filled, from files that go with it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from tf1compat.errors import Problem, UsageError
from tf1compat.files.standing import is_file
from tf1compat.migration.serving._constant_texts import constant_texts
from tf1compat.migration.serving._serving_graph import unused_name
from tf1compat.names.graph_names import op_name

__all__ = ["add_assets", "add_initializer"]

# Keys of collections, as 1.15's `GraphKeys` and `saved_model/constants.py` have them.
_TABLES = "table_initializer"
_FILES = "asset_filepaths"
_ASSETS = "saved_model_assets"
_MAIN = "saved_model_main_op"
_KNOWN = (_MAIN, "legacy_init_op")
_BESIDE = ("", "assets")


def add_initializer(meta_graph: Any) -> None:
    """Adds the op that fills a graph's tables, unless it names one: loaders run it."""
    if any(key in meta_graph.collection_def for key in _KNOWN):
        return
    tables = _listed(meta_graph, _TABLES)
    if not tables:
        return
    graph = meta_graph.graph_def
    name = unused_name(graph, "init_all_tables")
    graph.node.add(name=name, op="NoOp", input=[f"^{op_name(one)}" for one in tables])
    meta_graph.collection_def[_MAIN].node_list.value.append(name)


def add_assets(meta_graph: Any, directory: str) -> dict[str, str]:
    """Names the files that a graph reads as assets, which loaders say the new paths of.

    They are taken from a folder by their names alone: where a graph says that they are may be
    anywhere, and it may be a stranger's.

    Args:
      meta_graph: a ``MetaGraphDef``, which is changed.
      directory: the folder that has them, by themselves or within ``assets``.

    Returns:
      paths of the files, by their names.

    Raises:
      UsageError: some aren't there, or two are of one name.
    """
    nodes = {node.name: node for node in meta_graph.graph_def.node}
    listed = () if meta_graph.asset_file_def else _listed(meta_graph, _FILES)
    said = {name: _path(nodes.get(op_name(name))) for name in dict.fromkeys(listed)}
    if problems := list(_missing(said, directory)):
        raise UsageError.from_problems(
            f"{directory}: expected the files that the graph reads (--assets=DIRECTORY):", problems
        )
    found = {}
    for tensor, path in said.items():
        name = _base(path)
        found[name] = _place(name, directory)
        asset = meta_graph.asset_file_def.add(filename=name)
        asset.tensor_info.name = tensor
        meta_graph.collection_def[_ASSETS].any_list.value.add().Pack(asset)
    return found


def _listed(meta_graph: Any, key: str) -> list[str]:
    """Returns the names in a collection; [] where there is none, which asking would make."""
    there = key in meta_graph.collection_def
    return list(meta_graph.collection_def[key].node_list.value) if there else []


def _path(node: Any) -> str:
    """Returns the path that a constant is; "" where it is none."""
    texts = constant_texts(node) or []
    return texts[0] if len(texts) == 1 else ""


def _missing(said: Mapping[str, str], directory: str) -> Iterator[Problem]:
    paths: dict[str, str] = {}
    for tensor, path in said.items():
        name = _base(path)
        if not _place(name, directory):
            yield Problem(tensor, f"a file {name}", f"none; the graph has it at {path!r}")
        elif paths.setdefault(name, path) != path:
            yield Problem(tensor, "files of different names", f"{path} and {paths[name]}")


def _base(path: str) -> str:
    return os.path.basename(path.replace("\\", "/"))


def _place(name: str, directory: str) -> str:
    """Returns the path of a file in a folder, or below it; "" where there is none."""
    if name in ("", os.curdir, os.pardir) or "\0" in name:
        return ""
    places = [os.path.join(directory, below, name) for below in _BESIDE]
    return next(filter(is_file, places), "")
