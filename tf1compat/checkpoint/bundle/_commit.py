"""The files of a new bundle appear together: the index last, and nothing if it fails."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterator

from tf1compat.checkpoint.bundle.file_names import (
    INDEX,
    MANIFEST,
    META,
    data_path,
    is_written,
    parts_of,
)
from tf1compat.errors import CheckpointExistsError, UsageError
from tf1compat.files.areas import leftovers, remove_area, staging_area
from tf1compat.files.claims import Claim, claimed
from tf1compat.files.output_errors import naming, path_text, real_path
from tf1compat.files.placing import placed_from
from tf1compat.files.sealed import SealedFile, seal
from tf1compat.files.staging import destination
from tf1compat.files.standing import what_stands

__all__ = ["StagedBundle", "staged_bundle"]


@dataclasses.dataclass(frozen=True)
class StagedBundle:
    """Where a bundle is staged: as it will be, but in a folder of its own.

    Attributes:
      prefix: of the staged files.
      final: the prefix that they will have.
      num_shards: number of data files.
      has_graph: whether the graph is written as well.
    """

    prefix: str
    final: str
    num_shards: int
    has_graph: bool = False

    @property
    def data(self) -> list[str]:
        """The paths of the data files to write."""
        return self._data(self.prefix)

    @property
    def manifest(self) -> str:
        """The path of the manifest to write."""
        return self.prefix + MANIFEST

    @property
    def graph(self) -> str:
        """The path of the graph to write."""
        return self.prefix + META

    @property
    def index(self) -> str:
        """The path of the index to write."""
        return self.prefix + INDEX

    def seal(self) -> list[SealedFile]:
        """Puts all files on the disk, each of which was written; the index comes last."""
        ends = [*([META] if self.has_graph else []), MANIFEST, INDEX]
        staged = [*self.data, *(self.prefix + end for end in ends)]
        finals = [*self._data(self.final), *(self.final + end for end in ends)]
        return [seal(*pair) for pair in zip(staged, finals, strict=True)]

    def _data(self, prefix: str) -> list[str]:
        shards = range(self.num_shards)
        return [data_path(prefix, shard=shard, num_shards=self.num_shards) for shard in shards]


@contextlib.contextmanager
def staged_bundle(
    prefix: str, *, num_shards: int, has_graph: bool = False
) -> Iterator[StagedBundle]:
    """Yields where to write; what isn't placed within the block is gone after it.

    A bundle is several files, so one can't replace another at one stroke: a prefix that is taken
    is refused. What a killed run left of this prefix is removed first.

    Raises:
      CheckpointExistsError: the prefix, or part of a bundle of that prefix, is there.
      OutputError: the files can't be written, or another program is writing them.
      UsageError: no file's name begins with such a prefix, or one that nobody would find.
    """
    if os.path.basename(path_text(prefix)) in ("", os.curdir, os.pardir):
        raise UsageError(
            f"prefix is {prefix!r}, expected a path whose last part the files' names begin with, "
            "such as model.ckpt"
        )
    real = os.path.join(real_path(os.path.dirname(prefix)), os.path.basename(prefix))
    with claimed(real) as claim:
        _recover(claim)
        _require_free(real, has_graph=has_graph)
        with staging_area(claim, []) as area:
            with naming(destination(real)):
                staged = os.path.join(area, os.path.basename(real))
                yield StagedBundle(staged, real, num_shards, has_graph)


def _recover(claim: Claim) -> None:
    """Removes what killed runs left: staged, and named already where the index wasn't yet."""
    for area in leftovers(claim):
        with naming(claim.path):
            if not os.path.lexists(claim.path + INDEX):
                for path in placed_from(area):
                    os.unlink(path)
            remove_area(area)


def _require_free(prefix: str, *, has_graph: bool) -> None:
    if os.path.lexists(prefix):  # a folder too: this name is then read as the folder, as in 1.15
        raise CheckpointExistsError(
            f"{prefix}: {what_stands(prefix)} is there; choose another prefix, or remove it first"
        )
    there = [prefix + META] if has_graph and os.path.lexists(prefix + META) else []
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
