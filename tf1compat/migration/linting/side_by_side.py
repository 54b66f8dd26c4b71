"""Comparing the settings of a plan's two sides."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from tf1compat.checkpoint import Checkpoint, open_checkpoint
from tf1compat.checkpoint.meta.settings import GraphSettings, read_settings
from tf1compat.keras3 import ModelIndex, index_model
from tf1compat.migration.linting._asked_checks import compared_by, concerns_of, joined_by
from tf1compat.migration.linting._model_side import model_side
from tf1compat.migration.linting.base import Layer, Values
from tf1compat.migration.linting.checks import CHECKS
from tf1compat.migration.linting.finding import Finding, Lint
from tf1compat.migration.planning.lines import Fill
from tf1compat.migration.planning.plan import Plan

__all__ = ["lint"]

_NO_GRAPH = "the checkpoint has no .meta"


def lint(plan: Plan, model: Any, *, checkpoint: Checkpoint | None = None) -> Lint:
    """Returns what differs around the weights: settings that the plan's two sides have.

    Nothing is run. A layer's settings are compared with what the v1 graph does around the variables
    that fill its weights; where either can't be read for certain, nothing is said.

    Args:
      plan: the plan; it needn't be complete.
      model: the built Keras model, or its index.
      checkpoint: the open checkpoint; by default the one at the plan's prefix is opened.
    """
    index = index_model(model)
    source = open_checkpoint(plan.checkpoint) if checkpoint is None else checkpoint
    path = source.graph_path
    graph = None if path is None else read_settings(path)
    if graph is None:
        return Lint(why=_NO_GRAPH)
    layers = list(_layers(plan, index, graph, source))
    findings: list[Finding] = []
    compared: Counter[str] = Counter()
    not_compared: Counter[str] = Counter()
    for check in CHECKS.values():
        found: list[Finding] = []
        for layer in layers:
            if not concerns_of(check, layer):
                continue
            result = compared_by(check, layer)
            (not_compared if result is None else compared)[check.name] += 1
            found += result or ()
        findings += joined_by(check, found)
    return Lint(tuple(findings), dict(compared), dict(not_compared))


def _layers(
    plan: Plan, index: ModelIndex, graph: GraphSettings, checkpoint: Checkpoint
) -> Iterator[Layer]:
    fills: dict[str, list[Fill]] = defaultdict(list)
    for fill in plan.fills:
        fills[index[fill.target].layer_path].append(fill)
    settings = model_side(index)
    turned = any(node.class_name == "Permute" for node in index.layers)
    for node in index.layers:
        if own := tuple(fills.get(node.path, ())):
            # The graph computes with the variable that an average is of.
            sources = [name for fill in own for name in fill.sources]
            variables = [checkpoint[name].name.shadow_of or name for name in sources]
            model = settings.get(node.path, {})
            yield Layer(
                node.path,
                _scope(variables),
                model,
                _around(graph, variables, model),
                own,
                frozenset(index[fill.target].role for fill in own),
                graph,
                turned,
            )


def _around(graph: GraphSettings, variables: list[str], model: Values) -> Values:
    kind = next(iter(model.get("kind", ())), "")
    if not kind:
        return {}
    if kind == "gated":
        return graph.of_gates(variables)
    found = dict(graph.afterwards(variables))
    if kind in ("norm", "own"):
        found |= graph.of_norm(variables)
    elif kind == "convolution":
        found |= graph.of_convolution(variables)
    return found


def _scope(variables: list[str]) -> str:
    scopes = dict.fromkeys(name.rpartition("/")[0] or name for name in variables)
    return ", ".join(scopes)
