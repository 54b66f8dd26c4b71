"""What there is to know of an optimizer's variables by their names."""

from __future__ import annotations

import dataclasses
import re

from tf1compat.errors import UsageError
from tf1compat.names.roles import role_of

__all__ = ["Optimizer"]


@dataclasses.dataclass(frozen=True)
class Optimizer:
    """A family of optimizers whose slots are named alike.

    1.15 calls a slot of variable ``X`` ``X/NAME``, the next ``X/NAME_1``, where NAME is the
    optimizer's ``name`` argument; each family's class name without ``Optimizer`` is its default.
    Others, made by hand, are ``X/SLOT`` or ``X/name_SLOT``, as ``slots`` says.

    Attributes:
      name: the name that stands for the family.
      also: other names whose slots are of this kind.
      factored: whether slots need not have their variable's shape.
      state: names of the optimizer's own scalars, which it always makes together.
      slots: what it calls its slots, where it doesn't call them after itself.
    """

    name: str
    also: tuple[str, ...] = ()
    factored: bool = False
    state: tuple[str, ...] = ()
    slots: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All names, the family's first."""
        return (self.name, *self.also)

    def check(self) -> None:
        """Does nothing where names can be those of optimizers.

        Raises:
          UsageError: one is empty, or no name that 1.15 allows below a scope, stands there twice,
            or is what weights of layers are called, which would then be dropped as slots.
        """
        for name in (*self.names, *self.state, *self.slots):
            if not isinstance(name, str) or re.fullmatch(r"[A-Za-z0-9_.\\\-]+", name) is None:
                raise UsageError(
                    f"optimizer {self.name!r}: expected names of letters, digits, '_', '.' and "
                    f"'-', found {name!r}"
                )
        for names in ((*self.names, *self.slots), self.state):
            if len(set(names)) < len(names):
                raise UsageError(f"optimizer {self.name!r}: expected each name once, found {names}")
        for name in (*self.names, *self.slots, *self.state):
            if (role := role_of(name)) != "unknown":
                raise UsageError(
                    f"optimizer {self.name!r}: expected names of slots, found {name!r}, "
                    f"which is what a layer's {role} is called"
                )
