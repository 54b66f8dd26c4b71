"""Kernels of two variables: weight normalisation's v and g, spectral normalisation's w and u."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.meta.graph_uses import Uses
from tf1compat.migration.matching import Item
from tf1compat.migration.meaning.base import Part, Question, Reading, Source
from tf1compat.names.reasons import Kind

__all__ = ["Norms", "asks_of_pair", "has_own", "normalised_pairs"]

_BY_GRAPH = Kind("normalised_graph", "the graph computes a kernel of {kernel} and {other}")
_SAID = Kind("normalised_said", "weight_norm={said!r} for v and g in {scope}")
_OTHERWISE = (
    "the graph makes a kernel of {kernel} and {other} that isn't read as {made}: give the model a "
    "layer that has weights for both and computes as the graph does, or a rule with a layout to "
    "each of them where it comes to one (docs/rules.md)"
)
_LAYER = "a layer with one kernel in their place"
_KERNELS = ("w", "kernel", "weights", "weight", "W", "filter")
_VECTORS = ("u", "sn_u", "u_var", "spectral_norm_u")

Pairs = Mapping[str, tuple[str, str]]


class Norms(Reading):
    """Weight and spectral normalisation onto a plain kernel.

    The graph tells how the kernel is computed. Without it v and g, known by their names and shapes,
    may be those of Salimans and Kingma, but g may just as well stand for its logarithm: that is
    asked. So is how many steps find sigma of w and u. A model that has a weight for g or u itself
    keeps it.
    """

    name = "norms"
    kinds = (_BY_GRAPH, _SAID)

    def read(self, source: Source) -> Iterator[Part | Question]:
        for (kernel, other), kind in normalised_pairs(source.entries, source.uses).items():
            wanted = _is_wanted(source.targets, source.entries[kernel])
            if wanted and not has_own(source.targets, source.entries[other]):
                yield _read(source, source.entries[kernel], source.entries[other], kind)


def _read(source: Source, kernel: Entry, other: Entry, kind: str) -> Part | Question:
    known = source.uses.normalised.get(kernel.key) if source.uses is not None else None
    because = _BY_GRAPH.because(kernel=kernel.key, other=other.key)
    layout = known.layout if known is not None and known.other == other.key else ""
    said = source.assumptions.weight_norm
    if source.uses is None and kind == "weight_norm" and said:
        layout = _by_shapes(kernel.shape, other.shape)
        because = _SAID.because(said=said, scope=kernel.name.scope or "the model itself")
    names = (kernel.key, other.key)
    if not layout:
        return Question(names, asks_of_pair(kernel, other, kind, uses=source.uses))
    module = kernel.name.scope
    path = f"{module}/kernel".lstrip("/")
    path = kernel.key if path in source.entries else path
    return Part(path, module, "kernel", kernel.shape, names, layout, _LAYER, because)


def _by_shapes(v: tuple[int, ...], g: tuple[int, ...]) -> str:
    """Returns the layout that shapes leave; "" where g may run along either of the last axes."""
    rank = len(v)
    if len(g) == rank:
        long = [axis for axis, size in enumerate(g) if size != 1] or [rank - 1]
        return f"weight_norm({long[0] - rank})"
    if rank == 2 or v[-2] != v[-1]:
        return f"weight_norm({-1 if v[-1] == math.prod(g) else -2})"
    return ""


def _is_wanted(targets: Mapping[str, Item], kernel: Entry) -> bool:
    """Tells whether the model has a kernel of these sizes: other layers call parts anything."""
    return any(
        item.role.endswith("kernel") and _sizes(item.shape) == _sizes(kernel.shape)
        for item in targets.values()
    )


def _sizes(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)


def has_own(targets: Mapping[str, Item], other: Entry) -> bool:
    """Tells whether the model has a weight for the norm, or for the vector, itself."""
    leaf = other.name.leaf.lower()
    return any(path.rpartition("/")[2].lower() == leaf for path in targets)


def normalised_pairs(entries: Mapping[str, Entry], uses: Uses | None) -> dict[tuple[str, str], str]:
    """Returns pairs of kernel and norm (or vector) with which normalisation they are of.

    Those of the graph, and those that are called so and have shapes that fit.
    """
    found: dict[tuple[str, str], str] = {}
    for one in uses.normalised.values() if uses is not None else ():
        if one.kernel in entries and one.other in entries:
            found[one.kernel, one.other] = one.layout.partition("(")[0]
    taken = {name for pair in found for name in pair}
    scopes: dict[str, dict[str, Entry]] = {}
    for name, entry in entries.items():
        if name not in taken:
            scopes.setdefault(entry.name.scope, {})[entry.name.leaf] = entry
    for scope, held in scopes.items():
        within = scopes.get(f"{scope}/wn".lstrip("/"), {})
        for g in filter(None, (held.get("g"), within.get("g"))):
            leaves = ("v", "V") if g is held.get("g") else ("v", "V", *_KERNELS)
            v = next((held[leaf] for leaf in leaves if leaf in held), None)
            if v is not None and _is_norm_of(g.shape, v.shape):
                found[v.key, g.key] = "weight_norm"
        u = next((held[leaf] for leaf in _VECTORS if leaf in held), None)
        if u is None or uses is not None:  # a graph that has nothing of the kind multiplies by u
            continue
        fitting = (held[leaf] for leaf in _KERNELS if leaf in held)
        w = next((one for one in fitting if _is_vector_of(u.shape, one.shape)), None)
        if w is not None:
            found[w.key, u.key] = "spectral_norm"
    return found


def _is_norm_of(g: tuple[int, ...], v: tuple[int, ...]) -> bool:
    plain = len(g) in (1, len(v)) and math.prod(g) == max(g, default=0)
    if len(v) < 2 or not plain:
        return False
    if len(g) == 1:
        return g[0] in v[-2:]
    return all(size in (1, own) for size, own in zip(g, v, strict=True))


def _is_vector_of(u: tuple[int, ...], w: tuple[int, ...]) -> bool:
    return len(w) > 1 and u in ((1, w[-1]), (math.prod(w[:-1]), 1))


def asks_of_pair(kernel: Entry, other: Entry, kind: str, *, uses: Uses | None) -> str:
    """Returns what is asked of a pair whose kernel nothing tells how to compute."""
    read = uses.normalised.get(kernel.key) if uses is not None else None
    if kind == "spectral_norm":
        made = f"{kernel.key} / sigma, sigma found from {other.key} in steps of power iteration"
        layout, tells = "spectral_norm(1)", "the number is that of the steps, mostly 1"
    else:
        made = f"{other.key} * {kernel.key} / ||{kernel.key}||"
        layout = _by_shapes(kernel.shape, other.shape) or "weight_norm(-1)"
        tells = "the number is the axis along which g runs"
        if uses is None:
            tells += "; weight_norm='plain' (--weight_norm=plain) says it of all such kernels"
    if read is not None:
        layout, tells = read.layout, "as the graph has it"
    elif uses is not None:
        return _OTHERWISE.format(kernel=kernel.key, other=other.key, made=made)
    rules = " and ".join(
        f"{{source='{entry.key}', target='...', layout='{layout}'}}" for entry in (kernel, other)
    )
    return f"the kernel may be {made}: the rules {rules} make it so ({tells})"
