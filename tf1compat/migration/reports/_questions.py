"""What is asked about open targets: a line for those that the same sources could fill."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence

from tf1compat.migration.layouts.basic import Transpose
from tf1compat.migration.matching.shapes import same_elements
from tf1compat.migration.planning.plan import Plan
from tf1compat.migration.reports._nearly import nearly
from tf1compat.migration.reports._suggestions import candidates_of, copies
from tf1compat.names import fold_names, nearest_names

__all__ = ["folded", "questions"]

_SAME = "hold the same names and shapes"
_SHOWN = 3  # folded names of one side of a question


@dataclasses.dataclass(frozen=True)
class _Question:
    """Open targets, and the sources that they could have."""

    targets: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def whole(self) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        """The layers and the scopes of which it asks the same of one part; None for any other."""
        (layers, of_layers), (scopes, of_scopes) = map(_parts, (self.targets, self.sources))
        one = len(of_layers) == len(of_scopes) == 1 < len(scopes)
        return (layers, scopes) if one and all(layers) and all(scopes) else None


def _parts(names: Iterable[str]) -> tuple[tuple[str, ...], set[str]]:
    """Returns what stands before the last slash of names, and what behind."""
    split = [name.rpartition("/") for name in names]
    return tuple(scope for scope, _, _ in split), {leaf for _, _, leaf in split}


def questions(plan: Plan, said: Container[str]) -> Iterator[str]:
    """Yields what is asked about the open targets, but for those of which it is `said` why.

    Where scopes that hold several layers repeat each other, that comes first: once it is known
    which of them the model is of, little else is open. Single layers may be as many of one kind.
    """
    repeated = _repeated(plan)
    nets = [scopes for scopes in repeated if _holds_layers(plan, scopes[0])]
    yield from (_which_copy(scopes) for scopes in nets)
    within = tuple(f"{scope}/" for scopes in nets for scope in scopes)
    asked = [
        one
        for one in _asked(plan, said)
        if not one.sources or not all(source.startswith(within) for source in one.sources)
    ]
    by_layers: dict[object, list[_Question]] = defaultdict(list)
    for one in asked:
        by_layers[one.whole or one].append(one)
    for some in by_layers.values():
        yield _of_layers(some) if len(some) > 1 else _question(plan, some[0])
    for scopes in repeated:
        if scopes not in nets:
            yield f"  {folded(scopes)} {_SAME}: of copies, a drop rule leaves one"


def _holds_layers(plan: Plan, scope: str) -> bool:
    inside = (name for name in plan.sources if name.startswith(f"{scope}/"))
    return any("/" in name.removeprefix(f"{scope}/") for name in inside)


def _repeated(plan: Plan) -> list[list[str]]:
    alike: dict[str, list[str]] = {}
    for original, scope in copies(plan):
        alike.setdefault(original, [original]).append(scope)
    return list(alike.values())


def _which_copy(scopes: Sequence[str]) -> str:
    return (
        f"  {folded(scopes)} {_SAME}: which of them is the model's, if any? "
        f"{{source='{scopes[-1]}/.*', drop='why'}} leaves one behind"
    )


def _asked(plan: Plan, said: Container[str]) -> list[_Question]:
    """Returns the questions, one for all targets that the same sources could fill."""
    found: dict[tuple[str, ...], list[str]] = {}
    tied = {target: tie.sources for tie in plan.ambiguities for target in tie.targets}
    for open_ in candidates_of(plan):
        for target in open_.targets:
            sources = open_.sources
            if target in tied and len(sources) < len(open_.targets):
                shape = plan.targets[target].shape
                fit = [s for s in tied[target] if same_elements(plan.sources[s].shape, shape)]
                sources = tuple(fit or tied[target])
            if target not in said:
                found.setdefault(sources, []).append(target)
    return [_Question(tuple(targets), sources) for sources, targets in found.items()]


def _of_layers(some: Sequence[_Question]) -> str:
    """Returns what is asked of whole layers, instead of each of their weights."""
    layers, scopes = some[0].whole or ((), ())
    leaves = [_parts(one.targets)[1].pop() for one in some]
    goes = "goes" if len(layers) == 1 else "go"
    return (
        f"  which of these {len(scopes)} {goes} to {folded(layers)} ({', '.join(leaves)})? "
        f"{folded(scopes)}"
    )


def _question(plan: Plan, open_: _Question) -> str:
    targets, sources = folded(open_.targets), folded(open_.sources)
    if len(open_.sources) > 1:
        goes = "goes" if len(open_.targets) == 1 else "go"
        return f"  which of these {len(open_.sources)} {goes} to {targets}? {sources}"
    if open_.sources:
        return f"  is {sources} the source of {targets}? its role and shape are the same"
    left = [problem.name for problem in plan.unexplained]
    near = ", ".join(f"{n} {plan.sources[n]}" for n in nearest_names(open_.targets[0], left))
    nearest = f"; nearest by name: {near}" if near else ""
    shape = plan.targets[open_.targets[0]].shape
    turned = [n for n in left if plan.sources[n].shape == shape[::-1] != shape]
    if len(open_.targets) == len(turned) == 1:
        nearest += f"; {turned[0]} fits transposed: layout='{Transpose((1, 0))}' in a rule says so"
    elif len(open_.targets) == 1:
        nearest += nearly(
            plan.targets[open_.targets[0]], {name: plan.sources[name] for name in left}
        )
    return f"  no variable that is left has role and shape of {targets}{nearest}"


def folded(names: Iterable[str]) -> str:
    """Returns names in one line: folded by numbers, and only counted from the fourth on."""
    lines = fold_names(names)
    more = f" and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return ", ".join(lines[:_SHOWN]) + more
