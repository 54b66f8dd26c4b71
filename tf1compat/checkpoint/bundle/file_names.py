"""What the files of a V2 checkpoint are called: the one place that knows."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from tf1compat.checkpoint.bundle_files import SHARD
from tf1compat.files.standing import exists, names_in

__all__ = [
    "INDEX",
    "MANIFEST",
    "META",
    "SAVED_MODEL",
    "checkpoint_of_graph",
    "data_files",
    "data_path",
    "graph_beside",
    "has_values_beside",
    "is_of_saved_model",
    "is_written",
    "parts_of",
    "prefix_of_cut_name",
    "prefix_of_file",
    "step_of_index",
    "values_of_saved_model",
]

INDEX, META, MANIFEST = ".index", ".meta", ".manifest.json"
SAVED_MODEL = "saved_model.pb"
_VALUES = os.path.join("variables", "variables")  # the prefix within a SavedModel
_WRITTEN = re.compile(rf"\.(?:index|manifest\.json|{SHARD})")
_ANY = re.compile(rf"(?:{_WRITTEN.pattern}|\.meta)$")
_CUT = re.compile(
    r"(.+)\.(?:d|da|dat|data|data-\d{0,5}(?:-(?:o|of|of-\d{0,4})?)?|i|in|ind|inde|m|me|met)?$",
    re.DOTALL,
)
_STEP = re.compile(r"(?P<prefix>.*)-(?P<step>\d+)\.index", re.DOTALL)


def data_path(prefix: str, *, shard: int, num_shards: int) -> str:
    """Returns the path of one shard.

    >>> data_path("m/model.ckpt", shard=0, num_shards=2)
    'm/model.ckpt.data-00000-of-00002'
    """
    return f"{prefix}.data-{shard:05d}-of-{num_shards:05d}"


def data_files(prefix: str) -> list[str]:
    """Returns the paths of whatever is called as a shard is, as far as its directory is listed."""
    directory, base = os.path.split(prefix)
    try:
        names = names_in(directory)
    except OSError:
        return []
    begin = f"{base}.data-"
    return [os.path.join(directory, name) for name in names if name.startswith(begin)]


def graph_beside(prefix: str) -> str | None:
    """Returns the path of the graph that was written with a checkpoint; None if there is none.

    1.15's Saver writes ``PREFIX.meta`` beside either format. Of a SavedModel's values it is the
    ``saved_model.pb`` above them.
    """
    directory = os.path.dirname(os.path.dirname(prefix))
    above = os.path.join(directory, SAVED_MODEL)
    found = [prefix + META, *([above] if values_of_saved_model(directory) == prefix else ())]
    return next((path for path in found if exists(path)), None)


def checkpoint_of_graph(path: str) -> str:
    """Returns the prefix of the checkpoint that a graph was written with.

    >>> checkpoint_of_graph("m/model.ckpt.meta"), checkpoint_of_graph("m/saved_model.pb")
    ('m/model.ckpt', 'm/variables/variables')
    """
    directory, base = os.path.split(path)
    return values_of_saved_model(directory) if base == SAVED_MODEL else path.removesuffix(META)


def has_values_beside(path: str) -> bool:
    """Tells whether the checkpoint that a graph was written with is there."""
    prefix = checkpoint_of_graph(path)
    return exists(prefix + INDEX) or (prefix != path and exists(prefix))


def is_of_saved_model(path: str) -> bool:
    """Tells whether a graph's file is a SavedModel's, by its name.

    >>> is_of_saved_model("export/1/saved_model.pb"), is_of_saved_model("m/model.ckpt.meta")
    (True, False)
    """
    return os.path.basename(path) == SAVED_MODEL


def values_of_saved_model(directory: str) -> str:
    """Returns the prefix of the checkpoint that is in a SavedModel's directory.

    >>> values_of_saved_model("export/1600000000")
    'export/1600000000/variables/variables'
    """
    return os.path.join(directory, _VALUES)


def prefix_of_file(path: str) -> str:
    """Returns the prefix that a path is a file's of; a path that is no file's, as it is.

    >>> prefix_of_file("model.ckpt-7.data-00000-of-00001"), prefix_of_file("model.ckpt-7")
    ('model.ckpt-7', 'model.ckpt-7')
    """
    return _ANY.sub("", path)


def prefix_of_cut_name(path: str) -> str | None:
    """Returns the prefix of a file whose name was cut off, as by a shell's completion, or None.

    >>> prefix_of_cut_name("model.ckpt-7.data"), prefix_of_cut_name("model.ckpt-7.data-00000-of-")
    ('model.ckpt-7', 'model.ckpt-7')
    """
    match = _CUT.fullmatch(path)
    return match[1] if match else None


def is_written(suffix: str) -> bool:
    """Tells whether a writer of checkpoints makes a file of this suffix; the graph is a Saver's."""
    return _WRITTEN.fullmatch(suffix) is not None


def parts_of(base: str, names: Iterable[str]) -> list[str]:
    """Returns those of a directory's `names` that are files of the prefix `base`, graph included.

    >>> parts_of("m", ["m.index", "m.meta", "m-1.index", "m.txt", "m.data-00000-of-00001"])
    ['m.index', 'm.meta', 'm.data-00000-of-00001']
    """
    return [name for name in names if name.startswith(base) and _ANY.fullmatch(name, len(base))]


def step_of_index(name: str) -> tuple[str, int] | None:
    """Returns the series and the global step that an index file's name tells; None without a step.

    >>> step_of_index("model.ckpt-7.index")
    ('model.ckpt', 7)
    """
    match = _STEP.fullmatch(os.path.basename(name))
    return (match["prefix"], int(match["step"])) if match else None
