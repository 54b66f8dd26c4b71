"""What 1.15 moves on at each step: powers of betas and counts of steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from tf1compat.checkpoint import Entry
from tf1compat.checkpoint.comparing import same_bits
from tf1compat.errors import VerificationError
from tf1compat.migration.backward._lines_back import LinesBack
from tf1compat.migration.layouts.kept_numbers import power_later
from tf1compat.migration.values import value_for

__all__ = ["advanced"]


def advanced(
    lines: LinesBack, entries: Mapping[str, Entry], read: Callable[[str], np.ndarray]
) -> Iterator[tuple[str, np.ndarray | None]]:
    """Yields each source that follows from the steps taken, and its value; None for what it was.

    Args:
      lines: those of the plan.
      entries: the checkpoint.
      read: returns the value of a variable of the optimizer by its path.

    Raises:
      VerificationError: the model's optimizer counts fewer than no steps.
    """
    if lines.counting is None:
        return
    for name in lines.advanced:
        counting = lines.counted.get(name, lines.counting)
        now = int(read(counting.target))
        before = int(value_for(counting, entries, initial=lambda: np.zeros(())))
        if now < 0:
            raise VerificationError(f"{counting.target}: expected a count of steps, found {now}")
        value = entries[name].read()
        beta = lines.powers.get(name)
        if beta is None:
            after = np.asarray(value + (now - before), value.dtype)
        elif now >= before:
            after = power_later(value, beta, now - before)
        else:  # it was set back, and began anew or from another file
            after = power_later(np.asarray(beta, value.dtype), beta, now)
        yield name, None if same_bits(after, value) else after
