"""Recorded values (goldens): written with the command that makes them, compared all at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tf1compat.errors import UsageError
from tf1compat.files.npz import read_npz
from tf1compat.files.staging import staged_file
from tf1compat.testing._elements import Tolerance
from tf1compat.testing.arrays import difference

if TYPE_CHECKING:  # values are compared without TensorFlow
    from tf1compat.graph.types import TensorLike

__all__ = ["assert_matches_golden", "read_golden", "write_golden"]

_COMMAND = "__command__"


def write_golden(
    path: str | os.PathLike[str], values: Mapping[str, TensorLike], *, command: str
) -> None:
    """Writes `values` as a golden: a compressed ``.npz`` that remembers `command`.

    Args:
      path: the file, ``.npz``; replaced whole or not at all.
      values: arrays (no objects) by name; names may hold slashes.
      command: what to run to make the file again, from the project's root.

    Raises:
      UsageError: a name that is reserved, or an array of Python objects.
      OutputError: the file can't be written.
    """
    arrays = {name: np.asarray(value) for name, value in values.items()}
    bad = [name for name, array in arrays.items() if array.dtype.kind == "O" or name == _COMMAND]
    if bad:
        raise UsageError(f"{path}: expected arrays of numbers or fixed strings, found {bad}")
    stored: dict[str, Any] = {**arrays, _COMMAND: np.asarray(command)}
    with staged_file(os.fspath(path)) as staged, open(staged, "wb") as out:
        np.savez_compressed(out, **stored)


def read_golden(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Returns the values of a golden by name, without the command."""
    return _load(path)[0]


def assert_matches_golden(
    values: Mapping[str, TensorLike],
    path: str | os.PathLike[str],
    *,
    rtol: float = 0.0,
    atol: float = 0.0,
    command: str = "",
) -> None:
    """Asserts that `values` are those of the golden at `path`: same names, shapes and values.

    Args:
      values: arrays by name.
      path: what :func:`write_golden` (or ``np.savez``) wrote.
      rtol: relative tolerance, a fraction of the expected element.
      atol: absolute tolerance, in the values' own unit.
      command: what makes the golden, where the file doesn't say it itself.

    Raises:
      AssertionError: each missing, extra or different value, and the command to make the golden
        again if the change is meant; or there is no golden.
    """
    try:
        expected, recorded = _load(path)
    except FileNotFoundError:
        raise AssertionError(f"there is no golden {path}\n{_advice(command)}") from None
    except ValueError as error:
        raise AssertionError(f"{path} is no golden: {error}\n{_advice(command)}") from None
    lines = [f"{name}: missing" for name in expected if name not in values]
    lines += [f"{name}: not in the golden" for name in values if name not in expected]
    for name, wanted in expected.items():
        if name in values:
            text = difference(np.asarray(values[name]), wanted, Tolerance(rtol, atol))
            lines += [f"{name}: {text}"] if text else []
    if lines:
        head = f"{len(lines)} difference(s) from the golden {path}"
        body = "\n".join(f"  {line}" for line in lines)
        raise AssertionError(f"{head}\n{body}\n{_advice(command or recorded)}")


def _load(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], str]:
    if not os.path.exists(path):
        raise FileNotFoundError(f"{os.fspath(path)}: there is no such golden")
    values = read_npz(path)
    command = str(values.pop(_COMMAND, ""))
    return values, command


def _advice(command: str) -> str:
    if not command:
        return "make it with tf1compat.testing.write_golden(path, values, command=...)"
    return f"if the change is meant, make it again with: {command}"
