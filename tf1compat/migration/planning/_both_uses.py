"""What follows from how both sides use their variables and weights, where the v1 graph is known."""

from __future__ import annotations

import dataclasses
import functools
import heapq
import operator
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from tf1compat.checkpoint import Entry, Meta
from tf1compat.checkpoint.meta.using import Use
from tf1compat.errors import Problem
from tf1compat.keras3 import ModelIndex
from tf1compat.keras3.index.token_tables import TokenTable, token_tables
from tf1compat.migration.layouts.chain import chain
from tf1compat.migration.layouts.layout import IDENTITY, Layout
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.matching import Item
from tf1compat.migration.matching.nodes import coarse_role
from tf1compat.migration.meaning import Assumptions
from tf1compat.migration.meaning.of_tables import rows_in_shards
from tf1compat.migration.planning._gate_marks import gates_made, gates_wanted
from tf1compat.migration.planning._gates import mistaken_gates, unmoved_gates
from tf1compat.migration.planning._pixels import Images, pixels_moved
from tf1compat.migration.planning._token_rows import token_rows
from tf1compat.migration.uses.agreement import (
    Agreement,
    agreement,
    families,
    in_order,
    use_role,
)
from tf1compat.migration.uses.declared import declared_uses, is_declared
from tf1compat.migration.uses.of_names import named_kinds
from tf1compat.migration.uses.of_targets import target_uses
from tf1compat.names.reasons import Kind, Reason

__all__ = ["USES_KINDS", "BothUses", "RuledPairs", "moved_by", "uses_of_both"]

_USED = Kind(
    "used",
    "the v1 graph uses {source} as {source_use}, and the model {target} as {target_use}",
)
USES_KINDS: tuple[Kind, ...] = (_USED,)

Shape = tuple[int, ...]
_ADDED = ("bias", "beta")
_TURNED = ("out", "in")
# Of logits: `tf.nn.sampled_softmax_loss` and BERT have a row a class, other programs a column.
_OF_CLASSES = frozenset(
    {
        *("softmax_w", "softmax_weight", "softmax_weights", "nce_w", "nce_weight", "nce_weights"),
        *("output_weights", "proj_w", "w_softmax", "sampled_w"),
    }
)
_TABLE_OR_KERNEL = {"embedding", "kernel"}


@dataclasses.dataclass(frozen=True)
class BothUses:
    """The uses of both sides.

    Attributes:
      index: the model's index.
      sources: by variable, how the v1 graph uses it; empty without a graph.
      targets: by path, how the model uses a weight; empty without a v1 graph to compare with.
      images: those that are flattened before layers, and those that layers make.
      open: the weights that no rule spoke of.
    """

    index: ModelIndex
    sources: Mapping[str, Sequence[Use]]
    targets: Mapping[str, Sequence[Use]]
    images: Images
    open: frozenset[str]

    @functools.cached_property
    def token_tables(self) -> Mapping[str, TokenTable]:
        """Tables whose rows go by the tokens of a layer before them, by path."""
        return token_tables(self.index)

    def items(
        self, sources: Sequence[Item], targets: Sequence[Item]
    ) -> tuple[list[Item], list[Item]]:
        """Returns variables and weights with what their uses say of them.

        That is roles, of variables whose names say none and of weights of a user's own layers; the
        kind of arithmetic; and shapes with inputs before outputs, if it is known of every kernel of
        the model which is which.
        """
        if not self.sources:
            return self._by_names(sources, targets)
        shaped = in_order if self._ordered(targets) else _as_they_are
        found_s = []
        for item in sources:
            uses = self.sources.get(item.path, ())
            told = use_role(uses, item.shape)
            told = told if item.role == "unknown" or _mistaken(item, uses) else item.role
            kinds = families(uses, item.shape)
            shape = shaped(uses, item.shape)
            found_s.append(dataclasses.replace(item, role=told, shape=shape, uses=kinds))
        found_t = []
        for item in targets:
            uses = self.targets.get(item.path, ())
            own = not is_declared(self.index, self.index[item.path])
            told = use_role(uses, item.shape) if own else "unknown"
            decides = coarse_role(told, item.shape) == "weight" or item.role == "unknown"
            role = told if decides and told != "unknown" else item.role
            kinds = families(uses, item.shape, self._image(item.path))
            shape = shaped(uses, item.shape)
            found_t.append(dataclasses.replace(item, role=role, shape=shape, uses=kinds))
        return found_s, found_t

    def _by_names(
        self, sources: Sequence[Item], targets: Sequence[Item]
    ) -> tuple[list[Item], list[Item]]:
        """Returns both with what names say of kernels, and layers of Keras' own do, of space."""
        paths = [item.path for item in targets if len(item.shape) > 2]
        found = declared_uses(self.index, paths)
        kinds = {
            path: families([use], self.index[path].shape)
            for path, use in found.items()
            if "convolution" in use.kind
        }
        return (
            [_used_for(one, named_kinds(one.module, one.shape)) for one in sources],
            [_used_for(one, kinds.get(one.path, one.uses)) for one in targets],
        )

    def _ordered(self, targets: Sequence[Item]) -> bool:
        kernels = [item for item in targets if coarse_role(item.role, item.shape) == "weight"]
        left = [item for item in kernels if item.path in self.open]
        return all(families(self.targets.get(item.path, ()), item.shape) for item in left)

    def _image(self, target: str) -> Shape | None:
        image = self.images.flattened.get(target)
        # A convolution over a whole image has its pixels channels last.
        return image.sizes if image is not None and image.data_format == "NHWC" else None

    def agreement(self, source: str, target: str, shape: Shape) -> Agreement | None:
        """Returns how a pair goes together; None where its uses don't tell."""
        uses = self.sources.get(source, ()), self.targets.get(target, ())
        wanted = tuple(self.index[target].shape)
        return agreement(*uses, shape, wanted, image=self._image(target))

    def other_gates(
        self, checkpoint: Mapping[str, Entry], source: str, target: str, agreed: Agreement | None
    ) -> Problem | None:
        """Returns why a weight can't just be taken from a source whose gates aren't known to agree.

        None where they do, and where the weight has no gates.
        """
        if agreed is not None and agreed.target.gates:
            return None
        own = not is_declared(self.index, self.index[target])
        gated = next((use for use in self.targets.get(target, ()) if use.gates), None)
        if not own or gated is None:
            return mistaken_gates(checkpoint, self.index, target, source)
        return Problem(
            target,
            f"a source with the gates {', '.join(gated.gates)}",
            "gates that may stand in another order",
            origin=source,
            remedy=f"give it a rule with a layout; with layout='{IDENTITY}' only if none does",
        )

    def unread_square(self, source: str, target: str, shape: Shape) -> Problem | None:
        """Returns what has to be asked of a square kernel that one side may multiply by transposed.

        Where the layer is of the user's own and isn't read: backends other than TensorFlow have no
        graph of it, and the shape doesn't tell. And without a v1 graph, where names are those of a
        kernel that some programs hold as ``[classes, inputs]``.
        """
        if len(shape) != 2 or shape[0] != shape[1]:
            return None
        if not self.sources:
            return self._either_way(source, target)
        turned = {use.axes == _TURNED for use in self.sources.get(source, ())}
        if turned != {True} or self.targets.get(target):
            return None
        return Problem(
            target,
            "a layer of which it is known how it uses its weight",
            f"one that isn't read, and {source}, by whose transpose the v1 graph multiplies",
            origin=source,
            remedy="give it a rule with layout='transpose(1, 0)' if the layer multiplies by it as "
            f"it stands, with layout='{IDENTITY}' if by its transpose",
        )

    def _either_way(self, source: str, target: str) -> Problem | None:
        leaf = source.rpartition("/")[2].lower()
        if leaf not in _OF_CLASSES or self.index[target].role != "kernel":
            return None
        return Problem(
            target,
            "a kernel of which it is known whether v1 multiplies by it or by its transpose",
            f"{source}, which is square and has a name that programs have for both",
            origin=source,
            remedy="give it a rule with layout='transpose(1, 0)' if v1 multiplies by its transpose "
            f"(its rows are classes, as for sampled losses), with layout='{IDENTITY}' if not",
        )

    def at_odds(self, sources: Sequence[Item], targets: Sequence[Item]) -> Iterator[Problem]:
        """Yields, of weights that are left, those of a variable's shape that is used otherwise."""
        # Thousands of weights are used in a handful of ways: those are compared, not all pairs.
        by_use: dict[Shape, dict[frozenset[str], list[tuple[int, Item]]]] = defaultdict(dict)
        for number, source in enumerate(sources):
            if source.uses:
                by_use[source.shape].setdefault(source.uses, []).append((number, source))
        for target in targets:
            ways = by_use[target.shape].items() if target.uses else ()
            others = [group for uses, group in ways if uses.isdisjoint(target.uses)]
            for _, source in heapq.merge(*others, key=operator.itemgetter(0)):
                yield Problem(
                    target.path,
                    f"a variable that is used as {_used_as(target, self.targets)}",
                    f"one that is used as {_used_as(source, self.sources)}",
                    origin=source.path,
                    remedy=f"equal shape isn't equal arithmetic; if it is right, a rule with "
                    f"layout='{IDENTITY}' says so",
                )


@dataclasses.dataclass(frozen=True)
class RuledPairs:
    """What rules mean that give no layout, and whether the layout that they give fits the uses.

    Attributes:
      checkpoint: every variable.
      index: the model's index.
      graph: what the v1 graph tells; None without one.
      assume: what the user said.
    """

    checkpoint: Mapping[str, Entry]
    index: ModelIndex
    graph: Meta | None
    assume: Assumptions

    @functools.cached_property
    def _both(self) -> BothUses:
        uses = self.graph.uses.by_variable if self.graph else None
        return uses_of_both(uses, self.index, Images.of(self.index), targets=[*self.index])

    def problem(self, target: str, source: str) -> Problem | None:
        """Returns what is wrong with filling a target from a source without a layout, or None."""
        agreed = self._both.agreement(source, target, self.checkpoint[source].shape)
        mistaken = self._both.other_gates(self.checkpoint, source, target, agreed)
        if mistaken is not None:
            return mistaken
        tokens = token_rows(source, target, self._both.token_tables)
        if tokens is not None:
            return dataclasses.replace(tokens, name=target)
        pixels = self._pixels(source, target)
        if self.graph is not None and isinstance(pixels, Problem):
            return dataclasses.replace(pixels, name=target)
        if agreed is not None:
            return None
        unread = self._both.unread_square(source, target, self.checkpoint[source].shape)
        if unread is not None:
            return unread
        return next(self._both.at_odds(*self._both.items(*self._items(source, target))), None)

    def astray(self, target: str, source: str, layout: str) -> Problem | None:
        """Returns what is wrong with the layout that a rule gives, or None.

        It is, where both sides' gates are known, that they end up elsewhere; and without a graph,
        that gates of a cell of 1.x stay as they stand. ``identity`` is taken at its word.
        """
        if self.graph is None:
            return unmoved_gates(self.checkpoint, self.index[target], source, layout)
        uses = self.graph.uses.by_variable.get(source, ())
        given = parse_layout(layout)
        if given == IDENTITY or given.sums or given.merges or not any(one.gates for one in uses):
            return None
        shape = self.checkpoint[source].shape
        agreed = self._both.agreement(source, target, shape)
        if agreed is None or not agreed.target.gates:
            return None
        made, wanted = gates_made(given, shape, agreed), gates_wanted(agreed)
        if made == wanted:
            return None
        return Problem(
            target,
            f"a layout that makes the gates {', '.join(wanted)}",
            f"{layout}, which makes {', '.join(made) if made else 'parts of several gates'}",
            remedy="mend it (blocks puts gates in order, forget_bias adds), or give the rule "
            "cross_roles=true if that is meant",
        )

    def layout(self, target: str, source: str) -> tuple[Layout, tuple[Reason, ...]]:
        """Returns the layout that follows from the uses of a target and a source, and why.

        What would be asked without the rule stays as it is: the rule answers.
        """
        entry = self.checkpoint[source]
        uses = self.graph.uses if self.graph else None
        rows = rows_in_shards(source, entry, uses, self.assume)
        if isinstance(rows, tuple):
            return parse_layout(rows[0]), (rows[1],)
        moved, why = moved_by(self._both.agreement(source, target, entry.shape), source, target)
        pixels = self._pixels(source, target)
        if isinstance(pixels, Problem):
            return moved, why
        return chain(moved, pixels[0]), (*why, *pixels[1])

    def _pixels(self, source: str, target: str) -> tuple[Layout, tuple[Reason, ...]] | Problem:
        uses = self.graph.uses if self.graph else None
        entry, images = self.checkpoint[source], self._both.images
        return pixels_moved(entry, images, target, uses=uses, assumptions=self.assume)

    def _items(self, source: str, target: str) -> tuple[list[Item], list[Item]]:
        weight, shape = self.index[target], self.checkpoint[source].shape
        scope = self.checkpoint[source].name.scope
        wanted = Item(target, weight.layer_path, weight.role, tuple(weight.shape))
        return [Item(source, scope, "unknown", shape)], [wanted]


def _used_for(item: Item, uses: frozenset[str]) -> Item:
    """Returns an item with its uses; most have none, and stay what they are."""
    return item if item.uses == uses else dataclasses.replace(item, uses=uses)


def _used_as(item: Item, uses: Mapping[str, Sequence[Use]]) -> str:
    """Returns in words how an item is used, by a graph or else by what it is called."""
    known = uses.get(item.path, ())
    return known[0].words if known else " or ".join(sorted(item.uses)).replace("_", " ")


def _mistaken(item: Item, uses: Sequence[Use]) -> bool:
    """Tells whether all uses are of another kind than the role that a name says.

    A `B` of memory networks is a table: no bias is only looked up. Sampled losses look up what else
    is multiplied by or added: its name is right.
    """
    roles = {use.role for use in uses}
    if len(roles) != 1 or "unknown" in roles:
        return False
    (told,) = roles
    added = item.role in _ADDED and coarse_role(told, item.shape) == "weight"
    return added or {told, item.role} == _TABLE_OR_KERNEL


def _as_they_are(uses: Sequence[Use], shape: Shape) -> Shape:
    return shape


def moved_by(
    found: Agreement | None, source: str, target: str
) -> tuple[Layout, tuple[Reason, ...]]:
    """Returns the layout that a pair's uses ask for, and from what that follows."""
    if found is None or not found.moves:
        return IDENTITY, ()
    parts = []
    if found.order != tuple(sorted(found.order)):
        parts.append(f"transpose({', '.join(map(str, found.order))})")
    if found.blocks:
        parts.append(f"blocks({', '.join(map(str, found.blocks))})")
    if found.forget_bias:
        parts.append(f"forget_bias({found.forget_bias})")
    because = _USED.because(
        source=source,
        source_use=found.source.words,
        target=target,
        target_use=found.target.words,
    )
    return chain(*map(parse_layout, parts)), (because,)


def uses_of_both(
    sources: Mapping[str, Sequence[Use]] | None,
    index: ModelIndex,
    images: Images,
    *,
    targets: Sequence[str],
) -> BothUses:
    """Returns the uses of variables, and of those weights that no rule spoke of.

    None are known where there is no v1 graph to compare with.
    """
    if sources is None:
        return BothUses(index, {}, {}, images, frozenset())
    return BothUses(index, sources, target_uses(index, targets), images, frozenset(targets))
