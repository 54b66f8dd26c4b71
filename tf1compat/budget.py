"""What reading a file that others wrote may cost: in proportion to the file, never to its claims.

A few bytes can stand for gigabytes (a compressed block, keys that share their beginnings, a shape),
and damage makes such files by accident. So every parser says what it is about to make before it
makes it, and a file that asks for more than its size warrants is refused.
"""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import math
from collections.abc import Iterator

from tf1compat.errors import BudgetError

__all__ = ["Budget", "Meter", "budget_times"]

_TIMES: contextvars.ContextVar[float] = contextvars.ContextVar("budget_times", default=1.0)


@dataclasses.dataclass(frozen=True)
class Meter:
    """One thing that grows as a file is read.

    Attributes:
      what: it, as an error says it after a number, e.g. ``"bytes of names"``.
      each: how many of it a byte of the file warrants.
      least: how many of it any file may have, however small.
    """

    what: str
    each: float
    least: int

    def allowance(self, size: int) -> int:
        """Returns how many of it a file of `size` bytes may have.

        >>> Meter("bytes of names", each=4, least=1000).allowance(300)
        1200
        """
        return max(self.least, math.ceil(self.each * size))


class Budget:
    """What one file may still cost. It is kept for as long as the file is read.

    >>> names = Meter("bytes of names", each=4, least=1000)
    >>> budget = Budget("m.index", 300)
    >>> budget.spend(names, 1100)
    >>> budget.spend(names, 200)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    tf1compat.errors.BudgetError: m.index: reading it takes 1,300 bytes of names or more, and ...
    """

    def __init__(self, file: str, size: int) -> None:
        self.file = file
        self.size = size
        self._times = _TIMES.get()
        self._spent: dict[Meter, int] = {}

    def spend(self, meter: Meter, count: int) -> None:
        """Counts what is about to be made of the file.

        Raises:
          BudgetError: with what was made before it is more than the file warrants.
        """
        spent = self._spent[meter] = self._spent.get(meter, 0) + count
        self.admit(meter, spent)

    def admit(self, meter: Meter, count: int) -> None:
        """Looks at a number that doesn't add up, such as a depth; errors as for :meth:`spend`."""
        allowed = meter.allowance(self.size)
        if count <= allowed * self._times:
            return
        times = math.ceil(count / allowed) if allowed else math.inf
        raise BudgetError(
            f"{self.file}: reading it takes {count:,} {meter.what} or more, and a file of "
            f"{self.size:,} bytes is allowed {math.floor(allowed * self._times):,}; "
            f"if you trust it, --budget={times} allows more",
            file=self.file,
            meter=meter.what,
        )


@contextlib.contextmanager
def budget_times(times: float) -> Iterator[None]:
    """Multiplies the budgets of files that are opened within the block; apps' ``--budget``.

    >>> names = Meter("bytes of names", each=4, least=1000)
    >>> with budget_times(2):
    ...     Budget("m.index", 300).spend(names, 2400)
    """
    token = _TIMES.set(times)
    try:
        yield
    finally:
        _TIMES.reset(token)
