"""Slots laid out as their weights are, which fill what an optimizer keeps of these."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping

from tf1compat.checkpoint import Entry
from tf1compat.errors import LayoutError
from tf1compat.migration.carrying.family import Family
from tf1compat.migration.layouts.answers import added_by, made_of
from tf1compat.migration.layouts.casts import cast_between
from tf1compat.migration.layouts.chain import chain
from tf1compat.migration.layouts.joins import Concatenate
from tf1compat.migration.layouts.kept_numbers import Scale
from tf1compat.migration.layouts.layout import IDENTITY, Layout, Spec
from tf1compat.migration.layouts.text import parse_layout
from tf1compat.migration.planning._slots_by_role import Slots
from tf1compat.migration.planning.lines import Fill
from tf1compat.migration.planning.optimizer_lines import carried
from tf1compat.migration.planning.specs import source_spec

__all__ = ["SlotFills", "changes_values", "variables_of"]


def variables_of(fill: Fill, checkpoint: Mapping[str, Entry]) -> tuple[str, ...]:
    """Returns the variables that a weight is of: where averages fill it, what these are of."""
    names = (checkpoint[source].name for source in fill.sources)
    return tuple(
        name.shadow_of if name.kind == "shadow" and name.shadow_of else name.full for name in names
    )


def changes_values(layout: Layout) -> bool:
    """Tells whether a layout does more to values than to move and cast them."""
    return added_by(layout) > 0


@dataclasses.dataclass(frozen=True)
class SlotFills:
    """Makes the lines of slots.

    Attributes:
      checkpoint: the variables.
      family: the optimizer whose slots they are.
      slots: those of each variable.
      scale: what slots are multiplied by; None for nothing.
    """

    checkpoint: Mapping[str, Entry]
    family: Family
    slots: Slots
    scale: float | None

    def fill(self, target: str, spec: Spec, *, role: str, weight: Fill) -> Fill | str:
        """Returns what fills a variable of an optimizer, or why nothing does."""
        variables = variables_of(weight, self.checkpoint)
        found = [self.slots.role_names(self.family, variable) for variable in variables]
        sources = tuple(one[role] for one in found if one is not None and role in one)
        if not sources or len(sources) != len(variables):
            return f"{', '.join(variables)} has no slot {role} of {self.family.name}"
        parts = self.slots.parts.get(sources[0], sources) if len(sources) == 1 else sources
        try:
            join = self._join(variables[0], parts) if parts != sources else IDENTITY
            moved = self._layout(weight, variables, sources, spec=spec, role=role)
            layout = chain(join, moved)
        except LayoutError as error:
            return str(error)
        of = ", ".join(variables)
        return Fill(target, parts, str(layout), (carried("carried", slot=role, of=of),))

    def _join(self, variable: str, parts: tuple[str, ...]) -> Layout:
        """Returns what joins the slots of a variable's parts, in the order of these."""
        own = source_spec(self.checkpoint[variable])
        specs = [source_spec(self.checkpoint[part]) for part in parts]
        for axis in range(len(own.shape)):
            join = Concatenate(axis)
            with contextlib.suppress(LayoutError):
                if made_of(join, specs).shape == own.shape:
                    return join
        raise LayoutError(f"{', '.join(parts)} don't make up {variable}")

    def _layout(
        self,
        weight: Fill,
        variables: tuple[str, ...],
        sources: tuple[str, ...],
        *,
        spec: Spec,
        role: str,
    ) -> Layout:
        layout = parse_layout(weight.layout)
        if layout.sums or layout.merges:
            what = "sums of variables" if layout.sums else "rows of the model's own"
            raise LayoutError(f"layout {layout} has {what}, of which there are no slots")
        own = [source_spec(self.checkpoint[variable]) for variable in variables]
        whole = sources[0] not in self.slots.parts
        specs = [source_spec(self.checkpoint[source]) for source in sources] if whole else own
        lacks = self.family.lacks.get(role)
        moved = {
            layout.for_slot(slot, of)
            if lacks is None
            else layout.lacking(len(of.shape) + lacks, of)
            for slot, of in zip(specs, own, strict=True)
        }
        if len(moved) != 1:
            raise LayoutError(f"layout {layout} lays slots of these shapes out in several ways")
        found = moved.pop()
        made = made_of(found, specs)
        cast = cast_between(made.dtype, spec.dtype)
        if made.shape != spec.shape or cast is None:
            raise LayoutError(f"layout {found} makes {made} of it, and the optimizer has {spec}")
        scale = IDENTITY if self.scale is None else Scale(self.scale)
        return chain(found, scale, *cast)
