"""The files of a new bundle appear together: the index last, and nothing if it fails."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterator

from tf1compat.checkpoint.bundle.file_names import INDEX, MANIFEST, data_path, is_written, parts_of
from tf1compat.errors import CheckpointExistsError, OutputError
from tf1compat.files.staging import remove, staged_by, staged_files

__all__ = ["StagedBundle", "staged_bundle"]


@dataclasses.dataclass(frozen=True)
class StagedBundle:
    """Where the files of a bundle are to be written; the index must be created last."""

    data: tuple[str, ...]
    manifest: str
    index: str


@contextlib.contextmanager
def staged_bundle(prefix: str, *, num_shards: int) -> Iterator[StagedBundle]:
    """Yields temporary paths; on success they become the bundle's files, the index last of all.

    A bundle is several files, so one can't replace another at one stroke: a prefix that is taken
    is refused. What a killed run left of this prefix is removed first.

    Raises:
      CheckpointExistsError: the prefix, or part of a bundle of that prefix, is there.
      OutputError: the files can't be written, or another process is writing them.
    """
    real = os.path.join(os.path.realpath(os.path.dirname(prefix)), os.path.basename(prefix))
    _recover(real)
    _require_free(real)
    data = [data_path(real, shard=shard, num_shards=num_shards) for shard in range(num_shards)]
    try:
        with staged_files([*data, real + MANIFEST, real + INDEX]) as paths:
            yield StagedBundle(paths[:-2], paths[-2], paths[-1])
    except BaseException:
        _remove_uncommitted(real)
        raise


def _recover(prefix: str) -> None:
    """Removes what killed runs left, staged or half renamed.

    The index is staged after all data are, so a stale one tells that a run was killed while its
    files were renamed; then data files without an index are its own.
    """
    for path, (meant, pid) in staged_by(os.path.dirname(prefix)).items():
        suffix = meant[len(os.path.basename(prefix)) :]
        if not meant.startswith(os.path.basename(prefix)) or not is_written(suffix):
            continue
        if pid is not None:
            raise OutputError(f"{prefix}: process {pid} is writing this checkpoint now")
        if suffix == INDEX:
            _remove_uncommitted(prefix)
        remove(path)


def _remove_uncommitted(prefix: str) -> None:
    if not os.path.lexists(prefix + INDEX):
        for path in _parts(prefix):
            remove(path)


def _require_free(prefix: str) -> None:
    there = [prefix] if os.path.lexists(prefix) and not os.path.isdir(prefix) else []
    there += _parts(prefix)
    if there:
        raise CheckpointExistsError(
            f"{prefix}: a checkpoint, or a part of one, is there ({os.path.basename(there[0])}); "
            "choose another prefix, or remove its files first"
        )


def _parts(prefix: str) -> list[str]:
    """Returns the files of a bundle of this prefix that exist, but for the graph."""
    directory, base = os.path.split(prefix)
    try:
        names = sorted(os.listdir(directory))
    except OSError:
        return []
    return [
        os.path.join(directory, name)
        for name in parts_of(base, names)
        if is_written(name[len(base) :])
    ]
