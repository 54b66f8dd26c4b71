"""Name-based checkpoints as files: read, write, inspect. TensorFlow is never imported here."""

import typing as _typing

from tf1compat import lazy as _lazy

if _typing.TYPE_CHECKING:
    from tf1compat.checkpoint.bundle.writer import Partitioned, write_checkpoint
    from tf1compat.checkpoint.checkpoint import Checkpoint
    from tf1compat.checkpoint.entry import Entry
    from tf1compat.checkpoint.meta.reader import Meta, MetaVariable, read_meta
    from tf1compat.checkpoint.meta.slice_info import SliceInfo
    from tf1compat.checkpoint.opening import find_prefix, open_checkpoint
    from tf1compat.checkpoint.rotation import keep_checkpoints, list_checkpoints
    from tf1compat.checkpoint.source_formats import (
        SOURCE_FORMATS,
        ArrayIndex,
        OneFile,
        SourceFormat,
        SourceIndex,
        StoredArray,
    )
    from tf1compat.checkpoint.state_file import update_checkpoint_state
    from tf1compat.checkpoint.stored_types import stored_type_of
    from tf1compat.files.manifest import Manifest, TensorDigest, tensor_digest
    from tf1compat.files.staging import clear_stale, staged_file, staged_files

__all__ = [
    "SOURCE_FORMATS",
    "ArrayIndex",
    "Checkpoint",
    "Entry",
    "Manifest",
    "Meta",
    "MetaVariable",
    "OneFile",
    "Partitioned",
    "SliceInfo",
    "SourceFormat",
    "SourceIndex",
    "StoredArray",
    "TensorDigest",
    "clear_stale",
    "find_prefix",
    "keep_checkpoints",
    "list_checkpoints",
    "open_checkpoint",
    "read_meta",
    "staged_file",
    "staged_files",
    "stored_type_of",
    "tensor_digest",
    "update_checkpoint_state",
    "write_checkpoint",
]

_HOMES = {
    ".bundle.writer": ["Partitioned", "write_checkpoint"],
    ".checkpoint": ["Checkpoint"],
    ".entry": ["Entry"],
    ".source_formats": [
        "SOURCE_FORMATS",
        "ArrayIndex",
        "OneFile",
        "SourceFormat",
        "SourceIndex",
        "StoredArray",
    ],
    ".meta.reader": ["Meta", "MetaVariable", "read_meta"],
    ".meta.slice_info": ["SliceInfo"],
    ".opening": ["find_prefix", "open_checkpoint"],
    ".rotation": ["keep_checkpoints", "list_checkpoints"],
    ".state_file": ["update_checkpoint_state"],
    ".stored_types": ["stored_type_of"],
    "..files.manifest": ["Manifest", "TensorDigest", "tensor_digest"],
    "..files.staging": ["clear_stale", "staged_file", "staged_files"],
}

__getattr__, __dir__ = _lazy.exports(__name__, _HOMES)
