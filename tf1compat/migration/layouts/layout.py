"""Invertible array transforms between a v1 variable and a Keras weight.

A layout knows the shape it produces before any data is read (:meth:`Layout.spec`), applies itself
to arrays, and inverts itself, which is how a converted weight is proved equal to its source. It
also says how an optimizer slot of the variable travels (:meth:`Layout.for_slot`).

Layouts print as the text that :func:`parse_layout` reads and that rules files hold::

    transpose(1, 0)
    reshape(768, 12, 64) | cast(float32)
    concatenate(0)               # several sources, one target
    split(1, 0, 768)             # one source, the part [0, 768) along axis 1

A new layout is one more frozen dataclass; annotations of its fields say what its text takes.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

import numpy as np

from tf1compat.errors import LayoutError, UsageError
from tf1compat.migration.layouts._written_form import arguments, check_arguments, written
from tf1compat.names.spec_text import spec_text
from tf1compat.registry import Registry, briefly

__all__ = [
    "IDENTITY",
    "LAYOUTS",
    "Identity",
    "Index",
    "Layout",
    "Piece",
    "Shape",
    "Spec",
    "cannot",
    "one_source",
    "register_layout",
]

Shape = tuple[int, ...]

Index = tuple[slice | tuple[int, ...], ...]
"""A part of an array: for each axis a slice, or for one of them the numbers of rows."""


@dataclasses.dataclass(frozen=True)
class Spec:
    """Shape and dtype of an array that need not exist yet.

    Attributes:
      shape: dimensions, outermost first.
      dtype: name of the dtype, e.g. ``"float32"`` or ``"bfloat16"``.
    """

    shape: Shape
    dtype: str = "float32"

    def __str__(self) -> str:
        return spec_text(self.dtype, self.shape)


@dataclasses.dataclass(frozen=True)
class Piece:
    """What inverting a layout gives back of one source.

    Attributes:
      index: where in the source the value belongs; ``()`` for all of it.
      value: array of that part's shape.
    """

    index: Index
    value: np.ndarray


class Layout:
    """Base of all layouts; subclasses are frozen dataclasses whose fields are their arguments.

    A field is annotated ``int``, ``float`` or ``str``, or as the last ``tuple[int, ...]``, which
    takes all arguments that are left; one with a default may be left out.

    Attributes:
      name: what rules files call it.
      joins: whether it makes one target out of several sources, in the order of their rules.
      takes_part: whether it takes a part of its source, so that other targets may take the others.
      leaves_out: whether it takes rows of its source and leaves the others out on purpose.
      merges: whether what it makes has elements that keep the target's initial value; `apply` is
        then given that one behind the sources.
      sums: whether it adds elements of its source up, so that nothing tells them apart again.
      inverse_sums: whether its inverse adds elements of the target up: a model may hold apart what
        the v1 graph has one number for, and computes the same with their sum.
      computes: whether it computes each element of what it makes of several of its sources', so
        that its inverse gives other sources than these, which make the same but for rounding.
      by_row: whether it says of each row by itself where that goes, so that some of them tell
        nothing of the others.
    """

    name: ClassVar[str]
    joins: ClassVar[bool] = False
    takes_part: ClassVar[bool] = False
    leaves_out: ClassVar[bool] = False
    merges: ClassVar[bool] = False
    sums: ClassVar[bool] = False
    inverse_sums: ClassVar[bool] = False
    computes: ClassVar[bool] = False
    by_row: ClassVar[bool] = False

    def spec(self, *sources: Spec) -> Spec:
        """Returns the target's shape and dtype for sources of these shapes and dtypes.

        Raises:
          LayoutError: if the layout can't be applied to them.
        """
        raise NotImplementedError

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        """Returns the target's value; the sources are never written to."""
        raise NotImplementedError

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        """Returns, for each source, the part of it that `target` holds."""
        raise NotImplementedError

    def files(self) -> tuple[str, ...]:
        """Returns the paths of the files that it reads."""
        return ()

    def part(self, source: Spec) -> Index:
        """Returns the index of the part that it takes of a source; ``()`` for all of it."""
        return ()

    def rounding(self, *sources: Spec) -> float:
        """Returns how far its inverse may be from a source, relative to its largest value.

        Or to what it has `added`, if that is larger. 0.0 where the inverse gives the source's
        bits back.
        """
        return 0.0

    def added(self) -> float:
        """Returns the largest amount that it adds to values, which small ones are rounded by."""
        return 0.0

    def lacking(self, axis: int, variable: Spec) -> Layout:
        """Returns the layout of what lacks an axis of the source, as means over that axis do.

        Args:
          axis: which of the source, counted from 0.
          variable: the source.

        Raises:
          LayoutError: it can't be told, as by default.
        """
        raise LayoutError(f"layout {self}: what lacks axis {axis} of its source isn't laid out so")

    def for_slot(self, slot: Spec, variable: Spec) -> Layout:
        """Returns the layout by which an optimizer slot of the variable travels.

        A slot of the variable's shape moves as the variable does but keeps its own dtype; a scalar
        slot (a step or a power accumulator) stays as it is.

        Raises:
          LayoutError: for a slot of any other shape, such as a factored second moment.
        """
        if slot.shape == variable.shape:
            return self.rearrangement()
        if slot.shape == ():
            return IDENTITY
        raise LayoutError(
            f"slot of shape {slot.shape} of a variable of shape {variable.shape}: expected the "
            f"same shape or a scalar; layout {self} doesn't say how it travels, so drop the slot "
            "or give it a rule"
        )

    def rearrangement(self) -> Layout:
        """Returns what of this layout moves elements; changes of dtype and value are left out."""
        return self

    def __str__(self) -> str:
        given = arguments(type(self))
        texts = [word for field, _ in given for word in written(getattr(self, field.name))]
        return f"{self.name}({', '.join(texts)})" if given else self.name


_T = TypeVar("_T")


def one_source(layout: Layout, sources: Sequence[_T]) -> _T:
    """Returns the only one of `sources`, or raises LayoutError."""
    if len(sources) != 1:
        raise LayoutError(f"layout {layout} takes one source, found {len(sources)}")
    return sources[0]


def cannot(layout: Layout, source: Spec, expected: str) -> LayoutError:
    """Returns the error of a layout that a source's shape doesn't allow."""
    return LayoutError(f"layout {layout} on {source}: expected {expected}, found {source.shape}")


@dataclasses.dataclass(frozen=True)
class Identity(Layout):
    """The value as it stands."""

    name = "identity"

    def spec(self, *sources: Spec) -> Spec:
        return one_source(self, sources)

    def apply(self, *sources: np.ndarray) -> np.ndarray:
        return one_source(self, sources)

    def invert(self, target: np.ndarray, *sources: Spec) -> tuple[Piece, ...]:
        return (Piece((), target),)

    def for_slot(self, slot: Spec, variable: Spec) -> Layout:
        return self  # of factored moments too: rows and columns are where they were

    def lacking(self, axis: int, variable: Spec) -> Layout:
        return self


IDENTITY = Identity()


_FLAGS = (
    "joins",
    "takes_part",
    "leaves_out",
    "merges",
    "sums",
    "inverse_sums",
    "computes",
    "by_row",
)


def _check(layout: type[Layout]) -> None:
    """Raises UsageError for a class that lacks what a layout is asked, or that no text can tell."""
    name = layout.name
    if re.fullmatch(r"[A-Za-z_]\w*", name) is None:
        raise UsageError(f"layout {name!r}: expected a word that rules can hold, found {name!r}")
    if not (isinstance(layout, type) and issubclass(layout, Layout)):
        raise UsageError(f"layout {name!r}: expected a class derived from Layout, found {layout!r}")
    for flag in _FLAGS:
        value = getattr(layout, flag)
        if not isinstance(value, (bool, property)):
            raise UsageError(f"layout {name!r}: expected {flag}, True or False, found {value!r}")
    partial = layout.takes_part or layout.leaves_out
    for method in ("spec", "apply", "invert", *(["part"] if partial else [])):
        if getattr(layout, method, None) in (getattr(Layout, method), None):
            raise UsageError(f"layout {name!r}: expected a method {method} of its own, found none")
    if layout.part is not Layout.part and not partial:
        raise UsageError(
            f"layout {name!r}: expected takes_part = True or leaves_out = True beside a method "
            "part, found neither; what becomes of the rest of its source?"
        )
    if not dataclasses.is_dataclass(layout) or not layout.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        raise UsageError(
            f"layout {name!r}: expected a frozen dataclass, found {layout.__name__}; decorate it "
            "with dataclasses.dataclass(frozen=True) below register_layout"
        )
    if layout.takes_part and layout.joins:
        raise UsageError(f"layout {name!r}: expected one that joins or takes a part, found both")
    check_arguments(name, layout)


LAYOUTS: Registry[type[Layout]] = Registry("layout", check=_check)
"""Every layout that rules may name."""

_L = TypeVar("_L", bound="type[Layout]")


def register_layout(name: str) -> Callable[[_L], _L]:
    """Class decorator that lets rules name a layout: a frozen dataclass derived from Layout.

    Args:
      name: what rules call it; a word that no other layout has.

    Raises:
      UsageError: another layout has this name, or it is none that rules can write.
    """
    if not isinstance(name, str):
        raise UsageError(
            f'expected @register_layout("name"), with what rules call it, found {briefly(name)}'
        )

    def decorate(cls: _L) -> _L:
        before = vars(cls).get("name")
        cls.name = name
        try:
            LAYOUTS.add(cls)
        except UsageError:  # what isn't added is left as it was
            if before is not None:
                cls.name = before
            raise
        return cls

    return decorate
