"""Which kinds of files are told apart, in which order, and what is said of them."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

from tf1compat.checkpoint.foreign._archives import archive, tar, zip_file
from tf1compat.checkpoint.foreign._graphs import graph, onnx, saved_model
from tf1compat.checkpoint.foreign._pages import blank, graph_text, page, pointer, state, text
from tf1compat.checkpoint.foreign._sample import (
    FROZEN,
    GRAPH,
    SAVED,
    STAND_IN,
    ZIP,
    Foreign,
    Sample,
    read_sample,
)
from tf1compat.checkpoint.foreign._weight_files import (
    events,
    hdf5,
    npy,
    pickled,
    safetensors,
    tflite,
)
from tf1compat.errors import (
    CheckpointError,
    CorruptCheckpointError,
    UnsupportedCheckpointError,
)
from tf1compat.files.standing import is_url
from tf1compat.registry import Registry, asked

__all__ = [
    "FOREIGN_KINDS",
    "FROZEN",
    "GRAPH",
    "SAVED",
    "ZIP",
    "ForeignKind",
    "recognise",
    "require_own",
    "stand_in",
]


@dataclasses.dataclass(frozen=True)
class ForeignKind:
    """A kind of files that are no checkpoints.

    Attributes:
      name: what it goes by.
      tell: returns what a file is, by both its ends; None where it isn't of this kind.
    """

    name: str
    tell: Callable[[Sample], Foreign | None]


_TEXT = ForeignKind("text", text)
FOREIGN_KINDS: Registry[ForeignKind] = Registry(
    "kind of files",
    [
        ForeignKind("blank", blank),
        ForeignKind("hdf5", hdf5),
        ForeignKind("zip", zip_file),
        ForeignKind("archive", archive),
        ForeignKind("npy", npy),
        ForeignKind("tflite", tflite),
        ForeignKind("pickle", pickled),
        ForeignKind("safetensors", safetensors),
        ForeignKind("events", events),
        ForeignKind("tar", tar),
        ForeignKind("checkpoint state", state),
        ForeignKind("pointer", pointer),
        ForeignKind("page", page),
        ForeignKind("graph as text", graph_text),
        ForeignKind("saved model", saved_model),
        ForeignKind("graph", graph),
        ForeignKind("onnx", onnx),
        _TEXT,
    ],
    has={"name": str},
    methods=["tell"],
)
"""The kinds in the order in which they are asked: those that are surer by their begin first."""


def recognise(path: str) -> Foreign | None:
    """Returns what a file is, told by its content alone; None for what nobody knows.

    No more than 64 KiB of either end are read. Don't ask for a checkpoint's own files: tables
    and raw tensors may look like anything.

    Raises:
      CheckpointError: it is at a URL whose store fails.
    """
    try:
        sample = read_sample(path)
    except CorruptCheckpointError:
        return None
    except CheckpointError:
        if is_url(path):  # whoever opens it next would wait for its server once more
            raise
        return None
    # What a program adds is asked before any text at all is called a text.
    for kind in sorted(FOREIGN_KINDS.values(), key=lambda kind: kind is _TEXT):
        found: Foreign | None = asked(
            f"kind of files {kind.name!r}",
            "tell",
            call=functools.partial(kind.tell, sample),
            fits=lambda answer: answer is None or isinstance(answer, Foreign),
            words="a Foreign or None",
        )
        if found is not None:
            return found
    return None


def stand_in(path: str) -> Foreign | None:
    """Returns what stands where a file should: a pointer to it, or a page that a server answered.

    For files that may hold anything, such as values, but not of the length that they should have.
    """
    found = recognise(path)
    return found if found is not None and found.key == STAND_IN else None


def require_own(path: str) -> None:
    """Raises UnsupportedCheckpointError where a file, no checkpoint's, is of a kind known here."""
    found = recognise(path)
    if found is not None:
        raise UnsupportedCheckpointError(
            f"{path}: expected a TensorFlow checkpoint, found {found.what}; {found.remedy}"
        )
