"""The index of several safetensors files: which holds which tensor, by the Hub's conventions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from tf1compat.checkpoint.safetensors_format._header import Header, once, read_header
from tf1compat.errors import BudgetError, CorruptCheckpointError, InLines, Problem
from tf1compat.files.json_text import json_bytes, parse_json
from tf1compat.files.regular import open_regular

__all__ = ["read_shards"]

_MAP = "weight_map"


def read_shards(path: str) -> tuple[Header, ...]:
    """Reads an index, and what each of its files says it holds.

    Raises:
      CorruptCheckpointError: index or files are damaged, missing or of two minds.
      BudgetError: one of them takes far more than its size warrants.
    """
    held = _weight_map(path)
    folder = os.path.dirname(path)
    shards = {base: read_header(os.path.join(folder, base)) for base in sorted({*held.values()})}
    problems = [*_unlike(held, shards)]
    if problems:
        raise CorruptCheckpointError(
            InLines.of(
                [
                    f"{len(problems)} tensors aren't where the index says; fetch index and files "
                    "of one version",
                    *(f"  {problem}" for problem in problems[:30]),
                ]
            ),
            file=path,
            problems=problems,
        )
    return tuple(shards.values())


def _weight_map(path: str) -> dict[str, str]:
    """Returns the names of files by the names of tensors."""
    with open_regular(path) as file:
        data = json_bytes(file)
        try:
            held = parse_json(data, file=path, members=once)
            return _files_by_name(held)
        except BudgetError:
            raise
        except ValueError as error:
            raise file.corrupt(
                f"expected the index of a sharded safetensors checkpoint, found that {error}", None
            ) from error


def _files_by_name(held: Any) -> dict[str, str]:
    found = held.get(_MAP) if isinstance(held, dict) else None
    if not isinstance(found, dict) or not found:
        raise ValueError(f"there is no {_MAP!r} in it")
    for name, base in found.items():
        # A file beside, and nothing that leads elsewhere.
        if not isinstance(base, str) or os.path.basename(base) != base or base in ("", ".", ".."):
            raise ValueError(
                f"{name[:200]!r} is in {str(base)[:200]!r}, which is no file beside it"
            )
    return found


def _unlike(held: Mapping[str, str], shards: Mapping[str, Header]) -> list[Problem]:
    """Returns what index and files don't agree about."""
    found = [
        Problem(name[:200], f"a tensor in {base}", "none of that name")
        for name, base in held.items()
        if name not in shards[base].tensors
    ]
    return found + [
        Problem(name[:200], f"a tensor in {held.get(name, 'no file')}", f"it in {base}")
        for base, shard in shards.items()
        for name in shard.tensors
        if held.get(name) != base
    ]
